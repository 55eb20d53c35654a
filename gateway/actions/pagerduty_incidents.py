"""Know which of our pages an incident of PagerDuty's is, where a webhook names it by PagerDuty's id alone.

A note says of its incident no more than that, as does an incident whose
alerts have the keys. What was heard of the incident before has said both,
beginning with that it was triggered, and so has what was read of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from gateway.model.cells import PAGERDUTY_INCIDENTS
from gateway.model.changes import Changes, Query, Result
from gateway.outbound.pagerduty.webhook import PagerDutyEvent, with_key
from gateway.state.shards import Shards
from gateway.state.transact import transact

MOST_KEPT = 1_000  # pages, the newest


@dataclass(frozen=True, slots=True)
class PagerDutyIncidents:
    """Keeps the key of each page by PagerDuty's id, in the home shard."""

    shards: Shards

    async def named(self, event: PagerDutyEvent) -> PagerDutyEvent | None:
        """Return the event with our key, None where it is about no page that was heard of. Raises
        `StateUnavailable`.
        """
        if event.incident:
            return event
        key = _keys_in(await self._read()).get(event.there, "")
        return with_key(event, key) if key else None

    async def learn(self, keys: Mapping[str, str]) -> None:
        """Keep our keys by PagerDuty's ids, of our pages alone. Raises `StateUnavailable`."""

        def decide(gathered: Result) -> tuple[Changes | None, None]:
            known = _keys_in(gathered)
            if all(known.get(there) == key for there, key in keys.items()):
                return None, None
            kept = dict([*{**known, **keys}.items()][-MOST_KEPT:])
            changes = Changes(
                expect={PAGERDUTY_INCIDENTS: gathered.rows[PAGERDUTY_INCIDENTS].version},
                put={PAGERDUTY_INCIDENTS: msgspec.msgpack.encode(kept)},
            )
            return changes, None

        if keys:
            await transact(self.shards.home, "pagerduty_incidents", self._read, decide)

    async def _read(self) -> Result:
        return await self.shards.home.gather(Query(cells=(PAGERDUTY_INCIDENTS,)))


def _keys_in(gathered: Result) -> dict[str, str]:
    raw = gathered.rows[PAGERDUTY_INCIDENTS].value
    return msgspec.msgpack.decode(raw, type=dict[str, str]) if raw else {}
