"""A preview ends after the time that a person waits, and says what it has not looked at."""

from __future__ import annotations

import pytest

from gateway.actions import silence_preview
from gateway.actions.controls import PreviewedSilence
from gateway.decisions.suppression.silence_request import SilenceRequest
from gateway.model.controls import Rejection
from gateway.model.durations import HOUR
from tests.support.build import START, seen
from tests.support.loop_lag import measured_lag
from tests.support.world import World

COSTLY = 'service=~".*(x|y).{900}"'
VALUE = "abcx y" * 2730  # 16 KiB


async def previewed(world: World, *matchers: str) -> PreviewedSilence:
    found = await world.desk.preview(SilenceRequest(matchers, "anna", ends_at=START + HOUR))
    assert isinstance(found, PreviewedSilence), found
    return found


async def test_a_preview_of_a_costly_pattern_ends_in_time_says_how_many_it_looked_at_and_wants_confirmation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(silence_preview, "PREVIEW_MS", 300)
    world = World()
    await world.webhook(*(seen("Slow", service=f"{number}{VALUE}", severity="info") for number in range(60)))
    async with measured_lag() as lag:
        found = await previewed(world, COSTLY)
    assert lag.work < 0.2
    assert found.preview.looked_at < 60
    assert (found.preview.whole, found.preview.recent_hidden) == (False, found.preview.looked_at)
    assert found.warnings[-1].startswith(
        f"only {found.preview.looked_at} alerts and past episodes were looked at"
    )


async def test_a_preview_of_more_alerts_than_it_looks_at_wants_confirmation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(silence_preview, "MAX_LOOKED_AT", 7)
    world = World()
    await world.webhook(*(seen("Slow", service=f"web{number}", severity="info") for number in range(20)))
    found = await previewed(world, 'service="elsewhere"')
    assert (found.preview.looked_at, found.preview.whole) == (7, False)
    assert found.warnings == (
        "only 7 alerts and past episodes were looked at, for time or number: it may hide more",
    )


async def test_a_preview_that_looked_at_everything_says_so() -> None:
    world = World()
    await world.webhook(*(seen("Slow", service=f"web{number}", severity="info") for number in range(20)))
    found = await previewed(world, 'service="web7"')
    assert (found.preview.looked_at, found.preview.whole, found.warnings) == (20, True, ())


async def test_a_long_value_is_compared_whole() -> None:
    world = World()
    await world.webhook(seen("Slow", service=f"{VALUE}!", severity="info"))
    found = await previewed(world, 'service=~".*[^!]!"')
    assert found.preview.firing_hidden == 1


async def test_patterns_that_take_too_long_to_compile_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silence_preview, "PREVIEW_MS", 20)
    large = "".join(f"[a-{chr(0x4000 + number)}]{{0,999}}" for number in range(20))
    found = await World().desk.preview(SilenceRequest((f'service=~"{large}"',), "anna", ends_at=START + HOUR))
    assert isinstance(found, Rejection)
    assert found.field == "matchers"
