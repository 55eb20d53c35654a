"""Gateways and stores that are killed, frozen and stopped."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from gateway.sandbox import Fault, FaultKind
from gateway.sandbox.vendor import Vendor
from tests.chaos.figures import Figures, Goals
from tests.chaos.kind import KEYED, Kind
from tests.chaos.stage import PATIENCE, Stage
from tests.support.meanwhile import meanwhile
from tests.support.processes import GatewayProcess

ALERTS = 32
EVERY = 4.0  # seconds between two kills
FROZEN = 30.0  # seconds: longer than a lease


@asynccontextmanager
async def again_and_again(stage: Stage, kill: Callable[[], None]) -> AsyncIterator[None]:
    """Kill every few seconds in which all gateways are ready, so that a slow machine sees some work done, too."""

    async def killer() -> None:
        while True:
            await asyncio.sleep(EVERY)
            kill()
            for gateway in stage.gateways:
                await gateway.ready(PATIENCE)

    async with meanwhile(killer()):
        yield


def restart(gateway: GatewayProcess) -> None:
    gateway.kill()
    gateway.start()


async def killed(stage: Stage, kill: Callable[[], None]) -> Figures:
    """Alerts, and a kill every few seconds while they come."""
    async with again_and_again(stage, kill):
        await stage.alerts(ALERTS)
    for gateway in stage.gateways:
        await gateway.ready()
    return await stage.over()


async def gateway_killed(stage: Stage) -> Figures:
    await stage.start()
    return await killed(stage, lambda: restart(stage.gateways[0]))


async def one_of_two_killed(stage: Stage) -> Figures:
    await stage.start(2, stage.redis().url)
    turn = iter(range(1_000_000))
    return await killed(stage, lambda: restart(stage.gateways[next(turn) % 2]))


async def store_killed(stage: Stage) -> Figures:
    store = stage.redis()
    await stage.start(2, store.url)
    return await killed(stage, store.restart)


async def embedded_store_killed(stage: Stage) -> Figures:
    await stage.start()
    return await killed(stage, stage.gateways[0].kill_store)


async def both_killed(stage: Stage) -> Figures:
    await stage.start()

    def kill() -> None:
        stage.gateways[0].kill_store()
        restart(stage.gateways[0])

    return await killed(stage, kill)


async def struck(vendor: Vendor, fault: Fault) -> None:
    """Have the fault strike one call, and return while that call waits for its answer."""
    before = sum(call.fault is fault.kind for call in vendor.calls)
    vendor.faults.add(fault)
    deadline = asyncio.get_running_loop().time() + 60
    while sum(call.fault is fault.kind for call in vendor.calls) == before:
        assert asyncio.get_running_loop().time() < deadline, "no call came"
        await asyncio.sleep(0.005)


async def struck_both(stage: Stage, kind: FaultKind) -> None:
    """Fire alerts, and return while a page and a message of theirs wait for their answers."""
    firing = asyncio.create_task(stage.alerts(4))
    await asyncio.gather(
        struck(stage.vendors.pagerduty, Fault(kind, method="trigger", count=1, seconds=0.2)),
        struck(stage.vendors.slack, Fault(kind, method="chat.postMessage", count=1, seconds=0.2)),
    )
    stage.tasks.append(firing)


async def killed_after_an_intent(stage: Stage) -> Figures:
    """The intents stand in the store and no answer was heard; the vendor does nothing at first, and then what it was asked."""
    await stage.start()
    for kind in (FaultKind.HANG, FaultKind.LATE):
        await struck_both(stage, kind)
        restart(stage.gateways[0])
        await stage.gateways[0].ready(PATIENCE)
        await stage.all_told()  # a second kill would be a second lease to wait for
    return await stage.over()


async def frozen_after_an_intent(stage: Stage) -> Figures:
    """Each gateway freezes with calls under way; the other has to wait for the leases."""
    await stage.start(2, stage.redis().url)
    for gateway, other in (stage.gateways, stage.gateways[::-1]):
        # Alone, so that it is known which gateway has the leases
        await stop(other)
        stage.sender.urls = [gateway.url]
        await struck_both(stage, FaultKind.HANG)
        signalled(gateway, signal.SIGSTOP)
        try:
            other.start()
            await other.ready(PATIENCE)
            stage.sender.urls = [other.url]
            await asyncio.gather(stage.alerts(20), asyncio.sleep(FROZEN))
        finally:
            signalled(gateway, signal.SIGCONT)
        await gateway.ready(PATIENCE)
        await stage.all_told()
    stage.sender.urls = [gateway.url for gateway in stage.gateways]
    return await stage.over()


def signalled(gateway: GatewayProcess, number: signal.Signals) -> None:
    assert gateway.process is not None
    gateway.process.send_signal(number)


async def stop(gateway: GatewayProcess) -> None:
    """Stop it cleanly, as a rollout does."""
    assert await gateway.stop() == 0


async def stopped_in_turn(stage: Stage) -> Figures:
    """What a process that stops cleanly holds is free at once."""
    await stage.start(2, stage.redis().url)
    stopping = True

    async def roll() -> None:
        turn = 0
        while stopping:
            gateway, other = stage.gateways[turn % 2], stage.gateways[1 - turn % 2]
            stage.sender.urls = [other.url]
            await stop(gateway)
            gateway.start()
            await gateway.ready()
            await asyncio.sleep(1)
            turn += 1

    rolling = asyncio.create_task(roll())
    await stage.alerts(ALERTS)
    stopping = False
    await rolling
    return await stage.over()


KINDS = [
    Kind("kill-gateway", "the only gateway is killed (-9) every 4 s and started at once", gateway_killed, KEYED, short=True),
    Kind("kill-one-of-two", "one of two gateways on a Redis is killed every 4 s in turn", one_of_two_killed, KEYED),
    Kind("kill-store", "the Redis of two gateways is killed every 4 s and started at once", store_killed, short=True),
    Kind("kill-embedded-store", "the embedded store is killed every 4 s", embedded_store_killed),
    Kind("kill-both", "the only gateway and its embedded store are killed every 4 s", both_killed, KEYED),
    Kind("kill-after-intent", "killed while a call to PagerDuty or Slack waits for its answer, done or not", killed_after_an_intent, KEYED, short=True),
    Kind("freeze-after-intent", "frozen for 30 s while calls wait for their answers; the other of two goes on", frozen_after_an_intent, KEYED),
    Kind("stop", "two gateways are stopped (SIGTERM) and started in turn", stopped_in_turn, Goals()),
]  # fmt: skip
