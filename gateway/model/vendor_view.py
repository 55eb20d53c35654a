"""What a vendor shows of one of our incidents when it is asked, and what a reader of it keeps in mind."""

from __future__ import annotations

import msgspec

TRIGGERED, ACKNOWLEDGED, RESOLVED = "triggered", "acknowledged", "resolved"


class SeenPerson(msgspec.Struct, frozen=True, gc=False):
    """A person at the vendor: its id, the name, and the time zone where the vendor said it along."""

    id: str
    name: str
    zone: str = ""


class SeenIncident(msgspec.Struct, frozen=True, gc=False):
    """An incident as the vendor shows it. `id` is the vendor's, `key` ours: `<incident>.<generation>`.

    `changed_at` (ms) is when its status changed last by the vendor's clock, which tells whole seconds.
    `changed_by` is the person who did that, whose id there is `changed_by_id`; empty where no person did.
    `places` are the vendor's names of its service. `assigned` are those who have it now, and `policy` is the
    vendor's id of what says who is called.
    """

    id: str
    key: str
    status: str
    changed_at: int
    changed_by: str = ""
    places: tuple[str, ...] = ()
    assigned: tuple[SeenPerson, ...] = ()
    policy: str = ""
    changed_by_id: str = ""


class SeenShift(msgspec.Struct, frozen=True, gc=False):
    """A stretch in which a person is called first (level 1), second, and so on. None: from ever, or for
    ever.
    """

    person: SeenPerson
    level: int
    begins: int | None
    ends: int | None


class SeenChange(msgspec.Struct, frozen=True, gc=False):
    """Something that was changed at a service, such as by a deployment, and when (ms). `link` leads to more
    of it.
    """

    id: str
    at: int
    summary: str
    source: str
    link: str


class SeenWindow(msgspec.Struct, frozen=True, gc=False):
    """A time from `begins` until `ends` (ms) in which the vendor carries nothing out for these services."""

    places: tuple[str, ...]
    begins: int
    ends: int


class KnownStatus(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The status that was seen last, since when it is so by the vendor, and when it was looked at (ms)."""

    status: str
    changed_at: int
    looked_at: int


class ReaderState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the reader of a vendor keeps from one round to the next, whichever replica makes it. Times in ms.

    `statuses` are by the vendor's ids, `looked_for` says when each key was last asked for by itself.
    `failures` counts the rounds in a row that the vendor has cut short. `logs_read` says when the log of an
    incident was read, by the vendor's id, and `zones` the time zone of each person. `policies` are those
    that our incidents went by, and when one did; their shifts are written up to `shifts_until`. `notes_done`
    are the notes of ours that stand there or never will, and `notes_tried` those that may stand there.
    `changes_read` says when the changes of a service were read, and `changes_known` which are on which
    timeline. `unfinished`: a round has begun and has not written down what it did, so that notes of its may
    stand there.
    """

    next_at: int = 0
    failures: int = 0
    statuses: dict[str, KnownStatus] = {}
    looked_for: dict[str, int] = {}
    logs_read: dict[str, int] = {}
    zones: dict[str, str] = {}
    policies: dict[str, int] = {}
    shifts_until: int = 0
    notes_done: dict[str, int] = {}
    notes_tried: dict[str, int] = {}
    changes_read: dict[str, int] = {}
    changes_known: dict[str, int] = {}
    unfinished: bool = False


def load_reader_state(raw: bytes) -> ReaderState:
    return msgspec.msgpack.decode(raw, type=ReaderState) if raw else ReaderState()


class WatchedPage(msgspec.Struct, frozen=True, gc=False):
    """A page of ours that may be open at the vendor. `call` is the id of its event in the statistics.

    `place` is the vendor's name of the service, or that of the destination where the rules name none.
    `told_at` is when the vendor took the newest word about it, and `called_at` when it took the call;
    `lost_until` is when a call that fell into a maintenance window is sent again. `covered_by` is the
    silence for which it was acknowledged there, and `taken_by` the person for whom. `over`: the vendor
    was told its end, and is told so again at `repeat_at`. `awaited`: its end waits until the vendor
    shows it. A page that was never taken has no `call`.
    """

    key: str
    incident: str
    generation: int
    target: str
    place: str
    call: str
    told_at: int
    called_at: int = 0
    covered_by: str = ""
    taken_by: str = ""
    over: bool = False
    repeat_at: int | None = None
    awaited: bool = False
    lost_until: int | None = None
