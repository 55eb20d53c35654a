"""The outcome of the work on a due subject. Its unforeseen errors are caught here alone."""

from __future__ import annotations

from collections.abc import Awaitable
from enum import StrEnum

from gateway.errors import StateUnavailable


class WorkOutcome(StrEnum):
    """The outcome of the work on one subject, or on several plans together."""

    DONE = "done"
    NOT_DONE = "not_done"  # the subject only waited; of plans together: somebody was quicker with one of them
    STORE_AWAY = "store_away"
    FAULT = "fault"  # a fault of ours


async def outcome_of(work: Awaitable[bool | None]) -> tuple[WorkOutcome, Exception | None]:
    """Do the work, and return what became of it, with the error that ended it."""
    try:
        done = await work
    except StateUnavailable as error:
        return WorkOutcome.STORE_AWAY, error
    except Exception as error:  # noqa: BLE001 - the delivery loop: one subject must not stop the others
        return WorkOutcome.FAULT, error
    return (WorkOutcome.NOT_DONE if done is False else WorkOutcome.DONE), None
