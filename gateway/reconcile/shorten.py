"""Have what has ended already forgotten sooner, after `GATEWAY_KEEP_ENDED` was made shorter."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.model.agenda import EXPIRY_PRIORITY, Subject
from gateway.model.changes import Changes
from gateway.model.durations import MINUTE
from gateway.ports import State
from gateway.state.commit import commit
from gateway.state.ends import ends_of

PAGE = 200  # subjects that are looked at in one step
SPARE = MINUTE  # what ends meanwhile is left alone, also by the clock of another gateway


async def shorten(store: State, keep_ended: int) -> None:
    """Move what waits to be forgotten to `keep_ended` (ms) after its end. Raises `StateUnavailable`.

    A longer time moves nothing: an entry of the agenda only moves earlier. So a commit that another one
    overtakes does no harm either: whoever forgets looks at the state of then.
    """
    at = await store.now() + keep_ended + SPARE
    while page := await store.expiring(at, PAGE):
        changes = Changes()
        for subject, ended_at in (await ends_of(store, [subject for subject, _ in page])).items():
            changes.schedule(subject, ended_at + keep_ended, EXPIRY_PRIORITY)
        await commit(store, changes)
        at = max(after(page, PAGE, at), at + 1)


def after(page: Sequence[tuple[Subject, int]], limit: int, at: int) -> int:
    """Return where the next page begins. Of a page whose times are all the same, the rest is passed over."""
    if not page:
        return at
    last = page[-1][1]
    return last + 1 if len(page) < limit or last == page[0][1] else last
