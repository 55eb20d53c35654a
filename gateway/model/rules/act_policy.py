"""The rules' word on who may act on incidents from outside: `policy.act`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ActPolicy:
    """The Slack user groups whose members may act, and those who may administer; ids such as S01ONCALL.

    Without either everybody may act. Everybody may look and label. `pagerduty` is `any`, or `listed`: then
    only those act from PagerDuty who are in these groups, by their address of mail.
    """

    slack_groups: tuple[str, ...] = ()
    administer: tuple[str, ...] = ()
    pagerduty: Literal["any", "listed"] = "any"


DEFAULT_ACT = ActPolicy()
