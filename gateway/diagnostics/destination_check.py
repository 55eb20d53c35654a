"""Page-test: a destination is told that a test fires and that it ended, as production would tell it."""

from __future__ import annotations

from secrets import token_hex

from gateway.clock import utc_ms
from gateway.config.environment import Environment
from gateway.diagnostics.doctor import Finding, Mark, trouble
from gateway.errors import BadRules
from gateway.model.ledger import NotifiedState
from gateway.model.notification import AlertLine, Delivered, Notification
from gateway.model.rules.destination import Destination, SlackChannel
from gateway.model.severity import Severity
from gateway.outbound.pagerduty.notifier import PagerDutyNotifier
from gateway.outbound.slack.notifier import SlackNotifier
from gateway.outbound.webhook.notifier import WebhookNotifier
from gateway.reconcile.job import endpoint_of
from gateway.rules.files import load_rules


async def page_test(environment: Environment, name: str) -> list[Finding]:
    """Tells firing, then ended, through the very adapter that production uses. Raises `BadRules`."""
    loaded = load_rules(environment.settings.rules, utc_ms())
    if loaded.rulebook is None:
        raise BadRules("\n".join(str(one) for one in loaded.errors))
    destination = loaded.rulebook.destinations.get(name)
    if destination is None:
        return [Finding(Mark.BAD, name, f"no such destination; there are {', '.join(loaded.rulebook.destinations)}")]
    secrets = {one: environment.secret(one) for one in destination.credentials}
    if unset := [one for one, secret in secrets.items() if secret is None]:
        return [Finding(Mark.BAD, name, f"{' and '.join(unset)} is not set: nothing can be sent")]
    notifier = _notifier(environment, destination.kind)
    try:
        return await _tell_twice(notifier, destination, secrets[destination.credential] or "")
    finally:
        await notifier.aclose()


def _notifier(environment: Environment, kind: str) -> SlackNotifier | PagerDutyNotifier | WebhookNotifier:
    settings = environment.settings
    if kind == "slack":
        return SlackNotifier(settings.slack_api_url, proxy=settings.proxy)
    if kind == "pagerduty":
        return PagerDutyNotifier(settings.pagerduty_events_url, proxy=settings.proxy)
    return WebhookNotifier(environment.secret, proxy=settings.proxy)


async def _tell_twice(
    notifier: SlackNotifier | PagerDutyNotifier | WebhookNotifier, destination: Destination, secret: str
) -> list[Finding]:
    found: list[Finding] = []
    for address in _addresses(destination):
        endpoint = endpoint_of(destination, address, "")
        incident, message_ref = f"test-{token_hex(4)}", None
        for state in (NotifiedState.FIRING, NotifiedState.ENDED):
            notification = _test_telling(incident, destination, state)
            answer = await notifier.notify(endpoint, secret, notification, attempt=token_hex(8), message_ref=message_ref)
            if not isinstance(answer, Delivered):
                found.append(Finding(Mark.BAD, address, f"{state.value}: {trouble(answer, destination)}"))
                break
            message_ref = answer.message_ref
            found.append(Finding(Mark.GOOD, address, f"{state.value} delivered ({message_ref.id})"))
    return found


def _addresses(destination: Destination) -> list[str]:
    """A channel from a label stands for as many channels as it may name."""
    via = destination.via
    if not isinstance(via, SlackChannel) or "{" not in via.channel:
        return [destination.address]
    start, _, rest = via.channel.partition("{")
    return [f"{start}{value}{rest.partition('}')[2]}" for value in sorted(via.allow)]


def _test_telling(incident: str, destination: Destination, state: NotifiedState) -> Notification:
    now = utc_ms()
    ended = now if state is NotifiedState.ENDED else 0
    line = AlertLine(
        "GatewayPageTest",
        Severity.INFO,
        {"destination": destination.name},
        "A test of the alert gateway: nothing is wrong.",
        now,
        ended,
    )
    return Notification(
        incident=incident,
        target=destination.name,
        generation=1,
        revision=1,
        state=state,
        severity=Severity.INFO,
        title="GatewayPageTest",
        where={"destination": destination.name},
        lines=(line,),
        firing=0 if ended else 1,
        ended=1 if ended else 0,
        started_at=now,
        ended_at=ended,
        at=now,
        page=destination.kind == "pagerduty",
        rule="gateway page-test",
    )
