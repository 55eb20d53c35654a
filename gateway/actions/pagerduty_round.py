"""One round of reading PagerDuty: so many questions, for so many incidents, and what they have shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.clock import elapsed_ms
from gateway.model.durations import SECOND
from gateway.model.notification import Refused, Unanswered
from gateway.model.vendor_view import SeenIncident
from gateway.outbound.pagerduty.rest import PagerDutyRest, Params, Read
from gateway.outbound.pagerduty.seen import read_incidents

MOST_REQUESTS = 25  # a minute; with those of `pagerduty_people` they are 30
MOST_INCIDENTS = 100  # a minute
# A round ends before the next one may begin: no question is
# asked after so long, and the last one takes eight seconds.
ASKS_FOR = 37 * SECOND
LOOKS_FOR = 20 * SECOND  # of these: what a slow vendor has shown by then is handed on
LOOKS = 20  # of the requests, so that notes and the rest have theirs

# A token may read incidents, and nothing of what else is asked for or written.
NOT_OURS = ("auth", "not_found", "invalid")


@dataclass(slots=True)
class Round:
    """`count` hears of each question by its outcome. `trouble` is why the round was cut short, if it was.

    `asked` are the keys that were asked for by themselves, and `refused` the paths that this token may
    not read.
    """

    rest: PagerDutyRest
    count: Callable[[str], None]
    requests: int = 0
    seen: list[SeenIncident] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    trouble: Refused | Unanswered | None = None
    refused: set[str] = field(default_factory=set)
    began_at: int = field(init=False)

    def __post_init__(self) -> None:
        self.began_at = elapsed_ms()

    @property
    def open(self) -> bool:
        in_time = elapsed_ms() - self.began_at < ASKS_FOR
        return self.trouble is None and self.requests < MOST_REQUESTS and in_time

    @property
    def room(self) -> int:
        """Return how many incidents may be asked for yet."""
        return MOST_INCIDENTS - len(self.seen) if self.open else 0

    @property
    def looks(self) -> bool:
        """Return whether there is room for one more incident that is looked at for news."""
        in_time = elapsed_ms() - self.began_at < LOOKS_FOR
        return self.room > 0 and self.requests < LOOKS and in_time

    async def incidents(self, params: Params, key: str = "") -> None:
        """Ask for incidents; `key` is the one that is asked for by itself."""
        answer = await self.ask("/incidents", params)
        if answer is not None:
            self.seen += read_incidents(answer, key)
            self.asked += [key] if key else []

    async def ask(self, path: str, params: Params | None = None, kind: str = "") -> Mapping[str, Any] | None:
        """Return what was answered, None where there is no answer, or the round has no question left.

        `kind` names what the token need not be allowed to read: where it is not, the round goes on
        without that.
        """
        if not self.open or kind in self.refused:
            return None
        self.requests += 1
        return self._answered(await self.rest.get(path, params), kind)

    async def say(
        self, path: str, said: Mapping[str, Any], sender: str, kind: str
    ) -> Mapping[str, Any] | None:
        """Write something; else as `ask`."""
        if not self.open or kind in self.refused:
            return None
        self.requests += 1
        return self._answered(await self.rest.post(path, said, sender), kind)

    def _answered(self, answer: Read, kind: str) -> Mapping[str, Any] | None:
        if not isinstance(answer, Refused | Unanswered):
            self.count("read")
            return answer
        self.count(answer.reason)
        if kind and answer.reason in NOT_OURS:
            self.refused.add(kind)
        else:
            self.trouble = answer
        return None
