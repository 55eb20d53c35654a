"""`gateway log-level`: shown, changed for a while, and said."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest

from tests.support.command_line import ADMIN, Beside, Gateway


@pytest.fixture(autouse=True)
def level_of_before() -> Iterator[None]:
    before = logging.getLogger().level
    yield
    logging.getLogger().setLevel(before)


async def test_it_is_shown_and_changed(beside: Beside) -> None:
    async def run(*options: str) -> str:
        variables = {"GATEWAY_URL": beside.url, "GATEWAY_ADMIN_TOKEN": ADMIN}
        done = await asyncio.to_thread(beside.gateway, "log-level", *options, **variables)
        assert done.code == 0, done.err
        return done.out

    assert (await run()).endswith(" logs from info on\n")
    changed = await run("debug", "--for", "15m", "--by", "ann")
    assert " logs from debug on until 20" in changed
    assert changed.endswith(", then from info on\n")
    assert (await run("error", "--by", "ann")).endswith("until it is restarted; GATEWAY_LOG_LEVEL is info\n")


def test_a_time_without_a_level_is_asked_back(gateway: Gateway) -> None:
    done = gateway("log-level", "--for", "15m")
    assert (done.code, "which level? gateway log-level debug --for 15m" in done.err) == (2, True)


def test_without_a_user_whoever_changes_it_has_to_say_so(gateway: Gateway) -> None:
    done = gateway("log-level", "debug", USER="", GATEWAY_ADMIN_TOKEN=ADMIN)
    assert (done.code, "who does it? Add --by NAME: no USER is set here" in done.err) == (2, True)
