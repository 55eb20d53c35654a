"""A running gateway is led through everything that can happen: the series rises, the event is written, its span arrives."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from gateway.telemetry.logging import configure_logging
from tests.monitored.entered import Entered
from tests.monitored.parts import PARTS
from tests.monitored.walk import Part, Walk
from tests.support.otlp_receiver import OtlpReceiver
from tests.support.running_gateway import Starter
from tests.support.traced import receiver, sending_to

__all__ = ["receiver"]
pytestmark = pytest.mark.long


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """The log of everything, as a machine reads it."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    configure_logging("json", "debug", (), stream)
    yield stream
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
async def test_all_that_tells_of_it_is_seen(
    part: Part, receiver: OtlpReceiver, starter: Starter, written: io.StringIO
) -> None:
    starter.more = sending_to(receiver) | {"OTEL_TRACES_SAMPLER": "always_on"}
    walk = Walk(starter, receiver, written, part.items, entered := Entered())
    with entered.watching():
        await part.scenario(walk)
        await walk.see()
