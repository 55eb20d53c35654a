"""What `gateway doctor` finds out about the scopes of Slack's tokens: which features are off for want of one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from gateway.config.environment import Environment
from gateway.diagnostics.diagnosis import Diagnosis, Mark
from gateway.model.notification import Refused
from gateway.model.rules.destination import Destination
from gateway.model.rules.rulebook import Rulebook
from gateway.outbound.credentials import heard_in_slack
from gateway.outbound.kind import EXAMINE_SECONDS, Wiring
from gateway.outbound.network import Way
from gateway.outbound.slack.channel_ids import is_channel_id, is_user_id
from gateway.outbound.slack.client import MISSING_SCOPE, Access, NotOk, SlackCalls
from gateway.outbound.slack.destination import SLACK, SLACK_BOT_TOKEN
from gateway.outbound.slack.mentions import is_email
from gateway.outbound.slack.scopes import REMEDY, Uses, gaps
from gateway.outbound.slack.text import is_mention


async def examine_scopes(environment: Environment, rules: Rulebook, wiring: Wiring) -> list[Diagnosis]:
    """Compare the scopes of each token with those that its destinations and the people who press need.

    A token that Slack does not take, and one of which it says no scopes, are left to the destinations.
    """
    calls, found = SlackCalls(EXAMINE_SECONDS, wiring.network), list[Diagnosis]()
    try:
        for (credential, way), destinations in _by_token(rules, wiring).items():
            secret = environment.rule_secret(credential, SLACK.integration.kind)
            if not secret:
                continue
            access = Access(secret, way)
            granted = await _granted(calls, access)
            if granted is None:
                continue
            heard = credential == SLACK_BOT_TOKEN.env and heard_in_slack(environment.configured)
            channels = _channels(destinations)
            private = {one for one in channels if await _may_be_private(calls, access, one, granted)}
            uses = _uses(destinations, rules, private, heard=heard)
            found += [
                Diagnosis(
                    Mark.BAD if gap.vital else Mark.WORRY,
                    credential,
                    f"it lacks the scope {gap.scope}: {gap.off}; {REMEDY}",
                )
                for gap in gaps(granted, uses)
            ]
    finally:
        await calls.aclose()
    return found


def _by_token(rules: Rulebook, wiring: Wiring) -> Mapping[tuple[str, Way], list[Destination]]:
    found: dict[tuple[str, Way], list[Destination]] = {}
    for destination in rules.destinations.values():
        way = wiring.way(destination) if destination.kind == SLACK.integration.kind else None
        if way is not None and not isinstance(way, Refused):
            found.setdefault((destination.credential, way), []).append(destination)
    return found


async def _granted(calls: SlackCalls, access: Access) -> frozenset[str] | None:
    try:
        return await calls.scopes(access)
    except NotOk:
        return None


def _addresses(destinations: Iterable[Destination]) -> set[str]:
    return {
        address
        for destination in destinations
        for address in (destination.via.addresses or (destination.via.address,))
    }


def _channels(destinations: Iterable[Destination]) -> set[str]:
    return {address for address in _addresses(destinations) if not is_user_id(address)}


def _uses(destinations: Collection[Destination], rules: Rulebook, private: set[str], *, heard: bool) -> Uses:
    channels, act = _channels(destinations), rules.act
    called = {name for one in destinations for name in one.via.mentions if not is_mention(name)}
    handles = {name for name in called if not is_email(name)}
    return Uses(
        public=bool(channels - private),
        private=bool(private),
        direct=_addresses(destinations) != channels,
        commands=heard,
        names=bool(handles),
        emails=handles != called,
        groups=bool(handles) or (heard and bool(act.slack_groups or act.administer)),
    )


async def _may_be_private(calls: SlackCalls, access: Access, address: str, granted: Collection[str]) -> bool:
    """Return whether it is a private channel, or one that cannot be seen: private ones cannot be without a
    scope.
    """
    try:
        found: Mapping[str, Any] | None
        if is_channel_id(address):
            found = await calls.channel(address, access)
        else:
            found = await calls.find_channel(address.removeprefix("#"), access)
    except NotOk as trouble:
        # A public channel can be seen with the scope for public ones.
        return trouble.answer.detail != MISSING_SCOPE or "channels:read" in granted
    return found is None or bool(found.get("is_private"))
