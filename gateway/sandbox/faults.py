"""Faults on demand: which calls go wrong, how, how often."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from random import Random
from typing import Annotated

import msgspec


class FaultKind(StrEnum):
    """The ways a vendor fails, seen from the client."""

    STATUS = "status"  # answers with an HTTP status and no JSON, or with an SMTP code
    RATE_LIMIT = "rate_limit"  # 429 with Retry-After unless that is 0, or 450; nothing done
    ERROR = "error"  # the vendor's own error code
    CUT_BEFORE = "cut_before"  # the connection breaks, nothing done
    CUT_AFTER = "cut_after"  # done, then the connection breaks
    LATE = "late"  # no answer; done some seconds after the client gave up
    HANG = "hang"  # no answer, nothing done
    LOST = "lost"  # a webhook that is never sent
    TWICE = "twice"  # a webhook that is sent once more, some seconds later
    OVERTAKEN = "overtaken"  # a webhook that is sent some seconds later than it should be, behind newer ones


OF_WEBHOOKS = frozenset({FaultKind.LOST, FaultKind.TWICE, FaultKind.OVERTAKEN})
"""What befalls a webhook that a vendor sends; all others befall calls that it gets."""

OF_CALLS = frozenset(FaultKind) - OF_WEBHOOKS


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that goes wrong. ``method`` and ``subject`` are shell patterns over the names of a call.

    Slack: method `chat.update` or `incoming-webhook`, subject a channel's id or name. PagerDuty: method
    `enqueue`, an event action or `rest`, subject a routing key, a dedup key or an incident's id; of the
    webhooks that it sends method `webhook` or a type such as `incident.resolved`, subject a dedup key or
    an incident's id. Webhooks: method `post` or a body's type, subject a message's id or an incident's
    key. Mail: method `auth`, `mail`, `rcpt` or `data`, subject an address or a Message-ID.
    """

    kind: FaultKind
    method: str = "*"
    subject: str = "*"
    count: Annotated[int, msgspec.Meta(ge=1)] | None = None  # None: until taken away
    probability: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    status: Annotated[int, msgspec.Meta(ge=400, le=599)] = 503
    retry_after: Annotated[int, msgspec.Meta(ge=0)] = 1  # seconds
    error: str = "internal_error"
    seconds: Annotated[float, msgspec.Meta(ge=0)] = 0.0  # LATE: after the client gave up; TWICE, OVERTAKEN
    acts: bool = False  # STATUS and ERROR: the work is done all the same

    def meets(self, methods: Sequence[str], subjects: Sequence[str]) -> bool:
        return _any_matches(methods, self.method) and (
            self.subject == "*" or _any_matches(subjects, self.subject)
        )


@dataclass(slots=True)
class _Armed:
    fault: Fault
    left: int | None


class Faults:
    """The faults in force; the first that meets a call and wins its throw strikes."""

    def __init__(self, seed: int = 0) -> None:
        self._random = Random(seed)
        self._armed: list[_Armed] = []

    def add(self, *faults: Fault) -> None:
        self._armed.extend(_Armed(fault, fault.count) for fault in faults)

    def clear(self) -> None:
        self._armed.clear()

    @property
    def in_force(self) -> list[Fault]:
        return [armed.fault for armed in self._armed]

    def take(
        self, methods: Sequence[str], subjects: Sequence[str], kinds: AbstractSet[FaultKind] = OF_CALLS
    ) -> Fault | None:
        """The fault of these kinds that strikes this call or webhook, used up by one."""
        for armed in self._armed:
            if armed.fault.kind not in kinds or not armed.fault.meets(methods, subjects):
                continue
            if self._random.random() < armed.fault.probability:
                self._use(armed)
                return armed.fault
        return None

    def _use(self, armed: _Armed) -> None:
        if armed.left is None:
            return
        armed.left -= 1
        if armed.left == 0:
            self._armed.remove(armed)


def _any_matches(names: Sequence[str], pattern: str) -> bool:
    return any(fnmatchcase(name, pattern) for name in names)
