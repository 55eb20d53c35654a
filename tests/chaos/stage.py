"""Where a kind of trouble is played: gateways as processes, local vendors, critical alerts that come all the
while, and what became of them.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from gateway.sandbox import PagerDutySandbox, SlackSandbox
from gateway.sandbox.slack import Message
from tests.chaos.figures import Figures, Goals, Late
from tests.support.processes import RULES, GatewayProcess
from tests.support.senders import Sender
from tests.support.servers import KillableRedis, killable_redis
from tests.support.storm import CHANNELS, Vendors, told_in_slack

APART = 0.7  # seconds between two alerts: PagerDuty's pace is two a second
PATIENCE = 100.0  # seconds until everybody has to be told, and again until all ends are
CALM = 3.0  # seconds in which nothing may change any more
PAGERDUTY, SLACK, STORE = "pagerduty", "slack", "store"
WAITING = ("due", "held", "ends_due")
NOTHING_LATE = Goals(page=None)  # the counts alone


@dataclass
class Stage:
    """`share` shortens a run. `absences` are when a vendor, or the store for both, was away, from and to in Unix time."""

    folder: Path
    vendors: Vendors
    stack: AsyncExitStack
    share: float = 1.0
    gateways: list[GatewayProcess] = field(default_factory=list)
    sender: Sender = field(default_factory=lambda: Sender([]))
    absences: list[tuple[str, float, float]] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)  # alerts that are being sent meanwhile

    def redis(self) -> KillableRedis:
        return self.stack.enter_context(killable_redis())

    async def start(
        self,
        number: int = 1,
        url: str = "",
        rules: str = RULES,
        more: Callable[[int], Mapping[str, str]] = lambda place: {},
    ) -> None:
        """Start so many gateways; `more` gives the variables of each."""
        for place in range(number):
            gateway = GatewayProcess(
                self.folder / f"g{len(self.gateways)}",
                self.vendors.slack,
                self.vendors.pagerduty,
                url,
                rules,
                {"GATEWAY_LOG_LEVEL": "warning", **more(place)},
            )
            self.gateways.append(gateway)
            self.stack.callback(gateway.kill_store)
            self.stack.callback(gateway.kill)
            gateway.start()
        for gateway in self.gateways:
            await gateway.ready(PATIENCE)
        self.sender.urls = [gateway.url for gateway in self.gateways]

    @contextmanager
    def away(self, *who: str) -> Iterator[None]:
        """For as long as the block lasts; what was told late because of it counts from its end."""
        begun = time.time()
        yield
        self.absences += [(name, begun, time.time()) for name in who]

    async def alerts(self, number: int, apart: float = APART) -> None:
        """Fire so many critical alerts one after another, and return when all were taken."""
        begun = len(self.sender.started)
        count = max(4, round(number * self.share))
        await self.sender.fire_in_turn([f"s{begun + place}" for place in range(count)], apart)

    async def all_told(self) -> None:
        """Wait until everything that was fired so far is taken, and known to PagerDuty and Slack."""
        await asyncio.gather(*self.tasks)
        names = list(self.sender.started)
        await until(lambda: not missing(self.vendors, names))

    async def over(self, *, backlog: bool = False) -> Figures:
        """End every alert once all are told, wait until nothing is owed any more, and measure.

        With a `backlog` of others' messages nobody waits for these.
        """
        await self.all_told()
        names = list(self.sender.started)
        late = self._late()
        for start in range(0, len(names), 10):
            await self.sender.end(names[start : start + 10])
            await asyncio.sleep(1)
        await until(lambda: self._at_rest(backlog))
        await asyncio.sleep(CALM)
        return await self._measured(names, *late)

    async def _at_rest(self, backlog: bool) -> bool:
        names = list(self.sender.started)
        figures = await self._measured(names, Late(), Late())
        return not figures.missed(NOTHING_LATE) and (backlog or not await self.waiting())

    async def waiting(self) -> float:
        """How much is due or owed."""
        counted = await metrics_of(self.gateways[0])
        return sum(counted.get(f'gateway_standing{{standing="{name}"}}', 1.0) for name in WAITING)

    async def _measured(self, names: list[str], page: Late, message: Late) -> Figures:
        waits = [self.sender.taken[name] - self.sender.tried[name] for name in names]
        return Figures(
            alerts=len(names),
            lost=len(missing(self.vendors, names)),
            doubled=doubled(self.vendors, names),
            owed=owed(self.vendors, names),
            residue=await residue_of(self.gateways),
            page=page,
            message=message,
            webhook=max(waits),
        )

    def _late(self) -> tuple[Late, Late]:
        """How late the pages and the messages were."""
        taken, pages, posts = self.sender.taken, paged(self.vendors), posted(self.vendors)
        without_pages = [(begun, ended) for name, begun, ended in self.absences if name in (PAGERDUTY, STORE)]
        without_messages = [(begun, ended) for name, begun, ended in self.absences if name in (SLACK, STORE)]
        return (
            Late.among(lateness(taken, pages, without_pages)),
            Late.among(lateness(taken, posts, without_messages)),
        )


@asynccontextmanager
async def stage(folder: Path, share: float) -> AsyncIterator[Stage]:
    async with (
        SlackSandbox.start(seed=7, channels=CHANNELS) as slack,
        PagerDutySandbox.start(seed=8) as pagerduty,
        AsyncExitStack() as stack,
    ):
        yield Stage(folder, Vendors(slack, pagerduty), stack, share)


async def metrics_of(gateway: GatewayProcess) -> dict[str, float]:
    """Return nothing while it does not answer."""
    try:
        return await gateway.metrics()
    except httpx.HTTPError:
        return {}


async def residue_of(gateways: Sequence[GatewayProcess]) -> int:
    """How much the gateways' own books do not account for."""
    counted = [await metrics_of(gateway) for gateway in gateways]
    residue = sum(
        abs(value)
        for found in counted
        for name, value in found.items()
        if name.startswith("gateway_identity_residue")
    )
    return round(residue)


async def until(condition: Callable[[], object], patience: float = PATIENCE) -> bool:
    """Wait until the condition holds, also one that is awaited; return whether it did in time."""
    deadline = asyncio.get_running_loop().time() + patience
    while asyncio.get_running_loop().time() < deadline:
        found = condition()
        if await found if asyncio.iscoroutine(found) else found:
            return True
        await asyncio.sleep(0.5)
    return False


def paged(vendors: Vendors) -> dict[str, list[float]]:
    """When PagerDuty opened an incident of each alert."""
    found: dict[str, list[float]] = defaultdict(list)
    for incident in vendors.pagerduty.incidents:
        for word in set(incident.title.split()):
            found[word].append(incident.opened_at.timestamp())
    return found


def posted(vendors: Vendors) -> dict[str, list[float]]:
    """When Slack took a message of each alert that still stands."""
    found: dict[str, list[float]] = defaultdict(list)
    for name, message in messages(vendors):
        found[name].append(message.posted_at.timestamp())
    return found


def messages(vendors: Vendors) -> list[tuple[str, Message]]:
    """The messages with the alerts that they are of; one that nobody was paged of has its incident's id instead."""
    names = incident_names(vendors)
    ids = [(str((one.metadata or {})["event_payload"]["incident"]), one) for one in told_in_slack(vendors)]  # type: ignore[index]
    return [(names.get(incident, incident), one) for incident, one in ids]


def incident_names(vendors: Vendors) -> dict[str, str]:
    """The alert of each incident, as its page names it; the rules make an incident of each alert."""
    return {
        incident.dedup_key.partition(".")[0]: word
        for incident in vendors.pagerduty.incidents
        for word in incident.title.split()
        if word[:1] == "s" and word[1:].isdigit()
    }


def missing(vendors: Vendors, names: list[str]) -> list[str]:
    """The alerts that nobody was paged for, or that stand in no channel."""
    pages, posts = paged(vendors), posted(vendors)
    return [name for name in names if name not in pages or name not in posts]


def doubled(vendors: Vendors, names: list[str]) -> int:
    """How many pages and messages there are beyond one of each alert."""
    found = [paged(vendors), posted(vendors)]
    return sum(max(0, len(times.get(name, ())) - 1) for times in found for name in names)


def owed(vendors: Vendors, names: list[str]) -> int:
    """How many pages are open and how many messages say nothing of an end."""
    own = set(names)
    open_pages = sum(
        incident.open for incident in vendors.pagerduty.incidents if own & set(incident.title.split())
    )
    return open_pages + sum(
        "Resolved" not in message.text for name, message in messages(vendors) if name in own
    )


def lateness(
    taken: dict[str, float], told: dict[str, list[float]], absences: Sequence[tuple[float, float]]
) -> list[float]:
    """Seconds from the 200 to the first telling; an absence that was waited out does not count."""
    found = []
    for name, at in taken.items():
        if name in told:
            first = told[name][0]
            ends = [ended for begun, ended in absences if at < ended <= first]
            found.append(max(0.0, first - max([at, *ends])))
    return found
