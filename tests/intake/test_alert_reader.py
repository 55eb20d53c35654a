"""The alerts of a batch are read in one look as a rule, and in as many more as the store's state asks for."""

from __future__ import annotations

import msgspec

from gateway.intake.alert_reader import read_alerts
from gateway.model.alert import MAX_COPIES, Copy
from gateway.model.changes import Cell, Changes, Query, Result, Table
from gateway.model.records import dump
from gateway.storage.memory import MemoryStore
from tests.decisions.cases import alert
from tests.support.build import START, seen

DOWN = seen("Down")


class Asked(MemoryStore):
    """A store that counts how often it is asked."""

    def __init__(self) -> None:
        super().__init__(lambda: START)
        self.looks = 0

    async def gather(self, ask: Query) -> Result:
        self.looks += 1
        return await super().gather(ask)


async def test_alerts_that_are_known_or_new_are_read_in_one_look() -> None:
    store = Asked()
    held = msgspec.structs.replace(alert("Down"), id=DOWN.alert, copies={DOWN.copy: Copy(True, START)})
    await store.commit(
        Changes(
            put={Cell(Table.ALERTS, held.id): dump(held), Cell(Table.COPIES, DOWN.copy): held.id.encode()}
        )
    )
    resolved, lookup = await read_alerts(store, [DOWN, seen("New")])
    assert [observation.alert for observation in resolved] == [DOWN.alert, seen("New").alert]
    assert lookup.alerts == {DOWN.alert: held, seen("New").alert: None}
    assert (store.looks, lookup.now) == (1, START)


async def test_a_copy_whose_identity_the_rules_have_changed_has_both_alerts_read() -> None:
    store = Asked()
    held = msgspec.structs.replace(alert("Old", ended=1), copies={DOWN.copy: Copy(False, START, START + 1)})
    newer = msgspec.structs.replace(alert("Down"), id=DOWN.alert)
    put = {Cell(Table.ALERTS, known.id): dump(known) for known in (held, newer)}
    await store.commit(Changes(put=put | {Cell(Table.COPIES, DOWN.copy): held.id.encode()}))
    (resolved,), lookup = await read_alerts(store, [DOWN])
    assert resolved.alert == DOWN.alert
    assert lookup.alerts == {held.id: held, newer.id: newer}
    assert store.looks == 2


async def test_a_copy_too_many_is_read_as_an_alert_of_its_own() -> None:
    store = Asked()
    copies = {f"default/{number}": Copy(True, START) for number in range(MAX_COPIES)}
    full = msgspec.structs.replace(alert("Down"), id=DOWN.alert, copies=copies)
    await store.commit(Changes(put={Cell(Table.ALERTS, full.id): dump(full)}))
    (resolved,), lookup = await read_alerts(store, [DOWN])
    assert resolved.alert != DOWN.alert
    assert lookup.alerts == {full.id: full, resolved.alert: None}
