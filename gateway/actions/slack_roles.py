"""Know who may act in Slack: the members of the user groups that the rules name, as Slack said them last."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from functools import partial

import msgspec
import structlog

from gateway.clock import utc_ms
from gateway.errors import StateUnavailable
from gateway.model.cells import SLACK_GROUPS
from gateway.model.changes import Changes, Query, Result
from gateway.model.durations import DAY
from gateway.model.interactions import SlackPerson
from gateway.model.people import Role
from gateway.model.rules.act_policy import ActPolicy
from gateway.outbound.slack.screen import SlackScreen
from gateway.state.shards import Shards
from gateway.state.transact import transact
from gateway.telemetry.own_work import OWN_WORK

log = structlog.get_logger("gateway.slack")

REFRESH_SECONDS = 300.0
RETRY_SECONDS = 15.0
BELIEVED_MS = DAY  # a group that cannot be read; whoever left it meanwhile may act for as long as that


class KnownGroup(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The members of a user group, and when Slack said so (ms)."""

    users: frozenset[str]
    read_at: int


class SlackRoles:
    """Knows what people in Slack may do. `policy` returns the one of the rules in force."""

    def __init__(
        self,
        policy: Callable[[], ActPolicy],
        screen: SlackScreen,
        shards: Shards,
        now: Callable[[], int] = utc_ms,
    ) -> None:
        self._policy = policy
        self._screen = screen
        self._shards = shards
        self._now = now
        self._known: dict[str, KnownGroup] = {}

    def refusal(self, person: SlackPerson, needed: Role) -> str:
        """Say why this person may not do it, empty where they may. Looking is everybody's."""
        policy = self._policy()
        # Without a list everybody who sees the channel may act, as everybody can who has the phone in hand.
        if needed is Role.SEE or not (policy.slack_groups or policy.administer):
            return ""
        if self._is_in(policy.administer, person, believed=None):
            return ""
        if needed is Role.ACT and self._is_in(policy.slack_groups, person, believed=BELIEVED_MS):
            return ""
        wanted = (
            policy.administer if needed is Role.ADMINISTER else (*policy.slack_groups, *policy.administer)
        )
        groups = ", ".join(wanted)
        unread = [group for group in wanted if not self._believed(group)]
        why = f" Slack does not say who is in {', '.join(unread)}." if unread else ""
        return f"Not done: only members of the Slack groups {groups} may do this (policy.act).{why}"

    async def run(self) -> None:
        """Read the groups again and again, beginning with what was known before the last start."""
        await self._recall()
        while True:
            whole = await self.refresh()
            await asyncio.sleep(REFRESH_SECONDS if whole else RETRY_SECONDS)

    async def refresh(self) -> bool:
        """Ask Slack for every group that the rules name. Return whether it said them all."""
        policy = self._policy()
        groups = tuple(dict.fromkeys((*policy.slack_groups, *policy.administer)))
        read = {}
        for group in groups:
            users = await self._screen.members_of(group)
            if users is not None:
                read[group] = KnownGroup(frozenset(users), self._now())
        self._known = {group: known for group, known in (self._known | read).items() if group in groups}
        if read:
            await self._remember()
        return len(read) == len(groups)

    def _is_in(self, groups: Iterable[str], person: SlackPerson, *, believed: int | None) -> bool:
        known = [self._known[group] for group in groups if group in self._known]
        return any(
            person.user in group.users and (believed is None or self._now() - group.read_at <= believed)
            for group in known
        )

    def _believed(self, group: str) -> bool:
        known = self._known.get(group)
        return known is not None and self._now() - known.read_at <= BELIEVED_MS

    async def _recall(self) -> None:
        try:
            row = (await self._shards.home.gather(Query(cells=(SLACK_GROUPS,)))).rows[SLACK_GROUPS]
        except StateUnavailable as error:
            # Slack is asked next, and a later start recalls it.
            with OWN_WORK.failed("slack_groups"):
                log.debug("slack_groups_not_recalled", error=str(error))
            return
        self._known = msgspec.msgpack.decode(row.value, type=dict[str, KnownGroup]) if row.value else {}

    async def _remember(self) -> None:
        def decide(gathered: Result) -> tuple[Changes | None, None]:
            row = gathered.rows[SLACK_GROUPS]
            return Changes(
                expect={SLACK_GROUPS: row.version}, put={SLACK_GROUPS: msgspec.msgpack.encode(self._known)}
            ), None

        home = self._shards.home
        try:
            await transact(home, "slack_groups", partial(home.gather, Query(cells=(SLACK_GROUPS,))), decide)
        except StateUnavailable as error:
            with OWN_WORK.failed("slack_groups"):
                log.debug("slack_groups_not_kept", error=str(error))
