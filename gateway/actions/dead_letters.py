"""Try dead letters again by hand: one, all of a destination, or all there are."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from gateway.decisions.delivery.probes import ask_at_once, ask_by_hand
from gateway.model.agenda import REFUSED, UNASKED
from gateway.model.cells import PROBE_TURNS, REFUSALS
from gateway.model.changes import Changes, Query, Result
from gateway.model.ledger import ledger_cell
from gateway.model.records import dump, load_refusals
from gateway.ports import State
from gateway.state.dead_letters import DeadLetter, dead_letters, load_dead_letter, put_back
from gateway.state.shards import Shards
from gateway.state.transact import transact


class DeadLetterActions:
    """Every method raises `StateUnavailable`; `woken` has what is due now looked at now."""

    def __init__(self, shards: Shards, woken: Callable[[], None]) -> None:
        self._shards = shards
        self._woken = woken

    async def retry(self, incident: str, target: str) -> str | None:
        """Try a dead letter again.

        Returns an empty text when it is under way, a sentence why not, or None where there is no such ledger.
        """
        cell = ledger_cell(incident, target)
        store = await self._shards.holding(cell)

        def decide(gathered: Result) -> tuple[Changes | None, str | None]:
            letter = load_dead_letter(gathered.rows[cell])
            if letter is None:
                return None, "this target has no dead letter" if gathered.rows[cell].value else None
            changes = put_back(letter, gathered.now)
            # Whoever retries by hand wants it sent now: it asks for all others that are refused alike.
            refusals = load_refusals(gathered.rows[REFUSALS].value)
            asked = ask_by_hand(refusals, letter.cause, letter.ledger.key, gathered.now)
            if asked is not refusals:
                changes.expect[REFUSALS] = gathered.rows[REFUSALS].version
                changes.put[REFUSALS] = dump(asked)
            return changes, ""

        read = partial(store.gather, Query(cells=(cell, REFUSALS)))
        done = await transact(store, "dead_letter_retry", read, decide)
        if done.committed is not None:
            self._woken()
        return done.answer

    async def retry_all(self, destination: str = "") -> int:
        """Try all dead letters again, or those of one destination or target; return how many there are.

        Where everything is refused, the most urgent asks at once, and the others follow when it is taken.
        """
        found = [(state, await _letters_of(state, destination)) for state in self._shards.states]
        causes = {letter.cause for _, letters in found for letter in letters if letter.cause}
        if causes:
            # Once for all shards: each further time would have one more of them ask.
            await self._ask_in_turn(causes)
        for state, letters in found:
            await self._retry_shard(state, letters)
        self._woken()
        return sum(len(letters) for _, letters in found)

    async def _ask_in_turn(self, causes: set[str]) -> None:
        """Have the next turn of the shards due now."""
        home = self._shards.home
        read = partial(home.gather, Query(cells=(PROBE_TURNS,)))

        def decide(gathered: Result) -> tuple[Changes | None, None]:
            shared = load_refusals(gathered.rows[PROBE_TURNS].value)
            after = ask_at_once(shared, causes, gathered.now)
            version = gathered.rows[PROBE_TURNS].version
            changes = Changes(expect={PROBE_TURNS: version}, put={PROBE_TURNS: dump(after)})
            return changes if after is not shared else None, None

        await transact(home, "probe_turns", read, decide)

    async def _retry_shard(self, store: State, letters: list[DeadLetter]) -> None:
        causes = {letter.cause for letter in letters if letter.cause}
        if causes:
            await transact(
                store, "refusals", partial(store.gather, Query(cells=(REFUSALS,))), partial(_ask, causes)
            )
        for letter in letters:
            if not letter.cause:
                await self.retry(letter.ledger.incident, letter.ledger.target)


async def _letters_of(store: State, destination: str) -> list[DeadLetter]:
    return [letter for letter in await dead_letters(store) if letter.ledger.is_of(destination)]


def _ask(causes: set[str], gathered: Result) -> tuple[Changes | None, None]:
    """Have the destinations asked at once that refuse everything for these causes."""
    refusals = load_refusals(gathered.rows[REFUSALS].value)
    changes = Changes(
        expect={REFUSALS: gathered.rows[REFUSALS].version},
        put={REFUSALS: dump(ask_at_once(refusals, causes, gathered.now))},
    )
    # A cause that the record does not know of yet is found by the look for dead letters
    # that nobody asks with.
    for subject in (REFUSED, UNASKED):
        changes.schedule(subject, gathered.now, 0)
    return changes, None
