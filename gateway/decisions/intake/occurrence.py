"""Tell which occurrence of an alert a source speaks of, and when it began and ended, whatever clock it has.

What was sent tells one occurrence from another: the same start is the same occurrence. What we believe is for
people and for comparing starts with ends: no time that we believe lies later than the report that brought it.
So both are compared with `wall`, what people call the time; `now` only says when something was heard.
"""

from __future__ import annotations

from msgspec.structs import replace

from gateway.model.alert import Copy, Observation
from gateway.model.instants import latest


def begun(seen: Observation, ends_at: int | None, now: int, wall: int) -> Copy:
    """Return a copy that begins to fire. No start is believed that is later than its first report."""
    if seen.starts_at is None:
        return Copy(True, wall, ends_at, now, assumed=True, keyed=True)
    believed = wall if seen.starts_at > wall else None
    return Copy(True, seen.starts_at, ends_at, now, believed, keyed=True)


def repeated(copy: Copy, seen: Observation, now: int, wall: int) -> Copy:
    """Return the firing copy as it is after a repeat.

    A later start means that an end was missed in between; for people it is still one episode.
    """
    if seen.starts_at is None or not starts_later(copy, seen.starts_at):
        return replace(copy, said_at=now, keyed=True)
    believed = min(seen.starts_at, copy.began_at if copy.assumed else wall)
    kept = believed if believed != seen.starts_at else None
    return Copy(True, seen.starts_at, copy.ends_at, now, kept, keyed=True)


def starts_later(copy: Copy, starts_at: int) -> bool:
    """Return whether a repeat with this start (as sent) says something new of when the firing copy began."""
    return starts_at > copy.starts_at or copy.assumed


def believed_end(seen: Observation, wall: int) -> int:
    """Return when an end was (ms). An end that is said to be ahead of us must not hold the next start."""
    return wall if seen.ends_at is None else min(seen.ends_at, wall)


def ended(copy: Copy, ends_at: int | None, said_at: int | None) -> Copy:
    return replace(copy, firing=False, ends_at=latest(ends_at, copy.ends_at), said_at=said_at, keyed=True)


def is_newer(copy: Copy, starts_at: int | None, wall: int) -> bool:
    """Return whether a firing with this start (as sent) is a later occurrence than the one that the copy's
    last end belongs to.
    """
    # Nothing was said of an end, or of a start: better a page too many than one too few.
    if copy.ends_at is None or starts_at is None:
        return True
    # The same start is the same occurrence, however far ahead of us the sender's clock is.
    if not copy.assumed and starts_at == copy.starts_at:
        return False
    # Both starts are ahead of our clock, so the sender's clock alone can tell which of them came first.
    if starts_at > wall and not copy.assumed and starts_at < copy.starts_at:
        return False
    return starts_at > copy.ends_at


def is_its_end(copy: Copy, seen: Observation, ends_at: int, wall: int) -> bool:
    """Return whether an end is that of the occurrence that fires. `ends_at` is when we believe it was."""
    # It names the start that fires: it is its end, even where the sender's clock puts the end before it.
    if seen.starts_at is not None and seen.starts_at == copy.starts_at and not copy.assumed:
        return True
    # The sender never said when it began: whatever end it says is believed, but for one that is known.
    if copy.assumed:
        return seen.ends_at is None or seen.ends_at != copy.ends_at
    # An end that is ahead of our clock can only be compared with a start by the same clock.
    if seen.ends_at is not None and seen.ends_at > wall:
        return seen.ends_at >= copy.starts_at
    return ends_at >= copy.began_at


def knows_end(copy: Copy, seen: Observation, ends_at: int) -> bool:
    """Return whether the end of a copy that does not fire is known already, or a later one."""
    # It was inferred, and the source says only now that it has ended, and when.
    if copy.ends_at is None:
        return False
    return seen.starts_at == copy.starts_at or ends_at <= copy.ends_at
