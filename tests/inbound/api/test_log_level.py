"""Who administers changes the log level of a running gateway, for a day at most."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.support.running_gateway import Running, Starter

PATH = "/api/v1/log-level"
ADMIN = {"authorization": "Bearer admin-and-secret"}


@pytest.fixture(autouse=True)
def level_of_before() -> Iterator[None]:
    before = logging.getLogger().level
    yield
    logging.getLogger().setLevel(before)


async def test_it_is_shown_changed_for_a_while_and_said(app: Running) -> None:
    shown = (await app.ask(PATH)).json()
    assert (shown["level"], shown["setting"], shown["until"]) == ("info", "info", None)
    asked = {"level": "debug", "duration": "15m", "by": "ann"}
    changed = (await app.ask(PATH, "POST", json=asked)).json()
    assert (changed["level"], changed["setting"]) == ("debug", "info")
    assert changed["until"]
    assert logging.getLogger().level == logging.DEBUG
    assert (await app.ask(PATH)).json() == changed


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"level": "loud", "by": "ann"}, 400),
        ({"level": "debug", "duration": "25h", "by": "ann"}, 409),
        ({"level": "debug", "duration": "soon", "by": "ann"}, 400),
        ({"level": "debug"}, 409),
    ],
)
async def test_what_is_no_level_or_lasts_too_long_changes_nothing(
    app: Running, asked: dict[str, str], status: int
) -> None:
    assert (await app.ask(PATH, "POST", json=asked)).status_code == status
    assert (await app.ask(PATH)).json()["level"] == "info"


async def test_a_stranger_may_not(starter: Starter) -> None:
    starter.more = {"GATEWAY_ADMIN_TOKEN": "admin-and-secret"}
    app = await starter.start()
    asked = {"level": "debug", "by": "ann"}
    assert (await app.ask(PATH, "POST", json=asked)).status_code == 401
    assert (await app.ask(PATH, "POST", json=asked, headers=ADMIN)).status_code == 200
