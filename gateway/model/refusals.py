"""Destinations that refuse everything that is sent there, whatever it says: why,
since when, and the next try.

A refusal of one notification's content concerns that notification alone. A revoked token, an archived channel
or a proxy that demands a password concerns every notification that goes the same way. The record is kept once
for each such cause, so that the gateway asks with one notification and not with all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum

import msgspec


class RefusalScope(StrEnum):
    """The scope of a refusal: notifications that share it are refused alike, and are taken again together."""

    PROXY = "proxy"  # something between the gateway and the vendor lets nothing through
    CREDENTIAL = "credential"  # the vendor does not accept the credential
    PLACE = "place"  # the channel, the receiver or the readers cannot be reached with that credential
    REPLACED = "replaced"  # the credential that people were told through is not there any more


SCOPES = {
    "proxy": RefusalScope.PROXY,
    "auth": RefusalScope.CREDENTIAL,
    "sender": RefusalScope.PLACE,
    "not_found": RefusalScope.PLACE,
    "redirected": RefusalScope.PLACE,
    "credential_changed": RefusalScope.REPLACED,
}
"""The reasons of permanent refusals that concern a destination; every other reason concerns one content."""

_MAY_BE_OVER = frozenset({RefusalScope.PROXY, RefusalScope.CREDENTIAL, RefusalScope.PLACE})

MARKS_KEPT = 8  # more replicas that each hold another value of a credential would ask by turns


def refuses_for_now(reason: str) -> bool:
    """Return whether a permanent refusal concerns a destination that may take the same again some day."""
    return SCOPES.get(reason) in _MAY_BE_OVER


class Refusal(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One cause for which notifications are refused. Times in ms.

    `reason` and `detail` are what the vendor said. `secrets` are the names of the credentials that go along,
    and `mark` is of their values and of the rules at the last try, `earlier_marks` are those of the tries
    before it, the newest last. `tries` counts the probes in vain. `probe` is the
    key of the ledger that asks now, empty while none does. `works`: something was taken there, and the dead
    letters of this cause are being sent. Before `not_before` the vendor wants to be asked nothing.
    """

    scope: str
    reason: str
    detail: str
    secrets: tuple[str, ...]
    mark: str
    since: int
    tried_at: int
    next_try: int
    tries: int = 0
    probe: str = ""
    works: bool = False
    earlier_marks: tuple[str, ...] = ()
    not_before: int = 0

    def was_tried_with(self, mark: str) -> bool:
        return mark == self.mark or mark in self.earlier_marks

    def tried_with(self, mark: str) -> Refusal:
        """Return the cause after a try with these credentials and rules."""
        earlier = tuple(known for known in (*self.earlier_marks, self.mark) if known != mark)
        return msgspec.structs.replace(self, mark=mark, earlier_marks=earlier[-MARKS_KEPT:])


class Refusals(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The record of a shard: the causes for which notifications are refused now."""

    causes: dict[str, Refusal] = {}

    def having(self, changed: Mapping[str, Refusal]) -> Refusals:
        """Return the record with these causes added or changed."""
        return Refusals({**self.causes, **changed}) if changed else self

    def without(self, causes: Collection[str]) -> Refusals:
        return Refusals({name: refusal for name, refusal in self.causes.items() if name not in causes})

    def probed_by(self, key: str) -> list[str]:
        """Return the causes that the ledger `key` asks about now."""
        return [name for name, refusal in self.causes.items() if refusal.probe == key]


NO_REFUSALS = Refusals()
