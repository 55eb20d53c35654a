"""A backup taken under load by the commands of docs/storage.md, restored into a fresh gateway: it goes on
from there.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.sandbox import PagerDutySandbox, SlackSandbox
from tests.support.pages import leads_to_slack
from tests.support.processes import GatewayProcess
from tests.support.replicated import Server, until
from tests.support.senders import Sender
from tests.support.storm import CHANNELS, Vendors, everybody_told, settled, told_in_slack

STORAGE = (Path(__file__).parents[2] / "docs/storage.md").read_text("utf-8")
BY_FILES, BY_SNAPSHOT = re.findall(r"```sh\n(.*?)```", STORAGE, re.DOTALL)
FIRST = [f"s{number}" for number in range(12)]
OVER, OVER_LATER, FIRING = FIRST[:4], FIRST[4:6], FIRST[6:]
MEANWHILE = [f"s{number}" for number in range(12, 36)]

pytestmark = pytest.mark.long(minutes=1)


@pytest.fixture
async def vendors() -> AsyncIterator[Vendors]:
    async with SlackSandbox.start(channels=CHANNELS) as slack, PagerDutySandbox.start() as pagerduty:
        yield Vendors(slack, pagerduty)


async def run(script: str, **variables: str) -> None:
    shell = await asyncio.create_subprocess_exec(
        "sh", "-c", script, env={"PATH": "/usr/bin:/bin", **variables}
    )
    assert await asyncio.wait_for(shell.wait(), 60) == 0


async def lives_before(gateway: GatewayProcess, vendors: Vendors, script: str, **variables: str) -> Sender:
    """Some alerts are over, some fire, more come while the backup is taken; two end after it."""
    gateway.start()
    await gateway.ready()
    sender = Sender([gateway.url])
    await sender.fire_in_turn(FIRST, 0.05)
    await everybody_told(vendors, len(FIRST))
    await sender.end(OVER)
    await settled_but(gateway, vendors, len(FIRST) - len(OVER))
    await led_to_slack(vendors)
    coming = asyncio.create_task(sender.fire_in_turn(MEANWHILE, 0.05))
    await asyncio.sleep(0.5)
    await run(script, **variables)
    await coming
    await everybody_told(vendors, len(FIRST + MEANWHILE))
    await sender.end(OVER_LATER)
    await settled_but(gateway, vendors, len(FIRST + MEANWHILE) - len(OVER + OVER_LATER))
    return sender


async def settled_but(gateway: GatewayProcess, vendors: Vendors, firing: int) -> None:
    async with asyncio.timeout(60):
        while sum(one.open for one in vendors.pagerduty.incidents) != firing or firing != firing_messages(
            vendors
        ):
            await asyncio.sleep(0.2)


async def led_to_slack(vendors: Vendors) -> None:
    """Wait until each open page has its link. An update that waits in a backup opens the page anew, where that has ended
    since: PagerDuty takes it for another trigger.
    """
    async with asyncio.timeout(60):
        while not all(leads_to_slack(page) for page in vendors.pagerduty.incidents if page.open):
            await asyncio.sleep(0.2)


def firing_messages(vendors: Vendors) -> int:
    return sum("Resolved" not in one.text for one in told_in_slack(vendors))


async def goes_on(gateway: GatewayProcess, vendors: Vendors, sender: Sender) -> None:
    """What is said about a restored store in docs/storage.md."""
    gateway.start()
    await gateway.ready()
    known = await services(gateway)
    assert known >= {*OVER_LATER, *FIRING}, "what ended after the backup fires in it"
    assert not known & set(OVER)
    sender.urls = [gateway.url]
    await sender.fire_in_turn([*FIRING, *MEANWHILE], 0.02)  # Alertmanager's next repeat
    await all_told_by(gateway, len(FIRST + MEANWHILE) - len(OVER))
    assert await services(gateway) == {*OVER_LATER, *FIRING, *MEANWHILE}
    forgotten = len(told_in_slack(vendors)) - len(FIRST + MEANWHILE)
    # Fewer: a page has a key that is kept
    forgotten_pages = len(vendors.pagerduty.incidents) - len(FIRST + MEANWHILE)
    assert 0 <= forgotten_pages <= forgotten <= len(MEANWHILE)
    texts = [one.text for one in told_in_slack(vendors)]
    assert all(sum(f" {name} is down" in text for text in texts) == 1 for name in FIRST), texts
    await sender.end([*OVER_LATER, *FIRING, *MEANWHILE])
    await settled([gateway], vendors, left_open=forgotten_pages)
    assert firing_messages(vendors) == forgotten
    assert set(sender.answers) == {200}
    counted = await gateway.metrics()
    assert {value for name, value in counted.items() if name.startswith("gateway_identity_residue")} == {0.0}


async def all_told_by(gateway: GatewayProcess, incidents: int) -> None:
    """By this gateway, in Slack and at PagerDuty: messages of the former one say nothing of it."""
    async with asyncio.timeout(90):
        while (await gateway.metrics()).get('gateway_standing{standing="telling_firing"}') != 2 * incidents:
            await asyncio.sleep(0.5)


async def services(gateway: GatewayProcess) -> set[str]:
    page = await gateway.get("/api/v1/alerts")
    return {one["labels"]["service"] for one in page["items"]}  # type: ignore[attr-defined]


async def test_the_embedded_store_is_saved_under_load_and_restored(vendors: Vendors, tmp_path: Path) -> None:
    first = GatewayProcess(tmp_path / "first", vendors.slack, vendors.pagerduty)
    second = GatewayProcess(tmp_path / "second", vendors.slack, vendors.pagerduty)
    saved = tmp_path / "saved"
    try:
        sender = await lives_before(
            first, vendors, BY_FILES, FROM=str(tmp_path / "first/data"), TO=str(saved)
        )
        first.kill()
        first.kill_store()
        shutil.copytree(saved, tmp_path / "second/data")
        await goes_on(second, vendors, sender)
    finally:
        for one in (first, second):
            one.kill()
            one.kill_store()


async def test_a_server_elsewhere_is_saved_under_load_and_restored(vendors: Vendors, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    old, new = Server(tmp_path / "old"), Server(tmp_path / "new", "--appendonly", "no")
    first = GatewayProcess(
        tmp_path / "first", vendors.slack, vendors.pagerduty, redis_url=f"redis://{old.place}"
    )
    second = GatewayProcess(
        tmp_path / "second", vendors.slack, vendors.pagerduty, redis_url=f"redis://{new.place}"
    )
    saved = tmp_path / "saved"
    try:
        old.start()
        old.ready()
        sender = await lives_before(
            first, vendors, BY_SNAPSHOT, HOST="127.0.0.1", PORT=str(old.port), TO=str(saved)
        )
        first.kill()
        old.kill()
        shutil.copy(saved / "dump.rdb", new.folder)
        new.start()
        new.ready()
        new.ask("CONFIG", "SET", "appendonly", "yes")
        await asyncio.to_thread(
            until, lambda: "aof_enabled:1" in new.ask("INFO", "persistence"), "appended to a file again"
        )
        await goes_on(second, vendors, sender)
    finally:
        for process in (first, second):
            process.kill()
        for server in (old, new):
            server.kill()
