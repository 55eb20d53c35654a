"""Alerts of one kind share a row where one thing tells them apart; whatever else differs keeps a row each."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.model.durations import MINUTE
from gateway.model.notification import AlertLine, Notification
from gateway.model.severity import Severity
from gateway.model.worded import FiringTimes
from gateway.outbound.alert_rows import alert_rows
from tests.outbound.notifications import notification
from tests.support.build import START


def line(thing: str = "", name: str = "HighErrorRate", **more: Any) -> AlertLine:
    plain = AlertLine(name, Severity.CRITICAL, more.pop("labels", {}), "", START, None, thing=thing)
    return msgspec.structs.replace(plain, **more)


def disk(machine: str, mountpoint: str, device: str) -> AlertLine:
    return line(f"{machine} {mountpoint} ({device})", labels={"mountpoint": mountpoint, "device": device})


def rows(*lines: AlertLine) -> list[str]:
    shown = msgspec.structs.replace(notification(), lines=lines, started_at=START, where={})
    return [row.text for row in alert_rows(shown, 4)]


def pods(*numbers: int, **more: Any) -> list[AlertLine]:
    return [line(f"shop/cart-{number}", scope="shop", **more) for number in numbers]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(
            [*pods(0, 1, 2, 3), line("shop/frontend", scope="shop")],
            ["🔴 HighErrorRate ×5: cart-0…3, frontend"],
            id="things of one namespace",
        ),
        pytest.param(
            [line("shop/cart", scope="shop"), line("pay/cart", scope="pay")],
            ["🔴 HighErrorRate ×2: pay/cart, shop/cart"],
            id="things of two namespaces",
        ),
        pytest.param(
            [disk("n7", "/", "sda1"), disk("n7", "/home", "sda2"), disk("n7", "/var", "sda3")],
            ["🔴 HighErrorRate ×3: n7 / (sda1), n7 /home (sda2), n7 /var (sda3)"],
            id="the file systems of one machine, which keep its name",
        ),
        pytest.param(
            [line("eu/n7 /a (b)", scope="eu"), line("eu/n8 /c (d)", scope="eu")],
            ["🔴 HighErrorRate ×2: n7 /a (b), n8 /c (d)"],
            id="file systems of machines of one cluster",
        ),
        pytest.param(
            [line("images/one:1"), line("images/two:2")],
            ["🔴 HighErrorRate ×2: images/one:1, images/two:2"],
            id="names that hold a slash and stand in no namespace",
        ),
        pytest.param(
            [line("shop/cart", labels={"code": code, "verb": "GET"}) for code in ("500", "503")],
            ["🔴 HighErrorRate ×2: code=500, 503"],
            id="one label of one thing",
        ),
        pytest.param(
            [line(f"eu/n{node}", labels={"node": f"n{node}"}) for node in ("07", "08", "09", "10")],
            ["🔴 HighErrorRate ×4: node=n07…10"],
            id="one label that is the thing",
        ),
        pytest.param(
            [line("shop/cart", labels={"code": code, "verb": code}) for code in ("1", "2")],
            ["🔴 HighErrorRate code=1 verb=1", "🔴 HighErrorRate code=2 verb=2"],
            id="two labels of one thing",
        ),
        pytest.param(
            [*pods(0), line("shop/pg-0", "PostgresDown")],
            ["🔴 HighErrorRate", "🔴 PostgresDown"],
            id="two kinds",
        ),
        pytest.param(
            [*pods(0, 1), *pods(2, 3, ended_at=START + MINUTE)],
            [
                "🔴 HighErrorRate ×2: cart-0, cart-1",
                "✅ HighErrorRate ×2: cart-2, cart-3, ended after 1m at most",
            ],
            id="what fires and what ended",
        ),
        pytest.param(
            [*pods(0), *pods(1, started_at=START + 3 * MINUTE)],
            ["🔴 HighErrorRate ×2: cart-0, cart-1, the last 3m later"],
            id="the last of them began later",
        ),
        pytest.param(
            pods(0, 1, silenced_after_notify="silenced"),
            ["🔕 HighErrorRate ×2: cart-0, cart-1, silenced"],
            id="silenced",
        ),
        pytest.param(
            pods(0, 1, moved=True),
            ["➡️ HighErrorRate ×2: cart-0, cart-1, told here no longer"],
            id="told elsewhere",
        ),
    ],
)
def test_alerts_share_a_row_where_one_thing_tells_them_apart(
    lines: list[AlertLine], expected: list[str]
) -> None:
    assert rows(*lines) == expected


def test_what_flaps_keeps_its_own_row() -> None:
    flapping = FiringTimes(START, START + MINUTE, None, 3, 10_000)
    assert len(rows(*pods(0), *pods(1, often=flapping))) == 2


def test_every_alert_is_in_one_row() -> None:
    lines = (*pods(*range(50)), line("shop/pg-0", "PostgresDown"), *pods(60, ended_at=START + MINUTE))
    shown: Notification = msgspec.structs.replace(notification(), lines=lines)
    assert sum(row.alerts for row in alert_rows(shown, 4)) == len(lines)
