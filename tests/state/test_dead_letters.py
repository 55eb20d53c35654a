"""Dead letters are found in a shard, and put back on the agenda."""

from __future__ import annotations

import msgspec

from gateway.model.agenda import Subject
from gateway.model.changes import Changes, Row
from gateway.model.durations import MINUTE
from gateway.model.ledger import LastNotified, Ledger, ledger_cell
from gateway.model.records import dump, load_ledger
from gateway.model.severity import Severity
from gateway.state.dead_letters import ask_with, dead_letters, load_dead_letter, put_back
from gateway.storage.memory import MemoryStore
from tests.support.build import START


def letter(incident: str, severity: Severity, dead: str = "invalid") -> Ledger:
    return Ledger(incident, "chat", "chat", dead=dead, refused=LastNotified(severity=severity), attempts=3)


async def test_only_dead_letters_are_found_the_most_severe_first() -> None:
    store = MemoryStore(lambda: START)
    ledgers = [
        letter("i1", Severity.WARNING),
        letter("i2", Severity.CRITICAL),
        letter("i3", Severity.CRITICAL, dead=""),
    ]
    put = {ledger_cell(ledger.incident, ledger.target): dump(ledger) for ledger in ledgers}
    await store.commit(Changes(put=put))
    assert [found.ledger.incident for found in await dead_letters(store)] == ["i2", "i1"]
    assert all(found.version for found in await dead_letters(store))


def test_a_row_without_a_dead_letter_is_none() -> None:
    assert load_dead_letter(Row(b"", b"")) is None
    assert load_dead_letter(Row(b"1", dump(letter("i1", Severity.INFO, dead="")))) is None


def test_a_letter_is_put_back_behind_what_is_as_severe_and_only_if_it_has_not_changed() -> None:
    refused = msgspec.structs.replace(
        letter("i1", Severity.CRITICAL), failing_since=START, fell_back_at=START
    )
    found = load_dead_letter(Row(b"version1", dump(refused)))
    assert found is not None
    changes = put_back(found, START + MINUTE)
    cell = ledger_cell("i1", "chat")
    assert changes.expect == {cell: b"version1"}
    alive = load_ledger(changes.put[cell])
    assert (alive.dead, alive.attempts) == ("", 0)
    assert changes.agenda == dict.fromkeys(
        (Subject.deliver("chat", "i1"), Subject.plan("i1")), (START + MINUTE, 1)
    )
    assert [(entry.subject, entry.what) for entry in changes.log] == [("i1", "dead_letter_retried")]


def test_a_letter_that_only_asks_is_sent_and_nothing_else() -> None:
    found = load_dead_letter(Row(b"version1", dump(letter("i1", Severity.CRITICAL))))
    assert found is not None
    changes = ask_with(found, START + MINUTE)
    assert changes.agenda == {Subject.deliver("chat", "i1"): (START + MINUTE, 0)}
    assert changes.log == []
