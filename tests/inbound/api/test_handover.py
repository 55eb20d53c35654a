"""The handover of a running gateway, by its API."""

from __future__ import annotations

from threading import current_thread, main_thread

import pytest

from gateway.actions import handovers
from gateway.decisions.handover import Handover
from tests.support.running_gateway import Running


async def test_the_api_says_what_a_shift_leaves_to_the_next(app: Running) -> None:
    name = await app.told()
    found = (await app.ask("/api/v1/handover")).json()
    assert (found["because"], found["open_count"], found["changed_count"]) == ("the last 12 hours", 1, 0)
    (one,) = found["open"]
    assert (one["incident"], one["who"], [change["what"] for change in one["changes"]]) == (
        name,
        "nobody has it",
        ["opened"],
    )
    refused = await app.ask("/api/v1/handover?since=2020-01-01T00:00:00Z")
    assert refused.status_code == 409
    assert "within the last 7 days" in refused.json()["error"]


async def test_thousands_of_incidents_are_gone_through_aside_of_the_loop(
    app: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_over, threads = handovers.hand_over, []

    def watched(*args: object, **more: object) -> Handover:
        threads.append(current_thread())
        return hand_over(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(handovers, "hand_over", watched)
    assert (await app.ask("/api/v1/handover")).status_code == 200
    assert threads
    assert main_thread() not in threads
