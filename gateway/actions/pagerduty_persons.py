"""Write down whom our calls reached in PagerDuty, and who is on call there, for the statistics alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from gateway.actions.pagerduty_people import PagerDutyPeople, ids_of
from gateway.actions.pagerduty_round import Round
from gateway.decisions.missed_news import KEPT_IN_MIND
from gateway.decisions.policy import Policy
from gateway.decisions.watched_pages import pages_of
from gateway.decisions.whom_calls_reached import (
    Reached,
    called_event,
    called_id,
    is_zone,
    log_is_due,
    shift_events,
    shifts_since,
    zone_of_shift,
)
from gateway.model.changes import Changes
from gateway.model.durations import DAY
from gateway.model.statistics.events import AnyEvent, Call, Page
from gateway.model.vendor_view import ReaderState, SeenIncident, SeenPerson, SeenShift, WatchedPage
from gateway.outbound.pagerduty.rest import Params
from gateway.outbound.pagerduty.seen import read_notified, read_person, read_shifts
from gateway.state.commit import commit
from gateway.state.persons import NamedPerson, Persons
from gateway.state.shards import Shards
from gateway.state.statistics import events_by_id, record

LOG_ENTRIES, USERS, ONCALLS = "log_entries", "users", "oncalls"
OF_A_PAGE = 100
MOST_PAGES = 3  # of who is on call: 300 shifts of two hours
MOST_ZONES, MOST_POLICIES = 2_000, 50
UNKNOWN = "unknown"


class PagerDutyPersons:
    """`people` knows who they are in Slack, and `persons` what stands
    for a person. `policy` returns the one in force when it is called.
    """

    def __init__(
        self,
        shards: Shards,
        policy: Callable[[], Policy],
        people: PagerDutyPeople,
        persons: Persons,
    ) -> None:
        self._shards = shards
        self._policy = policy
        self._people = people
        self._persons = persons

    async def read(self, reading: Round, watched: Sequence[WatchedPage], state: ReaderState) -> ReaderState:
        """Ask for what the round has not shown yet, and return what is to be kept in mind.

        Nothing is asked for and nothing written where the rules want no persons. Raises `StateUnavailable`.
        """
        if self._policy().rules.precision.persons == "off":
            return state
        now = await self._shards.home.now()
        ours = pages_of(reading.seen, watched)
        state = _with_policies(state, [found for found, _ in ours], now)
        reached = [
            Reached(page.call, person, "assigned") for found, page in ours for person in found.assigned
        ]
        notified, state = await self._notified(reading, ours, state, now)
        who = await self._pseudonyms(one.person for one in (*reached, *notified))
        new = await self._new({called_id(one, who[one.person]): one for one in (*reached, *notified)})
        state = await self._with_zones(reading, [one.person for one in new], state)
        await self._write([called_event(one, who[one.person], await self._zones(one, state)) for one in new])
        return await self._shifts(reading, state, now)

    async def _notified(
        self,
        reading: Round,
        ours: Sequence[tuple[SeenIncident, WatchedPage]],
        state: ReaderState,
        now: int,
    ) -> tuple[list[Reached], ReaderState]:
        reached: list[Reached] = []
        logs_read = dict(state.logs_read)
        for found, page in sorted(ours, key=lambda pair: state.logs_read.get(pair[0].id, 0)):
            if not log_is_due(
                page.called_at, logs_read.get(found.id), found, state.statuses.get(found.id), now
            ):
                continue
            answer = await reading.ask(
                f"/incidents/{found.id}/log_entries", {"limit": OF_A_PAGE}, LOG_ENTRIES
            )
            if answer is None and LOG_ENTRIES not in reading.refused:
                break
            logs_read[found.id] = now
            reached += [Reached(page.call, person, "notified") for person in read_notified(answer or {})]
        return reached, msgspec.structs.replace(state, logs_read=logs_read)

    async def _with_zones(
        self, reading: Round, persons: Iterable[SeenPerson], state: ReaderState
    ) -> ReaderState:
        """Learn the time zones of these persons: most come along, the others are asked for one by one."""
        zones = state.zones | {person.id: person.zone for person in persons if person.zone}
        for person in {one.id: one for one in persons if one.id not in zones}.values():
            answer = await reading.ask(f"/users/{person.id}", kind=USERS)
            whole = read_person(answer.get("user")) if answer is not None else None
            if whole is not None:
                zones[person.id] = whole.zone
        return msgspec.structs.replace(state, zones=dict([*zones.items()][-MOST_ZONES:]))

    async def _zones(self, reached: Reached, state: ReaderState) -> list[str]:
        """Return the time zones by which a person may be called, the likeliest first."""
        there = state.zones.get(reached.person.id, "")
        # PagerDuty says it of nearly everybody.
        if is_zone(there):
            return [there]
        in_slack = await self._people.in_slack(reached.person.id)
        if in_slack is not None and is_zone(in_slack.zone):
            return [in_slack.zone]
        return [await self._zone_of_shift(reached.call)]

    async def _zone_of_shift(self, call_id: str) -> str:
        call = (await events_by_id(self._shards, [call_id])).get(call_id)
        if not isinstance(call, Call):
            return ""
        page = (await events_by_id(self._shards, [call.page])).get(call.page)
        if not isinstance(page, Page):
            return ""
        policy = self._policy()
        return zone_of_shift(page, call.sent_at, policy.rules.routes, policy.calendar)

    async def _shifts(self, reading: Round, state: ReaderState, now: int) -> ReaderState:
        """Write who was on call since the last time, for the escalation policies that our incidents go by."""
        since = shifts_since(state.shifts_until, now)
        if since is None or not state.policies:
            return state
        shifts = await self._read_shifts(reading, [*state.policies], since, now) if since < now else []
        if shifts is None:
            return state
        who = await self._pseudonyms(shift.person for shift in shifts)
        await self._write(shift_events(shifts, since, now, who))
        return msgspec.structs.replace(state, shifts_until=now)

    async def _read_shifts(
        self, reading: Round, policies: list[str], since: int, now: int
    ) -> list[SeenShift] | None:
        shifts: list[SeenShift] = []
        for number in range(MOST_PAGES):
            asked: Params = {
                "escalation_policy_ids[]": policies,
                "since": _stamp(since),
                "until": _stamp(now),
                "limit": OF_A_PAGE,
                "offset": number * OF_A_PAGE,
            }
            answer = await reading.ask("/oncalls", asked, ONCALLS)
            if answer is None:
                return None
            shifts += read_shifts(answer)
            if not answer.get("more"):
                break
        return shifts

    async def _new(self, reached: Mapping[str, Reached]) -> list[Reached]:
        """Return what is not written yet, of calls that are."""
        known = await events_by_id(self._shards, [*reached, *(one.call for one in reached.values())])
        return [one for name, one in reached.items() if name not in known and one.call in known]

    async def _write(self, events: Iterable[AnyEvent]) -> None:
        changes = Changes()
        record(changes, events)
        if changes.events:
            await commit(self._shards.home, changes)

    async def _pseudonyms(self, persons: Iterable[SeenPerson]) -> dict[SeenPerson, str]:
        """Return what stands for each of these persons: the same as for whom they are in Slack."""
        found = [*dict.fromkeys(persons)]
        named = [person for person in found if person.name]
        pseudonyms = await self._persons.pseudonyms([await self._named(person) for person in named])
        return dict.fromkeys(found, UNKNOWN) | dict(zip(named, pseudonyms, strict=True))

    async def _named(self, person: SeenPerson) -> NamedPerson:
        in_slack = await self._people.in_slack(person.id)
        ids = ids_of(person.id, in_slack)
        if in_slack is None:
            return NamedPerson(person.name, ids)
        return NamedPerson(in_slack.name, ids, (person.name,))


def _with_policies(state: ReaderState, seen: Iterable[SeenIncident], now: int) -> ReaderState:
    known = {name: at for name, at in state.policies.items() if now - at < KEPT_IN_MIND}
    # What is kept in mind need not be written anew each minute.
    new = {found.policy: now for found in seen if found.policy and now - known.get(found.policy, 0) > DAY}
    return msgspec.structs.replace(state, policies=dict([*(known | new).items()][-MOST_POLICIES:]))


def _stamp(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")
