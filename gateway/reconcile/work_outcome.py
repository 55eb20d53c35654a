"""The outcome of the work on a due subject. Its unforeseen errors are caught here alone."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from enum import StrEnum

from gateway.errors import StateUnavailable


class WorkOutcome(StrEnum):
    """The outcome of the work on one subject, or on several plans together."""

    DONE = "done"
    NOT_DONE = "not_done"  # the subject only waited; of plans together: somebody was quicker with one of them
    STORE_AWAY = "store_away"
    FAULT = "fault"  # a fault of ours


@contextmanager
def keeping_faults() -> Iterator[list[Exception]]:
    """Go on after the block, whatever error ended it: the list has that error then."""
    faults: list[Exception] = []
    try:
        yield faults
    except Exception as error:  # noqa: BLE001 - the delivery loop: no subject may stop the others, nor a figure a page
        faults.append(error)


async def outcome_of(work: Awaitable[bool | None]) -> tuple[WorkOutcome, Exception | None]:
    """Do the work, and return what became of it, with the error that ended it."""
    done: bool | None = None
    with keeping_faults() as faults:
        done = await work
    for error in faults:
        away = isinstance(error, StateUnavailable)
        return (WorkOutcome.STORE_AWAY if away else WorkOutcome.FAULT), error
    return (WorkOutcome.NOT_DONE if done is False else WorkOutcome.DONE), None
