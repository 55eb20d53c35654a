"""`gateway page-test`: send a destination a test firing and its end, as production would."""

from __future__ import annotations

from secrets import token_hex

from gateway.clock import utc_ms
from gateway.config.environment import Environment
from gateway.diagnostics.destinations import wiring
from gateway.diagnostics.diagnosis import Diagnosis, Mark
from gateway.model.ledger import NotifiedState
from gateway.model.notification import AlertLine, Delivered, Notification
from gateway.model.rules.destination import Destination, Interrupts
from gateway.model.severity import Severity
from gateway.outbound.kind import ClosableNotifier
from gateway.outbound.plainer import Omission
from gateway.outbound.registry import kind_of
from gateway.reconcile.job import endpoint_of
from gateway.rules.files import load_rules


async def page_test(environment: Environment, name: str) -> list[Diagnosis]:
    """Send a test firing, then its end, through the very notifier that production uses. Raises `BadRules`."""
    rules = load_rules(environment.settings.rules, utc_ms()).without_errors()
    destination = rules.destinations.get(name)
    if destination is None:
        known = ", ".join(rules.destinations)
        return [Diagnosis(Mark.BAD, name, f"no such destination; there are {known}")]
    if refused := [
        why
        for variable in destination.credentials
        if (why := environment.refused(variable, destination.kind))
    ]:
        return [Diagnosis(Mark.BAD, name, f"{' and '.join(refused)}: nothing can be sent")]
    secrets = {variable: environment.secret(variable) for variable in destination.credentials}
    if unset := [variable for variable, secret in secrets.items() if secret is None]:
        return [Diagnosis(Mark.BAD, name, f"{' and '.join(unset)} is not set: nothing can be sent")]
    kind = kind_of(destination)
    notifier = kind.notifier(wiring(environment, kind))
    try:
        # While a credential rotates, new notifications go by its first part: that one is tested.
        credential = kind.parts_of_secret(secrets[destination.credential] or "")[0]
        return await _send_firing_and_end(notifier, destination, credential)
    finally:
        await notifier.aclose()


async def _send_firing_and_end(
    notifier: ClosableNotifier, destination: Destination, secret: str
) -> list[Diagnosis]:
    """Send a test firing and its end to every address that the template allows."""
    found: list[Diagnosis] = []
    for address in destination.via.addresses or (destination.address,):
        endpoint = endpoint_of(destination, address, "")
        incident, message_ref = f"test-{token_hex(4)}", None
        for state in (NotifiedState.FIRING, NotifiedState.ENDED):
            notification = _test_notification(incident, destination, state)
            attempt = token_hex(8)
            answer = await notifier.notify(
                endpoint, secret, notification, attempt=attempt, message_ref=message_ref
            )
            if not isinstance(answer, Delivered):
                trouble = kind_of(destination).trouble(answer, destination.credential)
                found.append(Diagnosis(Mark.BAD, address, f"{state.value}: {trouble}"))
                break
            message_ref = answer.message_ref
            found.append(_delivered(address, state, answer))
    return found


def _delivered(address: str, state: NotifiedState, answer: Delivered) -> Diagnosis:
    """Say what was taken, and what was left out for that: a page that calls nobody is a failure."""
    parts = [f"without its {step.part}, which was refused: {step.refused}" for step in answer.left_out]
    said = "; ".join(part for part in (answer.detail, *parts) if part)
    calls_nobody = any(step.part == Omission.MENTION for step in answer.left_out)
    mark = Mark.BAD if calls_nobody else Mark.WORRY if parts else Mark.GOOD
    return Diagnosis(
        mark, address, f"{state.value} delivered ({answer.message_ref.id})" + (f"; {said}" if said else "")
    )


def _test_notification(incident: str, destination: Destination, state: NotifiedState) -> Notification:
    now = utc_ms()
    ended = now if state is NotifiedState.ENDED else None
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
        said=(line.summary,),
        firing=0 if ended else 1,
        ended=1 if ended else 0,
        started_at=now,
        ended_at=ended,
        at=now,
        page=destination.via.interrupts is not Interrupts.NEVER,
        mentions=destination.via.mentions,
        rule="gateway page-test",
    )
