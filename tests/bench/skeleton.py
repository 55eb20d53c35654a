"""What a new alert would take at least if a process believed its own state, step by step (ADR 35): nothing is read from the
store, and each webhook is one entry of a log there. It is no gateway: incidents, plans and HTTP are left out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from statistics import median
from typing import TypeVar

import msgspec
import redis

from gateway.decisions.intake.deduplicate import observe
from gateway.decisions.intake.normalise import Normaliser
from gateway.intake import parse_webhook
from gateway.intake.parse_webhook import Parsed
from gateway.intake.read_body import read_strictly
from gateway.model.alert import Alert
from gateway.model.rules.rulebook import LabelRules
from tests.bench.bench import Bench, Taker, beside
from tests.bench.ingestion import RULES
from tests.bench.load import Labels, batches, cpu, labels, webhook_of
from tests.bench.pairs import PAIRS
from tests.support.build import START
from tests.support.servers import redis_server

ALERTS, AT_ONCE = 20_000, 100
DURABLE = ("--appendonly", "yes", "--appendfsync", "always")
Made = TypeVar("Made")

_pack = msgspec.msgpack.Encoder().encode


class Steps:
    """The µs of CPU an alert of each step, run by run."""

    def __init__(self) -> None:
        self.taken: dict[str, list[float]] = {}

    def add(self, name: str, seconds: float, alerts: int) -> None:
        self.taken.setdefault(name, []).append(seconds / alerts * 1e6)

    def timed(self, name: str, alerts: int, work: Callable[[], Made]) -> Made:
        began = time.process_time()
        made = work()
        self.add(name, time.process_time() - began, alerts)
        return made


async def skeleton(bench: Bench) -> None:
    size = bench.count(ALERTS)
    async with bench.both("skeleton", RULES) as (ours, theirs):

        async def measure(taker: Taker, pair: int) -> float:
            return await taker.cost(_alerts(pair, size))

        await beside("today", ours, theirs, measure)
    steps = Steps()
    with redis_server("valkey", *DURABLE) as url:
        store = redis.Redis.from_url(url)
        pid = int(store.info("server")["process_id"])
        for pair in range(PAIRS):
            _run(steps, store, pid, [webhook_of(batch) for batch in _alerts(pair, size)], size)
    for name, costs in steps.taken.items():
        print(f"  {name:64} {median(costs):9.1f}")
    print(f"  {'all of it':64} {sum(map(median, steps.taken.values())):9.1f}")


def _alerts(pair: int, size: int) -> Iterator[Sequence[Labels]]:
    return batches((labels(number, f"bones{pair}") for number in range(size)), AT_ONCE)


def _run(steps: Steps, store: redis.Redis, pid: int, bodies: Sequence[bytes], alerts: int) -> None:
    normaliser = Normaliser(LabelRules())
    read = steps.timed("read", alerts, lambda: [read_strictly(body) for body in bodies])
    parsed = steps.timed(
        "normalise", alerts, lambda: [parse_webhook.observe(body, normaliser, START) for body in read if body]
    )
    steps.timed("decide by what is believed", alerts, lambda: _decide(parsed))
    entries = steps.timed(
        "pack an entry", alerts, lambda: [_pack(webhook.observations) for webhook in parsed]
    )
    before = cpu([pid])
    steps.timed("append it, in the process", alerts, lambda: _append(store, entries))
    steps.add("append it, in the store", cpu([pid]) - before, alerts)


def _decide(parsed: Iterable[Parsed]) -> dict[str, Alert]:
    believed: dict[str, Alert] = {}
    for webhook in parsed:
        for seen in webhook.observations:
            after, _, _ = observe(believed.get(seen.alert), seen, START)
            if after is not None:
                believed[seen.alert] = after
    return believed


def _append(store: redis.Redis, entries: Iterable[bytes]) -> None:
    for entry in entries:
        store.xadd("log", {"entry": entry})
