"""Requests without a token are logged with who sent them, and a flood of them fills no log."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.inbound import log_window
from gateway.inbound.log_window import LINES_A_MINUTE
from gateway.inbound.webhooks.unknown_senders import UnknownSenders, path_shown, sender_of
from gateway.model.turned_away import MAX_USER_AGENT, Sender, TurnedAwayReason
from tests.support.webhook_endpoint import Taker

UNAUTHORIZED, NOT_FOUND = TurnedAwayReason.UNAUTHORIZED, TurnedAwayReason.NOT_FOUND


def scope(
    address: str = "10.0.0.7", agent: bytes = b"Alertmanager/0.28.1", path: str = "/hook"
) -> dict[str, Any]:
    headers = [(b"user-agent", agent)] if agent else []
    return {"method": "POST", "path": path, "client": (address, 4711), "headers": headers}


async def test_a_line_says_who_sent_what_where() -> None:
    taker = Taker()
    with capture_logs() as lines:
        UnknownSenders(taker.note).turned_away(scope(), 404, NOT_FOUND)
    assert lines == [
        {
            "event": "webhook_refused",
            "log_level": "warning",
            "status": 404,
            "reason": "not_found",
            "method": "POST",
            "path": "/hook",
            "address": "10.0.0.7",
            "user_agent": "Alertmanager/0.28.1",
        }
    ]
    (noted,) = taker.turned_away
    assert (noted.source, noted.reason, noted.sender, noted.error) == (
        "",
        "not_found",
        Sender("10.0.0.7", "Alertmanager/0.28.1"),
        "POST /hook",
    )


@pytest.mark.parametrize(
    ("agent", "shown"),
    [
        pytest.param(b"", "", id="none"),
        pytest.param(b"a\x1b[31mred", "ared", id="an escape for terminals"),
        pytest.param(b"x" * 5_000, "x" * (MAX_USER_AGENT - 1) + "…", id="one without end"),
        pytest.param("käse".encode(), "kÃ¤se", id="bytes that are not ASCII"),
    ],
)
def test_who_sends_is_one_short_harmless_line(agent: bytes, shown: str) -> None:
    assert sender_of(scope(agent=agent)).user_agent == shown


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_a_probe_of_a_load_balancer_loses_no_alert_and_is_told_to_nobody(method: str) -> None:
    taker = Taker()
    with capture_logs() as lines:
        probe = scope(path="/webhooks/alertmanager") | {"method": method}
        UnknownSenders(taker.note).turned_away(probe, 405, TurnedAwayReason.METHOD)
    assert (lines, taker.turned_away) == ([], [])


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        pytest.param("/webhooks/alertmanager/", "/webhooks/alertmanager", id="a slash too many"),
        pytest.param("/webhooks/alertmanager/hunter", "/webhooks/alertmanager/…", id="a token behind ours"),
        pytest.param(
            "/webhooks/alertmanager/events/a/b", "/webhooks/alertmanager/events/…", id="two of them"
        ),
        pytest.param("/hooks/9f86d081884c7d65/in", "/hooks/…/in", id="a token behind another path"),
        pytest.param("/webhook/" + "abcdefgh" * 5, "/webhook/…", id="a long token of letters"),
        pytest.param("/webhooks/alertmanger", "/webhooks/alertmanger", id="a slip of the pen"),
        pytest.param("/api/v2/alerts", "/api/v2/alerts", id="the API of an Alertmanager"),
        pytest.param("/grafana-on-call/a.b_c", "/grafana-on-call/a.b_c", id="words with marks in them"),
        pytest.param("/a\x1b[31m", "/…", id="an escape for terminals"),
        pytest.param("/a" * 5_000, "/a" * 99 + "/…", id="one without end"),
        pytest.param("/hook/QWxhZGRpbjpvcGVu", "/hook/…", id="a short token of letters"),
        pytest.param("/api/alertHook", "/api/alertHook", id="a word with a hump"),
    ],
)
def test_a_path_is_shown_without_what_may_be_a_secret(path: str, shown: str) -> None:
    assert path_shown(path) == shown


def test_a_sender_on_a_socket_has_no_address() -> None:
    assert sender_of({"client": None, "headers": []}) == Sender("", "")


async def test_beyond_sixty_lines_a_minute_there_is_one_with_the_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_window, "WINDOW_SECONDS", 0.05)
    taker = Taker()
    senders = UnknownSenders(taker.note)
    with capture_logs() as lines:
        for number in range(LINES_A_MINUTE + 500):
            senders.turned_away(scope(f"10.0.{number % 40}.1"), 401, UNAUTHORIZED)
        senders.turned_away(scope("10.0.0.1"), 404, NOT_FOUND)
        assert len(lines) == LINES_A_MINUTE
        await asyncio.sleep(0.1)
        senders.turned_away(scope(), 401, UNAUTHORIZED)
    total, last = lines[LINES_A_MINUTE:]
    assert (total["event"], total["requests"], total["statuses"]) == (
        "webhooks_refused",
        501,
        {"401": 500, "404": 1},
    )
    assert len(total["addresses"]) == 10
    assert last["event"] == "webhook_refused", "the next minute has lines again"
    assert len(taker.turned_away) == LINES_A_MINUTE + 502, "each is counted"


async def test_a_quiet_minute_writes_no_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_window, "WINDOW_SECONDS", 0.01)
    lines: list[MutableMapping[str, Any]]
    with capture_logs() as lines:
        UnknownSenders(Taker().note).turned_away(scope(), 401, UNAUTHORIZED)
        await asyncio.sleep(0.05)
    assert [line["event"] for line in lines] == ["webhook_refused"]
