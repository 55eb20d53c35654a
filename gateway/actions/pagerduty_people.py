"""Know who somebody of PagerDuty's is in Slack: the one whose address of mail is the same.

What was found is kept in the store, without the address, so that each person is looked for twice a day
at most.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import msgspec
import structlog

from gateway.actions.slack_roles import SlackRoles
from gateway.model.cells import PAGERDUTY_PEOPLE, PAGERDUTY_READER
from gateway.model.changes import Changes, Query, Result
from gateway.model.durations import DAY, HOUR, MINUTE
from gateway.model.interactions import SlackPerson
from gateway.model.notification import Refused, Unanswered
from gateway.model.people import Role, slack_ids
from gateway.model.vendor_view import load_reader_state
from gateway.outbound.pagerduty.rest import API_TOKEN, PagerDutyRest
from gateway.outbound.slack.screen import SlackScreen
from gateway.state.shards import Shards
from gateway.state.transact import transact

log = structlog.get_logger("gateway.pagerduty")

FRESH_MS = 12 * HOUR
BELIEVED_MS = 2 * DAY  # while nobody can say anew who it is
LOOKED_FOR_AGAIN_MS = 15 * MINUTE  # of whom there was nobody in Slack
LOOK_SECONDS = 2.5  # a webhook waits for it
MOST_LOOKS = 5  # a minute, over all replicas: PagerDuty's other questions are the reader's
MOST_KEPT = 2_000


_Decide = Callable[[Result], tuple[Changes | None, bool]]


class KnownPerson(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """It says who a person of PagerDuty's is in Slack, empty for nobody, and when that was so (ms).

    `zone` is the time zone that Slack says, empty where it says none.
    """

    team: str
    user: str
    name: str
    read_at: int
    zone: str = ""


NOBODY = KnownPerson("", "", "", 0)


class KnownPeople(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """All of them by PagerDuty's id, and when the looks of the last minute were (ms)."""

    people: dict[str, KnownPerson] = {}
    looks: tuple[int, ...] = ()


class PagerDutyPeople:
    """`roles` knows what people in Slack may do."""

    def __init__(self, shards: Shards, rest: PagerDutyRest, screen: SlackScreen, roles: SlackRoles) -> None:
        self._shards = shards
        self._rest = rest
        self._screen = screen
        self._roles = roles

    async def in_slack(self, person: str) -> SlackPerson | None:
        """Return who the person with this id is in Slack, None where it is nobody, or nobody can say.

        Raises `StateUnavailable`.
        """
        if not person or not self._rest.wanted:
            return None
        read = partial(self._shards.home.gather, Query(cells=(PAGERDUTY_PEOPLE,)))
        gathered = await read()
        known = _known_in(gathered).people.get(person)
        if known is not None and gathered.now - known.read_at < (
            FRESH_MS if known.user else LOOKED_FOR_AGAIN_MS
        ):
            return _person(known)
        found = await self._look(person, known) if await self._may_look() else None
        if found is not None:
            await self._keep(person, found)
            return _person(found)
        is_believed = known is not None and gathered.now - known.read_at < BELIEVED_MS
        return _person(known) if known is not None and is_believed else None

    def refusal(self, name: str, person: SlackPerson | None) -> str:
        """Say why somebody of PagerDuty's may not act, empty where they may."""
        if person is not None:
            return self._roles.refusal(person, Role.ACT)
        missing = "" if self._rest.wanted else f" {API_TOKEN} is not set."
        return (
            f"Not done: nobody can say who {name} is in Slack, and policy.act lets only members act.{missing}"
        )

    async def _may_look(self) -> bool:
        """Return whether one more question may be asked now; none is while PagerDuty wants to be left alone."""
        home = self._shards.home
        reader = load_reader_state(
            (await home.gather(Query(cells=(PAGERDUTY_READER,)))).rows[PAGERDUTY_READER].value
        )

        def decide(gathered: Result) -> tuple[Changes | None, bool]:
            known = _known_in(gathered)
            looks = tuple(at for at in known.looks if gathered.now - at < MINUTE)
            left_alone = reader.failures > 0 and gathered.now < reader.next_at
            if left_alone or len(looks) >= MOST_LOOKS:
                return None, False
            return _put(gathered, msgspec.structs.replace(known, looks=(*looks, gathered.now))), True

        return await self._change(decide)

    async def _leave_alone(self) -> None:
        """Ask for nobody within the next minute: PagerDuty has been asked too often."""

        def decide(gathered: Result) -> tuple[Changes | None, bool]:
            looks = (gathered.now,) * MOST_LOOKS
            return _put(gathered, msgspec.structs.replace(_known_in(gathered), looks=looks)), True

        await self._change(decide)

    async def _look(self, person: str, known: KnownPerson | None) -> KnownPerson | None:
        """Ask PagerDuty for the address, and Slack for whom it is; None where one of them does not say.

        Whom the token may not read, or PagerDuty does not have, is nobody for now, unless it was `known`.
        """
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                answer = await self._rest.get(f"/users/{person}")
                if isinstance(answer, Refused | Unanswered):
                    log.warning("pagerduty_person_not_read", reason=answer.reason, detail=answer.detail)
                    if answer.reason == "rate_limited":
                        await self._leave_alone()
                    unreadable = answer.reason == "auth" and not (known is not None and known.user)
                    return NOBODY if unreadable else None
                user = answer.get("user")
                email = user.get("email") if isinstance(user, dict) else None
                if not isinstance(email, str) or not email:
                    return NOBODY
                found = await self._screen.person_of(email)
        except TimeoutError:
            # The webhook goes on without the name that this person has in Slack.
            log.warning("pagerduty_person_not_read", reason="timeout", detail="")
            return None
        if found is None:
            return None
        return KnownPerson(found.team, found.user, found.name, 0, found.zone) if found.user else NOBODY

    async def _keep(self, person: str, found: KnownPerson) -> None:
        def decide(gathered: Result) -> tuple[Changes | None, bool]:
            known = _known_in(gathered)
            others = {name: one for name, one in known.people.items() if name != person}
            people = others | {person: msgspec.structs.replace(found, read_at=gathered.now)}
            kept = dict([*people.items()][-MOST_KEPT:])
            return _put(gathered, msgspec.structs.replace(known, people=kept)), True

        await self._change(decide)

    async def _change(self, decide: _Decide) -> bool:
        home = self._shards.home
        read = partial(home.gather, Query(cells=(PAGERDUTY_PEOPLE,)))
        return (await transact(home, "pagerduty_people", read, decide)).answer


def ids_of(person: str, in_slack: SlackPerson | None) -> tuple[str, ...]:
    """Return the ids of the person with this id in PagerDuty, who is that one in Slack."""
    there = (f"pagerduty:{person}",) if person else ()
    return (*slack_ids(in_slack.user if in_slack is not None else ""), *there)


def _person(known: KnownPerson) -> SlackPerson | None:
    return SlackPerson(known.team, known.user, known.name, known.zone) if known.user else None


def _known_in(gathered: Result) -> KnownPeople:
    raw = gathered.rows[PAGERDUTY_PEOPLE].value
    return msgspec.msgpack.decode(raw, type=KnownPeople) if raw else KnownPeople()


def _put(gathered: Result, known: KnownPeople) -> Changes:
    return Changes(
        expect={PAGERDUTY_PEOPLE: gathered.rows[PAGERDUTY_PEOPLE].version},
        put={PAGERDUTY_PEOPLE: msgspec.msgpack.encode(known)},
    )
