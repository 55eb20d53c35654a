"""The parts of the walk on which the gateway's own work fails: its loops, where nobody waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from itertools import count

import pytest

from gateway.model.agenda import NEW_RULES, Subject
from gateway.model.changes import Changes
from gateway.model.digest import digest_cell
from gateway.state import person_names, statistics_sweep
from gateway.storage.connections import connect
from gateway.storage.redis import RedisStore
from tests.monitored.lead_to_reasons import COPIES, WIDE, at, incident_of, opened
from tests.monitored.signals import Item
from tests.monitored.walk import Walk, clauses_of, leads_to
from tests.support.processes import alert
from tests.support.servers import redis_server
from tests.support.slow_line import SlowLine, slow_line

AT_THE_START = (
    "actions/slack_roles.py",
    "actions/slack_sockets.py",
    "reconcile/loop.py: Reconciler.run",
    "rules/",
    "self_monitoring/auditor.py",
    "state/looking.py",
    "state/person_names.py",
    "state/statistics_sweep.py",
)
UNDER_WORK = (
    "reconcile/loop.py: Reconciler._claim",
    "reconcile/loop.py: Reconciler._crashed",
    "reconcile/loop.py: Reconciler._handle_plans",
)
GROUPS = COPIES + "policy: {act: {slack_groups: [S0ONCALL1]}}\n"


MANY = 60  # members: enough for an incident that is planned by itself


async def behind_a_line(walk: Walk, stack: AsyncExitStack) -> tuple[str, SlowLine]:
    """A store of its own, and the line to it."""
    store = stack.enter_context(redis_server("valkey"))
    return store, await stack.enter_async_context(slow_line(store, walk.starter.folder))


@leads_to(*clauses_of(*AT_THE_START))
async def the_store_is_cut_off_as_a_gateway_starts(walk: Walk) -> None:
    async with AsyncExitStack() as stack:
        _, line = await behind_a_line(walk, stack)
        sooner = stack.enter_context(pytest.MonkeyPatch.context())
        # These come by themselves after a minute.
        sooner.setattr(person_names, "KEEP_SECONDS", 0.2)
        sooner.setattr(statistics_sweep, "COUNTED_EVERY_MS", 200)
        line.seconds = 0.1
        await walk.start(GROUPS, GATEWAY_REDIS_URL=line.url, SLACK_APP_TOKEN="xapp-sandbox")
        line.cut()
        (walk.starter.folder / "rules.yaml").write_text(GROUPS + "# changed\n", "utf-8")
        await walk.see(*(item for item in clauses_of(*AT_THE_START) if "give_back" not in item.name))
        await walk.starter.stack.aclose()


@leads_to(*clauses_of(*UNDER_WORK))
async def the_store_is_cut_off_under_work(walk: Walk) -> None:
    async with AsyncExitStack() as stack:
        url, line = await behind_a_line(walk, stack)
        app = await walk.start(WIDE, GATEWAY_REDIS_URL=line.url)
        client = connect(url)
        stack.push_async_callback(client.aclose)
        another, steps = RedisStore(client), count(1)
        await app.webhook(*(alert("wide", starts=at("10:00"), name=f"n{number}") for number in range(MANY)))
        small, large = await opened(walk, "pay"), await incident_of(walk, "wide")

        async def two_plans() -> None:
            plans = (Subject.plan(small), Subject.plan(large))
            await another.commit(Changes(agenda=dict.fromkeys(plans, (await another.now(), 0))))

        async def clock_step() -> None:
            # The store's clock was set back, and another replica has believed it.
            offset = next(steps) * 10_000
            now = await another.now()
            step = ("clock", f"0{now + offset}", "time", f"{offset} {now} believed")
            await client.ask("HSET", another.keys["meta"], *step)

        claiming, planning, _ = clauses_of(*UNDER_WORK)
        await cut_off(walk, line, small, two_plans, planning)
        await cut_off(walk, line, str(NEW_RULES), clock_step, claiming)
        await another.commit(Changes(put={digest_cell("shop"): b"no record"}))
        line.seconds = 0.5  # the time in which the fault is found, and the store asked what time it is
        await another.commit(Changes(agenda={Subject.digest("shop"): (await another.now(), 0)}))
        await app.until(lambda: "subject_failed" in walk.lines())
        line.cut()
        await walk.see()


async def cut_off(
    walk: Walk, line: SlowLine, asked: str, cause: Callable[[], Awaitable[None]], clause: Item
) -> None:
    """Cut the line when the gateway asks for something because of `cause`, until it does so in this clause."""
    while clause.name not in walk.entered.clauses:
        line.mend()
        await quiet(walk)
        line.cut_at = asked.encode()
        await cause()
        await walk.app.until(lambda: line.is_cut)
        await asyncio.sleep(0.1)
    line.mend()


async def quiet(walk: Walk) -> None:
    """Wait until all that is due is worked off, also what was left where the line was cut."""
    before = -1
    while (now := len(walk.lines()["subject_worked_off"])) != before:
        before = now
        await asyncio.sleep(1.5)
