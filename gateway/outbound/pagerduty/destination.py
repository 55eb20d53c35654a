"""PagerDuty as a kind of destination: what a rule says of a service, and how it is reached, paced and
examined.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from gateway.model.lanes import Pace
from gateway.model.rules.destination import Integration, Interrupts
from gateway.model.rules.origin import SecretName
from gateway.outbound.kind import ADDRESS, ADDRESS_EXPECTED, DestinationKind, RuleKey, Values, ValueType
from gateway.outbound.pagerduty.event import content_mark

# 120 events a minute for each routing key, with bursts:
# https://developer.pagerduty.com/docs/events-api-v2/overview/
PACE = Pace(500, 20)
# https://support.pagerduty.com/main/docs/service-regions
REGIONS = {"us": "https://events.pagerduty.com", "eu": "https://events.eu.pagerduty.com"}


@dataclass(frozen=True, slots=True)
class PagerDutyService(Integration):
    """`service` names the service for people; events go where `routing_key` says.

    The account's `region`, or the `events_url` of a relay, is needed where it is not that of the setting.
    """

    kind: ClassVar[str] = "pagerduty"
    label: ClassVar[str] = "PagerDuty"
    interrupts: ClassVar[Interrupts] = Interrupts.ALWAYS
    shows_quiet: ClassVar[bool] = False  # an incident is triggered, acknowledged or resolved
    acknowledges: ClassVar[bool] = True
    routing_key: SecretName
    service: str = ""
    region: str = ""
    events_url: SecretName | str = ""

    @property
    def credentials(self) -> tuple[str, ...]:
        own = (self.events_url.env,) if isinstance(self.events_url, SecretName) else ()
        return (self.routing_key.env, *own)

    @property
    def base_url(self) -> SecretName | str:
        return self.events_url or REGIONS.get(self.region, "")

    @property
    def place(self) -> object:
        return self.routing_key, self.base_url

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


def _problems(values: Values) -> Iterable[tuple[str, str]]:
    if "region" in values and "events_url" in values:
        yield "region", "`region` and `events_url` both say where events go: keep one"


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
            description="its name or id in PagerDuty: for people, and to know at which service somebody acted",
        ),
        "region": RuleKey(
            ValueType.TEXT,
            pattern="|".join(REGIONS),
            expected=" or ".join(REGIONS),
            description="the region of the account, where it is not that of PAGERDUTY_EVENTS_URL",
        ),
        "events_url": RuleKey(
            ValueType.ADDRESS,
            pattern=ADDRESS,
            expected=ADDRESS_EXPECTED,
            description="the address that takes the events, such as that of a relay",
        ),
    },
    make=_make,
    problems=_problems,
    pace=PACE,
    wiring_module="gateway.outbound.pagerduty.wiring",
    address_setting="PAGERDUTY_EVENTS_URL",
    parts_of_secret=routing_keys,
    shared_credentials=("PAGERDUTY_ROUTING_KEY",),
    content_mark=content_mark,
)
