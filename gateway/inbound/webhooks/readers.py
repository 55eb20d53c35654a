"""Bodies of webhooks are read here: strictly first, and tolerantly where something in one is otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from gateway.decisions.intake.normalise import Normaliser
from gateway.errors import BadWebhook
from gateway.inbound.webhooks.responses import NOT_A_WEBHOOK_REMEDY, WebhookResponse
from gateway.intake.parse_events import Events, observing_events, read_events_strictly, read_events_tolerantly
from gateway.intake.parse_webhook import Parsed, observing
from gateway.intake.read_body import Body, read_strictly, read_tolerantly
from gateway.intake.repeats import Repeats
from gateway.model.path import Lap, Step
from gateway.model.quarantined import MAX_RAW, Quarantined
from gateway.model.turned_away import EVENTS_PATH, WEBHOOK_PATH

OFF_LOOP_BYTES = 256 * 1024  # to read a longer body tolerantly would keep other requests waiting


class Reader(NamedTuple):
    """The steps of reading one kind of body. `strictly` answers None where `tolerantly` has to be asked.

    `observe` yields what it fills: at once, after every step, and no more when all is read.
    """

    strictly: Callable[[bytes, Normaliser], Any]
    tolerantly: Callable[[bytes], Any]
    observe: Callable[[Any, Normaliser, int, str], Iterator[Parsed]]
    of_events: bool = False

    async def read(
        self, body: bytes, normaliser: Normaliser, now: Callable[[], int], trace: str, lap: Lap
    ) -> tuple[Parsed, WebhookResponse | None]:
        """Read a body; one that is no webhook at all is refused, and kept in the quarantine."""
        try:
            content = self.strictly(body, normaliser)
            if content is None:
                off_loop = len(body) > OFF_LOOP_BYTES
                content = (
                    await asyncio.to_thread(self.tolerantly, body) if off_loop else self.tolerantly(body)
                )
            lap(Step.RECEIVE)
            steps = self.observe(content, normaliser, now(), trace)
            parsed = next(steps)
            for _ in steps:
                # Between two steps of a large body other requests have their turn.
                await asyncio.sleep(0)
            lap(Step.NORMALISE)
        except BadWebhook as error:  # the sender never sends it again, so its body is kept for people to read
            source = normaliser.source.name
            quarantined = Quarantined(
                source,
                error.field,
                error.message,
                body[:MAX_RAW],
                whole=True,
                event=self.of_events,
            )
            refusal = WebhookResponse(400, "not_a_webhook", str(error), error.field, NOT_A_WEBHOOK_REMEDY)
            return Parsed(source, [], [quarantined]), refusal
        return parsed, None


def readers(repeats: Repeats) -> dict[str, Reader]:
    """Return the reader of each path. `repeats` knows what was sent before."""

    def read_webhook(body: bytes, normaliser: Normaliser) -> Body | None:
        return read_strictly(body, repeats.of(normaliser))

    def read_events(body: bytes, _: Normaliser) -> Events | None:
        return read_events_strictly(body)

    return {
        WEBHOOK_PATH: Reader(read_webhook, read_tolerantly, observing),
        EVENTS_PATH: Reader(read_events, read_events_tolerantly, observing_events, of_events=True),
    }
