"""What the gateway does when something around it, or in it, breaks: it says so, goes on, and loses nothing."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from gateway import app as composition
from gateway.config.environment import Environment
from gateway.config.secrets import EnvironmentSecrets
from gateway.decisions.intake.correlate import Correlator
from gateway.decisions.policy import Policy
from gateway.errors import BadSettings, StateUnavailable
from gateway.intake.group_commit import GroupCommit
from gateway.model.changes import Changes, Claimed, Committed
from gateway.model.lanes import LaneRule
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from gateway.reconcile import Reconciler
from gateway.rules.compiled import load_or_refuse
from gateway.rules.reloader import Listeners, RulesReloader
from gateway.runtime import background
from gateway.runtime.store import open_store
from gateway.state.shards import Shards
from gateway.storage.connections import connect
from gateway.storage.memory import MemoryStore
from gateway.telemetry.metrics import Metrics
from tests.app.conftest import RULES, Running, Starter
from tests.support.build import START, rulebook, seen
from tests.support.processes import alert
from tests.support.replicated import Sentinel, Server
from tests.support.world import World


def test_a_secret_whose_file_has_gone_is_missing_and_no_fault(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("open-sesame")
    secrets = EnvironmentSecrets(Environment({"PAY_KEY_FILE": str(tmp_path / "key")}), b"k")
    assert secrets.secret("PAY_KEY") == "open-sesame"
    (tmp_path / "key").unlink()
    assert secrets.secret("PAY_KEY") is None


@pytest.mark.parametrize("url", ["http://redis:6379", "redis://:sesame@host:port", "redis://:sesame@[::1", "sesame"])
def test_an_address_that_is_none_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(BadSettings, match="GATEWAY_REDIS_URL") as caught:
        connect(url)
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize("kind", ["cluster", "sentinel"])
async def test_a_server_of_another_kind_is_refused_at_start_and_not_waited_for(tmp_path: Path, kind: str) -> None:
    node = Server(tmp_path, "--cluster-enabled", "yes")
    server = node if kind == "cluster" else Sentinel(tmp_path, node, ("", ""), None)
    server.start()
    try:
        server.ready()
        environment = Environment({"GATEWAY_REDIS_URL": f"redis://{server.place}"})
        with pytest.raises(BadSettings, match=rf"GATEWAY_REDIS_URL: it is a .*: write redis\+{kind}://"):
            async with open_store(environment.settings):
                pass
    finally:
        server.kill()


async def test_background_work_that_a_fault_ends_is_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "RESTART_SECONDS", 0)
    begun, again = [], asyncio.Event()

    async def work() -> None:
        begun.append(True)
        if len(begun) == 1:
            raise ValueError("a fault of ours")
        again.set()
        await asyncio.Event().wait()

    async with AsyncExitStack() as stack:
        background.background(stack, work)
        await asyncio.wait_for(again.wait(), 5)
    assert len(begun) == 2


class Late(MemoryStore):
    """A claim that is answered only after the end was asked for."""

    reconciler: Reconciler

    async def claim(self, limit: int, lease: int, lanes: LaneRule) -> Claimed:
        found = await super().claim(limit, lease, lanes)
        if found.claims:
            self.reconciler.stop()
        return found


async def test_what_was_claimed_when_the_end_came_is_finished_and_no_lease_is_left() -> None:
    world = World(rulebook(Route("everything", BUILT_IN, notify=("chat",), group_wait=0)))
    store = Late(lambda: START)
    world.reconciler.context.store = store
    store.reconciler = world.reconciler
    intake = GroupCommit(store, Correlator(rulebook()), woken=lambda: None, taken=lambda *_: None)
    await intake.accept([seen()], [])
    await asyncio.wait_for(world.reconciler.run(), 5)
    assert not store._agenda._leases


class Hiccups(MemoryStore):
    """Away once, for each of what the tests ask."""

    away = 1

    async def page(self, *arguments: object) -> object:  # type: ignore[override]
        self._hiccup()
        return await super().page(*arguments)  # type: ignore[arg-type]

    async def commit(self, changes: Changes) -> Committed:
        self._hiccup()
        return await super().commit(changes)

    def _hiccup(self) -> None:
        if self.away:
            self.away -= 1
            raise StateUnavailable("away")


async def test_a_reload_that_the_store_interrupts_is_finished_by_the_next_look(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES)
    used: list[Policy] = []
    listeners = Listeners(lambda new, _generation: used.append(new.policy), lambda _bad: None, lambda *_: None)
    reloader = RulesReloader(rules, load_or_refuse(rules, START), Shards([Hiccups(lambda: START)]), listeners, lambda: START)
    rules.write_text(RULES.replace("everything", "all"))
    with pytest.raises(StateUnavailable):
        await reloader.reload()
    assert used == []
    assert await reloader.reload()
    assert used[-1] is reloader.in_force.policy
    assert [route.name for route in used[-1].rules.routes] == ["all"]


async def test_files_with_errors_show_in_the_metrics_and_in_health(starter: Starter) -> None:
    running = await starter.start()
    (running.folder / "rules.yaml").write_text("routes: [{nam: x}]")
    assert not await running.gateway.reloader.reload()
    assert running.gateway.metrics.registry.get_sample_value("gateway_rules_rejected") == 1
    health = (await running.ask("/health")).json()
    assert health["status"] == "degraded"
    assert any("unknown key `nam`" in worry for worry in health["worries"])


async def test_a_store_that_is_away_is_the_first_worry(app: Running) -> None:
    async def away() -> dict[str, int]:
        raise StateUnavailable("away")

    app.gateway.auditor.shards.counters = away  # type: ignore[method-assign]
    await app.gateway.auditor.look()
    assert (await app.ask("/health")).json()["worries"][0].startswith("the store does not answer")


async def test_what_goes_to_quarantine_is_counted_as_an_observation(app: Running) -> None:
    await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z"), {"labels": "none", "status": "firing"})
    counted = app.gateway.metrics.registry.get_sample_value(
        "gateway_observations_total", {"outcome": "quarantined", "reason": "malformed"}
    )
    assert counted == 1


def test_metrics_start_without_rejected_rules() -> None:
    assert Metrics().registry.get_sample_value("gateway_rules_rejected") == 0


async def test_a_start_that_was_told_to_end_ends_though_a_library_swallowed_that(starter: Starter) -> None:
    began = False

    async def start() -> None:
        nonlocal began
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        async with composition.running(starter.environment()):
            began = True

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(start())
    assert not began
