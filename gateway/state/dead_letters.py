"""Find the dead letters of a shard, and put them back on the agenda."""

from __future__ import annotations

from typing import NamedTuple

from gateway.decisions.delivery.probes import most_urgent_first
from gateway.decisions.delivery.refusals import cause_of_dead_letter
from gateway.decisions.delivery.share import urgency_of
from gateway.decisions.incident_actions import retry
from gateway.model.agenda import Subject, urgency
from gateway.model.changes import Changes, LogEntry, Row, Table
from gateway.model.ledger import Ledger, ledger_cell
from gateway.model.records import dump, load_ledger
from gateway.ports import Archive
from gateway.state.paging import pages


class DeadLetter(NamedTuple):
    """A ledger whose destination refused it for good, and the version of its row."""

    ledger: Ledger
    version: bytes

    @property
    def cause(self) -> str:
        """Name why everything is refused there; empty where this letter's own content was refused."""
        return cause_of_dead_letter(self.ledger)


def load_dead_letter(row: Row) -> DeadLetter | None:
    """Read a ledger's row, None where there is none or where it has no dead letter."""
    ledger = load_ledger(row.value) if row.value else None
    return DeadLetter(ledger, row.version) if ledger is not None and ledger.dead else None


async def dead_letters(archive: Archive) -> list[DeadLetter]:
    """Read the dead letters of a shard, the most urgent first. Raises `StateUnavailable`."""
    found: dict[str, DeadLetter] = {}
    async for rows in pages(archive, Table.LEDGERS):
        for key, row in rows.items():
            letter = load_dead_letter(row)
            if letter is not None:
                found[key] = letter
    return [found[ledger.key] for ledger in most_urgent_first(letter.ledger for letter in found.values())]


def ask_with(letter: DeadLetter, at: int) -> Changes:
    """Return the changes that have a dead letter ask, as it is true then, whether its
    destination still refuses.

    That is no news: until it is taken, what people and the timeline are told stays as it is.
    """
    # Everybody whom the destination keeps waiting waits for the answer.
    return _sent_again(letter, at, urgency(letter.ledger.refused.severity))


def put_back(letter: DeadLetter, at: int) -> Changes:
    """Return the changes that have a dead letter sent as it is true then."""
    ledger = letter.ledger
    priority = urgency_of(ledger.refused.severity, ledger)
    changes = _sent_again(letter, at, priority)
    # The plan comes along: alerts or rules may have changed while the letter was dead.
    changes.schedule(Subject.plan(ledger.incident), at, priority)
    changes.log.append(LogEntry(ledger.incident, "dead_letter_retried", {"target": ledger.target}))
    return changes


def _sent_again(letter: DeadLetter, at: int, priority: int) -> Changes:
    ledger = letter.ledger
    alive = retry(ledger)
    assert not isinstance(alive, str)
    cell = ledger_cell(ledger.incident, ledger.target)
    changes = Changes(expect={cell: letter.version}, put={cell: dump(alive)})
    changes.schedule(Subject.deliver(ledger.target, ledger.incident), at, priority)
    return changes
