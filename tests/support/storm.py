"""What the storms have in common: many incidents in several channels, and what has to be true when they are
over.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.sandbox import PagerDutySandbox, SlackSandbox
from gateway.sandbox.slack import Message
from tests.support.processes import GatewayProcess

SETTLING = 600.0
TEAMS = 8  # a channel each: Slack takes one message a second in a channel
CHANNELS = [f"t{number}-alerts" for number in range(TEAMS)]


@dataclass
class Vendors:
    slack: SlackSandbox
    pagerduty: PagerDutySandbox


def team(name: str) -> str:
    return f"t{int(name[1:]) % TEAMS}"


def stamp() -> str:
    return datetime.now(UTC).isoformat()


def told_in_slack(vendors: Vendors) -> list[Message]:
    found = [one for channel in CHANNELS for one in vendors.slack.messages(channel)]
    return [one for one in found if one.thread_ts is None and not one.deleted]


def told(vendors: Vendors) -> list[str]:
    """The incidents of the messages."""
    return [str((one.metadata or {})["event_payload"]["incident"]) for one in told_in_slack(vendors)]  # type: ignore[index]


def paged(vendors: Vendors) -> set[str]:
    """The incidents of the pages; the gateway's own alerts may be among them."""
    return {one.dedup_key.partition(".")[0] for one in vendors.pagerduty.incidents}


async def everybody_told(vendors: Vendors, incidents: int) -> None:
    """While the trouble goes on."""
    deadline = asyncio.get_running_loop().time() + SETTLING
    while len(told(vendors)) < incidents or not paged(vendors) >= set(told(vendors)):
        found = len(told(vendors)), len(paged(vendors))
        assert asyncio.get_running_loop().time() < deadline, found
        await asyncio.sleep(0.5)


async def settled(gateways: list[GatewayProcess], vendors: Vendors, left_open: int = 0) -> None:
    """Until nobody is owed anything; `left_open` pages are of incidents that a store has forgotten.

    A message that says "Quiet" has told every end, and its last edit comes when
    `resolve_after` is over and the channel has room.
    """
    deadline = asyncio.get_running_loop().time() + SETTLING
    while True:
        counted = await gateways[0].metrics()
        waiting = [
            counted.get(f'gateway_standing{{standing="{name}"}}', 0.0)
            for name in ("due", "held", "ends_due", "telling_firing")
        ]
        still = sum(one.open for one in vendors.pagerduty.incidents)
        quiet = sum("Quiet" in one.text for one in told_in_slack(vendors))
        counted_open = counted['gateway_open_episodes{state="counted"}']
        if not any(waiting) and still == left_open and not counted_open and quiet <= left_open:
            break
        trouble = (waiting, still, quiet, gateways[0].log()[-4000:])
        assert asyncio.get_running_loop().time() < deadline, trouble
        await asyncio.sleep(1)


async def check(gateways: list[GatewayProcess], vendors: Vendors, incidents: int) -> None:
    """Everything ended, everybody told once, the books balanced."""
    counted = await gateways[0].metrics()
    imbalances = {
        name: value for name, value in counted.items() if name.startswith("gateway_identity_residue")
    }
    assert set(imbalances.values()) == {0.0}, imbalances
    open_now = [one.dedup_key for one in vendors.pagerduty.incidents if one.open]
    assert not open_now
    posted = told_in_slack(vendors)
    unresolved = [one.text for one in posted if "Resolved" not in one.text]
    assert not unresolved, unresolved[:5]
    times = Counter(told(vendors))
    twice = [incident for incident, count in times.items() if count > 1]
    assert not twice, f"{len(twice)} incidents have more than one message"
    assert len(times) == incidents
    assert paged(vendors) >= set(times)
