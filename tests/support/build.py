"""One builder for alerts, one for rules: tests name only what matters to them."""

from __future__ import annotations

from gateway.model.alert import Observation
from gateway.model.fingerprint import fingerprint, identity
from gateway.model.matchers import parse_matchers
from gateway.model.people import Actor, Through
from gateway.model.rules.destination import Destination
from gateway.model.rules.kinds import CorrelateRule
from gateway.model.rules.origin import BUILT_IN, SecretName
from gateway.model.rules.route import Route
from gateway.model.rules.rulebook import Rulebook
from gateway.model.severity import BUILT_IN_WORDS, Severity
from gateway.outbound.mail.destination import Mailbox
from gateway.outbound.pagerduty.destination import PagerDutyService
from gateway.outbound.slack.destination import SlackChannel
from gateway.outbound.webhook.destination import Webhook

START = 1_800_000_000_000  # a Friday in January 2027, in ms


def seen(
    alertname: str = "HighErrorRate",
    *,
    at: int = 0,
    ends: int | None = None,
    replica: str = "",
    annotations: dict[str, str] | None = None,
    **labels: str,
) -> Observation:
    """An observation of an alert that started `at` (ms after START); with `ends`, of its end."""
    full = {"alertname": alertname, "severity": "critical", **labels}
    word = full["severity"]
    sent = {**full, "prometheus_replica": replica} if replica else full
    return Observation(
        copy=f"default/{fingerprint(sent)}",
        alert=identity(full, ()),
        labels=full,
        annotations=annotations or {},
        severity=BUILT_IN_WORDS.get(word, Severity.WARNING),
        firing=ends is None,
        starts_at=START + at,
        ends_at=START + ends if ends is not None else None,
    )


def someone(name: str, through: Through = Through.API) -> Actor:
    return Actor(name, through)


def slack(
    name: str = "chat", channel: str = "C1", fallback: tuple[str, ...] = (), **more: object
) -> Destination:
    return Destination(name, BUILT_IN, SlackChannel(channel, **more), fallback)  # type: ignore[arg-type]


def pager(name: str = "pager", fallback: tuple[str, ...] = ()) -> Destination:
    return Destination(name, BUILT_IN, PagerDutyService(SecretName("PAGERDUTY_ROUTING_KEY")), fallback)


def webhook(
    name: str = "hook", url: str = "HOOK_URL", fallback: tuple[str, ...] = (), **more: SecretName
) -> Destination:
    return Destination(name, BUILT_IN, Webhook(SecretName(url), **more), fallback)


def mail(
    name: str = "ops", to: tuple[str, ...] = ("ops@example.org",), fallback: tuple[str, ...] = ()
) -> Destination:
    return Destination(name, BUILT_IN, Mailbox(to, "alerts@example.org"), fallback)


def one_of_each_kind() -> dict[str, Destination]:
    """A destination of every kind, by kind; a new kind gets its builder above and its place here."""
    return {destination.kind: destination for destination in (slack(), pager(), webhook(), mail())}


def rulebook(
    *routes: Route,
    destinations: tuple[Destination, ...] | None = None,
    correlate: tuple[CorrelateRule, ...] = (),
) -> Rulebook:
    """The five-line rule set unless routes are given; parents are given by position."""
    chosen = routes or (Route("everything", BUILT_IN, notify=("chat",), page=("pager",)),)
    places = destinations or (slack(), pager())
    roots = tuple(at for at, route in enumerate(chosen) if route.parent is None)
    return Rulebook(
        "test",
        destinations={one.name: one for one in places},
        routes=chosen,
        roots=roots,
        correlate=correlate,
    )


def match(text: str):  # type: ignore[no-untyped-def]
    return parse_matchers(text)
