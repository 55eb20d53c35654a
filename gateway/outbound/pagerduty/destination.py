"""PagerDuty as a kind of destination: what a rule says of a service, and how it is reached, paced and
examined.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gateway.model.lanes import Pace
from gateway.model.rules.destination import Integration, Interrupts
from gateway.model.rules.origin import SecretName
from gateway.outbound.kind import DestinationKind, RuleKey, Values, ValueType

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


def routing_keys(secret: str) -> tuple[str, ...]:
    """Return the keys of `new,old`: new pages go by the first, and what an older one opened goes on by it.

    It may be ended by that one alone:
    https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
    """
    return tuple(key for part in secret.split(",") if (key := part.strip())) or (secret,)


PAGERDUTY = DestinationKind(
    integration=PagerDutyService,
    keys={
        "routing_key": RuleKey(
            ValueType.SECRET,
            missing="{env: PAGERDUTY_ROUTING_KEY}",
            description="the variable with the key of an Events API v2 integration",
        ),
        "service": RuleKey(
            ValueType.TEXT,
            pattern=r"[^\s|]+",
            expected="a name without spaces and |",
            description="its name, for people",
        ),
    },
    make=_make,
    pace=PACE,
    wiring_module="gateway.outbound.pagerduty.wiring",
    address_setting="PAGERDUTY_EVENTS_URL",
    parts_of_secret=routing_keys,
    shared_credentials=("PAGERDUTY_ROUTING_KEY",),
)
