"""PagerDuty as a kind of destination: what a rule says of a service, and how it is reached, paced and
examined.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from gateway.model.lanes import Pace
from gateway.model.rules.destination import Destination, Integration, Interrupts
from gateway.model.rules.origin import SecretName
from gateway.outbound.kind import DestinationKind, Examined, Mark, RuleKey, Values, ValueType, Wiring
from gateway.outbound.pagerduty.notifier import PagerDutyNotifier

ROUTING_KEY_LENGTH = 32  # https://developer.pagerduty.com/docs/events-api-v2/overview/
# 120 events a minute for each routing key, with bursts:
# https://developer.pagerduty.com/docs/events-api-v2/overview/
PACE = Pace(500, 20)


@dataclass(frozen=True, slots=True)
class PagerDutyService(Integration):
    """`service` names the service for people; events go where `routing_key` says."""

    kind: ClassVar[str] = "pagerduty"
    label: ClassVar[str] = "PagerDuty"
    interrupts: ClassVar[Interrupts] = Interrupts.ALWAYS
    shows_quiet: ClassVar[bool] = False  # an incident is triggered, acknowledged or resolved
    routing_key: SecretName
    service: str = ""

    @property
    def credentials(self) -> tuple[str, ...]:
        return (self.routing_key.env,)

    @property
    def address(self) -> str:
        return self.service


def _make(values: Values) -> PagerDutyService:
    return PagerDutyService(**values)


async def _examine(destination: Destination, secrets: Mapping[str, str], wiring: Wiring) -> Examined:
    """Look at the key's length alone: PagerDuty takes every key that looks like one, and only an event would
    tell more.
    """
    del wiring
    variable = destination.credential
    length = len(secrets[variable])
    if length != ROUTING_KEY_LENGTH:
        said = f"{variable} has {length} characters; a routing key has {ROUTING_KEY_LENGTH}"
        return Examined(Mark.WORRY, said)
    page_test = f"`gateway page-test {destination.name}` shows whether it works"
    return Examined(Mark.GOOD, f"{variable} looks like a routing key; {page_test}")


PAGERDUTY = DestinationKind(
    integration=PagerDutyService,
    keys={
        "routing_key": RuleKey(ValueType.SECRET, missing="{env: PAGERDUTY_ROUTING_KEY}"),
        "service": RuleKey(ValueType.TEXT, pattern=r"[^\s|]+", expected="a name without spaces and |"),
    },
    make=_make,
    pace=PACE,
    notifier=lambda wiring: PagerDutyNotifier(wiring.address, proxy=wiring.proxy),
    examine=_examine,
    address_setting="PAGERDUTY_EVENTS_URL",
)
