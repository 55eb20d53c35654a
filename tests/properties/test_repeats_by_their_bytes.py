"""A gateway that knows repeats by their bytes decides, counts and keeps what one does that reads each of them."""

from __future__ import annotations

import asyncio
import json
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from gateway.decisions.intake.correlate import Correlator
from gateway.decisions.intake.normalise import Normaliser
from gateway.decisions.policy import Policy
from gateway.intake.group_commit import GroupCommit
from gateway.intake.parse_webhook import observe
from gateway.intake.read_body import read_strictly
from gateway.intake.repeats import Repeat, Repeats
from gateway.intake.sharded import ShardedIntake
from gateway.model.changes import Table
from gateway.model.durations import MINUTE, SECOND
from gateway.model.rules.kinds import Watchdog
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.rulebook import LabelRules
from gateway.model.verdict import Taken
from gateway.storage.memory import MemoryStore
from tests.support.build import START, match, rulebook

BEAT = "Watchdog"
NAMES, REPLICAS = ("Down", "Slow", "Full", BEAT), ("a", "b")
WATCHDOG = Watchdog("eu", BUILT_IN, match(f'alertname="{BEAT}"'), 10 * MINUTE)
RULES = replace(rulebook(), watchdogs={WATCHDOG.name: WATCHDOG})
LABEL_RULES = LabelRules(ignore=frozenset({"replica"}))


@dataclass
class Replica:
    """One process over the store. Without a memory it reads every alert."""

    store: MemoryStore
    repeats: Repeats | None
    known: int = 0

    def __post_init__(self) -> None:
        listeners: dict[str, Any] = {"woken": lambda: None, "taken": lambda *_: None}
        intake = GroupCommit(self.store, Correlator(RULES), **listeners, repeats=self.repeats)
        self.intake = ShardedIntake([intake], Policy(RULES))
        self.reload()

    def reload(self) -> None:
        self.normaliser = Normaliser(LABEL_RULES)
        self.intake.use(Correlator(RULES), Policy(RULES))

    async def take(self, body: bytes, now: int) -> list[Taken]:
        read = read_strictly(body, None if self.repeats is None else self.repeats.of(self.normaliser))
        assert read is not None
        parsed = observe(read, self.normaliser, now)
        self.known += sum(isinstance(one, Repeat) for one in parsed.seen)
        return list(await self.intake.accept(parsed.seen, parsed.quarantined, parsed.groups))


@dataclass
class Gateway:
    """Two replicas over one store."""

    remembers: bool
    now: int = START
    kept: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store = MemoryStore(lambda: self.now)
        self.replicas = [Replica(self.store, Repeats() if self.remembers else None) for _ in range(2)]

    def state(self) -> tuple[dict[Any, Any], dict[str, int], list[Any]]:
        rows = {(table, name): row.value for table in Table for name, row in self.store.rows[table].items()}
        return rows, dict(self.store.counted), sorted(map(str, self.store.agenda_at.items()))

    def do(self, deed: str) -> None:
        if deed == "reload":
            for replica in self.replicas:
                replica.reload()
        elif deed == "back up":
            self.kept = deepcopy(self.store.rows)
        elif self.kept:
            self.store.rows = deepcopy(self.kept)


def instant(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")


def alert(name: str, replica: str, began: int, ended: int | None, said: str) -> dict[str, Any]:
    return {
        "status": "firing" if ended is None else "resolved",
        "labels": {"alertname": name, "severity": "critical", "replica": replica},
        "annotations": {"summary": said},
        "startsAt": instant(START + began * SECOND),
        "endsAt": "0001-01-01T00:00:00Z" if ended is None else instant(START + ended * SECOND),
        "generatorURL": f"http://prometheus-{replica}/graph",
        "fingerprint": f"{name}{replica}",
    }


ALERTS = some.builds(
    alert,
    some.sampled_from(NAMES),
    some.sampled_from(REPLICAS),
    some.sampled_from([-60, 0, 30]),
    some.none() | some.none() | some.none() | some.sampled_from([40, 100]),
    some.sampled_from(["bad", "bad", "worse"]),
)


@dataclass(frozen=True)
class Webhook:
    alerts: list[dict[str, Any]]
    group: str
    left_out: int
    replica: int
    first: int = 0  # so many alerts of others stand before them

    @property
    def body(self) -> bytes:
        others = [alert(f"Other{number}", "a", 0, None, "bad") for number in range(self.first)]
        body = {"status": "firing", "receiver": "gw", "groupKey": self.group, "alerts": others + self.alerts}
        return json.dumps({**body, "truncatedAlerts": self.left_out}).encode()


WEBHOOKS = some.builds(
    Webhook,
    some.lists(ALERTS, min_size=1, max_size=4) | some.just([{"labels": {}}]),
    some.sampled_from(["", "{}:{}", "{}:{a}"]),
    some.sampled_from([0, 0, 0, 0, 3]),
    some.integers(0, 1),
    some.sampled_from([0] * 9 + [60]),
)
SAID_AGAIN = {"the last one again": 1, "the last three together": 3}
PASSES = some.sampled_from([1 * SECOND, 20 * SECOND, 59 * SECOND, MINUTE, 3 * MINUTE])
DEEDS = some.one_of(
    WEBHOOKS,
    WEBHOOKS,
    WEBHOOKS,
    PASSES,
    some.sampled_from([*SAID_AGAIN, *SAID_AGAIN, "reload", "back up", "restore"]),
)


async def do(gateway: Gateway, deeds: list[Any]) -> list[Any]:
    """Return what there was after each deed: the verdicts, the rows, the counters and the agenda."""
    seen: list[Any] = []
    sent: list[Webhook] = []
    for deed in deeds:
        verdicts: Any = None
        if isinstance(deed, int):
            gateway.now += deed
        elif isinstance(deed, Webhook):
            sent.append(deed)
            verdicts = await take(gateway, sent[-1:])
        elif deed in SAID_AGAIN:
            verdicts = await take(gateway, sent[-SAID_AGAIN[deed] :])
        else:
            gateway.do(deed)
        seen.append((deed, verdicts, *gateway.state()))
    return seen


async def take(gateway: Gateway, webhooks: list[Webhook]) -> list[list[Taken]]:
    """Those of one replica share a commit, in which two webhooks may speak of one alert."""
    verdicts = []
    for number, replica in enumerate(gateway.replicas):
        bodies = [webhook.body for webhook in webhooks if webhook.replica == number]
        verdicts += await asyncio.gather(*[replica.take(body, gateway.now) for body in bodies])
    return verdicts


@settings(max_examples=300)
@given(some.lists(DEEDS, min_size=2, max_size=14))
def test_with_and_without_the_memory_all_is_equal_after_every_webhook(deeds: list[Any]) -> None:
    async def both() -> tuple[list[Any], list[Any]]:
        return await do(Gateway(remembers=True), deeds), await do(Gateway(remembers=False), deeds)

    ours, theirs = asyncio.run(both())
    for with_memory, without in zip(ours, theirs, strict=True):
        assert with_memory == without


async def test_what_is_sent_again_is_known_also_when_it_is_written_that_its_source_spoke() -> None:
    gateway = Gateway(remembers=True)
    told = [name for name in NAMES if name != BEAT]
    body = Webhook([alert(name, "a", 0, None, "bad") for name in told], "{}:{}", 0, 0).body
    replica = gateway.replicas[0]
    for passes in (0, SECOND, 2 * MINUTE, SECOND, 2 * MINUTE):
        gateway.now += passes
        await replica.take(body, gateway.now)

    assert replica.known == 4 * len(told)
    assert replica.intake.lost_races == 0
    assert gateway.store.counted["received"] == 5 * len(told)


async def test_a_heartbeat_is_heard_each_time_wherever_it_stands_in_a_webhook() -> None:
    gateway = Gateway(remembers=True)
    webhook = Webhook([alert(BEAT, "a", 0, None, "bad")], "{}:{}", 0, 0, first=255)
    heard = []
    for _ in range(3):
        await gateway.replicas[0].take(webhook.body, gateway.now)
        heard.append(gateway.store.rows[Table.META]["heartbeat:eu"].value)
        gateway.now += 2 * MINUTE
    assert len(set(heard)) == 3


async def test_an_alert_whose_texts_are_long_is_taken_like_any_other() -> None:
    gateway = Gateway(remembers=True)
    webhook = Webhook([alert("Down", "a", 0, None, "\N{EURO SIGN}" * 30_000)], "{}:{}", 0, 0)
    for _ in range(3):
        await gateway.replicas[0].take(webhook.body, gateway.now)
        gateway.now += 2 * MINUTE
    assert gateway.replicas[0].known == 2
    assert gateway.store.counted["received"] == 3


async def test_two_webhooks_that_know_an_alert_as_it_was_at_two_times_leave_its_row_whole() -> None:
    ours, theirs = Gateway(remembers=True), Gateway(remembers=False)
    of_a, of_b = (Webhook([alert("Down", source, 0, None, "bad")], "{}:{}", 0, 0) for source in "ab")
    for gateway in (ours, theirs):
        replica = gateway.replicas[0]
        await replica.take(of_a.body, gateway.now)
        gateway.now += 50 * SECOND
        await replica.take(of_b.body, gateway.now)
        gateway.now += 20 * SECOND
        await asyncio.gather(*[replica.take(webhook.body, gateway.now) for webhook in (of_a, of_b)])
    assert ours.state() == theirs.state()


async def test_what_a_group_leaves_out_is_noted_beside_repeats() -> None:
    ours, theirs = Gateway(remembers=True), Gateway(remembers=False)
    known = Webhook([alert("Down", "a", 0, None, "bad")], "{}:{}", 0, 0)
    cut_short = Webhook([{"labels": {}}], "{}:{a}", 3, 0)
    for gateway in (ours, theirs):
        replica = gateway.replicas[0]
        for webhooks in ((known,), (known, cut_short)):
            await asyncio.gather(*[replica.take(webhook.body, gateway.now) for webhook in webhooks])
    assert ours.state() == theirs.state()


async def test_a_repeat_of_a_group_that_another_webhook_cuts_short_is_read() -> None:
    ours, theirs = Gateway(remembers=True), Gateway(remembers=False)
    ended = [alert("Slow", "a", 0, end, "bad") for end in (None, 40)]
    known = Webhook([alert("Down", "a", 0, None, "bad"), *ended], "{}:{a}", 0, 0)
    for gateway in (ours, theirs):
        for webhooks in ([known], [known, Webhook([{"labels": {}}], "{}:{a}", 3, 0)]):
            await take(gateway, webhooks)
    assert ours.state() == theirs.state()
