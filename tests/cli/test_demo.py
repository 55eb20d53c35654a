"""The demo: a storm is played against the real gateway and local vendors, told in few words, and cleaned up
after.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from gateway.cli import demo, demo_scene
from gateway.clock import utc_now
from gateway.sandbox.storm import storm
from tests.support.patience import PATIENCE
from tests.support.servers import free_port

pytestmark = [
    pytest.mark.long,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.usefixtures("logging_as_before"),
]

SPEED = 200.0
SUMMARY = re.compile(
    r"demo: (?P<webhooks>\d+) webhooks with (?P<alerts>\d+) alerts in, (?P<messages>\d+) messages? and (?P<pages>\d+) pages? out;"
    r" (?P<open>\d+) pages left open, books off by (?P<off>\d+)"
)


@dataclass
class Performance:
    """What the demo printed, and what the vendors' own pages knew when the summary was said."""

    folder: Path
    lines: list[str] = field(default_factory=list)
    slack: dict[str, object] = field(default_factory=dict)
    pagerduty: dict[str, object] = field(default_factory=dict)
    afterwards: dict[str, dict[str, object]] = field(default_factory=dict)  # what was known when it ended
    processes: set[int] = field(default_factory=set)

    @property
    def summary(self) -> dict[str, int]:
        found = SUMMARY.fullmatch(self.lines[-1])
        assert found is not None, self.lines[-1]
        return {name: int(value) for name, value in found.groupdict().items()}

    def url(self, of: str) -> str:
        return next(line.split()[1] for line in self.lines if line.split()[:1] == [of])

    @property
    def pages(self) -> list[dict[str, object]]:
        return self.pagerduty["incidents"]  # type: ignore[return-value]

    @property
    def messages(self) -> list[dict[str, object]]:
        channels: list[dict[str, list[dict[str, object]]]] = self.slack["channels"]  # type: ignore[assignment]
        return [one for channel in channels for one in channel["messages"] if not one["deleted"]]


def processes_in(folder: Path) -> set[int]:
    """Whoever was started with the folder in its arguments, or works in it."""
    found = set()
    for one in Path("/proc").glob("[0-9]*"):
        try:
            told = (one / "cmdline").read_bytes() + os.fsencode((one / "cwd").readlink())
        except OSError:
            continue
        found |= {int(one.name)} if os.fsencode(folder) in told else set()
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def played(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Performance]:
    """The storm, played once for all tests here, on ports of nobody else."""
    seen = Performance(tmp_path_factory.mktemp("demo"))
    patched = pytest.MonkeyPatch()
    patched.setattr(demo_scene, "PORTS", tuple(free_port() for _ in demo_scene.PORTS))
    patched.setattr("tempfile.tempdir", str(seen.folder))
    summary = demo._summary

    async def summed(*arguments: object) -> str:
        seen.processes = processes_in(seen.folder)
        async with httpx.AsyncClient(trust_env=False) as client:
            seen.slack = (await client.get(f"{seen.url('Slack')}_sandbox/state")).json()
            seen.pagerduty = (await client.get(f"{seen.url('PagerDuty')}_sandbox/state")).json()
        return await summary(*arguments)  # type: ignore[arg-type]

    answered_by_people = demo.answered_by_people

    async def answered(*arguments: object) -> bool:
        done = await answered_by_people(*arguments)  # type: ignore[arg-type]
        gateway = seen.url("Gateway").removesuffix("incidents")
        async with httpx.AsyncClient(trust_env=False) as client:
            for name in ("incidents", "silences", "statistics"):
                seen.afterwards[name] = (await client.get(gateway + name)).json()
            pages = await client.get(f"{seen.url('PagerDuty')}_sandbox/state")
        seen.afterwards["pages"] = pages.json()
        return done

    patched.setattr(demo, "_summary", summed)
    patched.setattr(demo, "answered_by_people", answered)
    await asyncio.wait_for(demo.run_demo(seen.lines.append, then_exit=True, speed=SPEED), PATIENCE)
    patched.undo()
    yield seen


async def test_the_last_line_is_the_summary(played: Performance) -> None:
    assert played.summary
    assert sum(line.startswith("demo: ") for line in played.lines) == 1


async def test_everything_of_the_storm_went_in(played: Performance) -> None:
    webhooks = storm(utc_now(), SPEED)
    sent = len([alert for one in webhooks for alert in one.body["alerts"]])  # type: ignore[attr-defined]
    assert (played.summary["webhooks"], played.summary["alerts"]) == (len(webhooks), sent)


async def test_the_sums_are_those_of_the_vendors_pages(played: Performance) -> None:
    assert played.summary["messages"] == len(played.messages)
    assert played.summary["pages"] == len(played.pages)


async def test_hundreds_of_alerts_are_few_messages_and_fewer_pages(played: Performance) -> None:
    found = played.summary
    assert found["alerts"] / found["messages"] > 50
    assert 1 <= found["pages"] <= found["messages"]


async def test_every_page_and_every_message_ends(played: Performance) -> None:
    assert {one["status"] for one in played.pages} == {"resolved"}
    assert played.summary["open"] == 0
    assert all("Resolved" in str(one["content"]) for one in played.messages)


async def test_the_books_balance(played: Performance) -> None:
    assert played.summary["off"] == 0


async def test_the_database_outage_is_one_page(played: Performance) -> None:
    assert len([one for one in played.pages if "PostgresDown" in str(one)]) == 1


async def test_the_watchdog_is_told_to_nobody(played: Performance) -> None:
    assert not [one for one in (*played.messages, *played.pages) if "Watchdog" in str(one)]


async def test_where_to_look_is_said_before_the_storm(played: Performance) -> None:
    first = next(at for at, line in enumerate(played.lines) if "webhooks" in line)
    shown = " ".join(played.lines[:first])
    assert all(
        name in shown
        for name in ("Slack", "PagerDuty", "Mail", "/api/v1/incidents", "/metrics", "gateway.log")
    )


async def test_it_ends_with_one_incident_acknowledged_one_silenced_and_one_labelled_noise(
    played: Performance,
) -> None:
    found = played.afterwards
    (taken,) = [one for one in found["incidents"]["items"] if one["acknowledged"]]  # type: ignore[attr-defined]
    assert ("CheckoutSlow" in str(taken), taken["acknowledged"]["by"]) == (True, "alice")
    (silence,) = found["silences"]["items"]  # type: ignore[misc]
    assert 'alertname="BackupLate"' in silence["matchers"]
    labels = found["statistics"]["total"]["labels"]  # type: ignore[index]
    assert labels["noise_reasons"]["self-healed"] == 1
    assert labels["by_trust"]["person"] == {"actionable": 1, "noise": 1}
    statuses = [page["status"] for page in found["pages"]["incidents"]]  # type: ignore[attr-defined]
    assert sorted(statuses) == ["acknowledged", "resolved", "resolved"]


async def test_who_answered_and_the_statistics_are_printed(played: Performance) -> None:
    printed = "\n".join(played.lines)
    for said in ("Alice acknowledges CheckoutSlow", "Bob silences BackupLate", "It hides 1 of 3 alerts that fire now.",
                 "Chen labels ClockSkew", "3 pages of 3 incidents, 3 calls", "precision"):  # fmt: skip
        assert said in printed


async def test_a_press_that_comes_to_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_scene, "PORTS", tuple(free_port() for _ in demo_scene.PORTS))
    monkeypatch.setattr(demo_scene, "DEFAULT_SECRET", "another")
    monkeypatch.setattr(demo, "storm", lambda *_: [])
    lines: list[str] = []
    assert not await asyncio.wait_for(demo.run_demo(lines.append, then_exit=True, speed=SPEED), PATIENCE)
    assert "  the press of acknowledge was answered 401" in lines


async def test_nothing_is_left_behind(played: Performance) -> None:
    assert [*played.folder.iterdir()] == []
    async with httpx.AsyncClient(trust_env=False) as client:
        for name in ("Slack", "PagerDuty", "Mail", "Gateway"):
            with pytest.raises(httpx.ConnectError):
                await client.get(played.url(name))


async def test_no_process_is_left_behind(played: Performance) -> None:
    assert len(played.processes) == 1  # the store
    assert not processes_in(played.folder)


async def test_ports_that_are_taken_are_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    servers = [await asyncio.start_server(lambda *_: None, "127.0.0.1", 0) for _ in demo_scene.PORTS]
    monkeypatch.setattr(demo_scene, "PORTS", tuple(one.sockets[0].getsockname()[1] for one in servers))
    monkeypatch.setattr(demo, "storm", lambda *_: [])
    lines: list[str] = []
    await asyncio.wait_for(demo.run_demo(lines.append, then_exit=True, speed=SPEED), PATIENCE)
    for one in servers:
        one.close()
    assert lines[-1].startswith("demo: 0 webhooks with 0 alerts in, 0 messages and 0 pages out;")
