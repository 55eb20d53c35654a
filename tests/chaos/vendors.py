"""Vendors that fail in every way: both of them, every call or some, and then they are well again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from gateway.sandbox import Fault, FaultKind
from tests.chaos.figures import Figures, Goals
from tests.chaos.kind import Kind
from tests.chaos.relay import Answer, Relay, captive_portal
from tests.chaos.stage import PAGERDUTY, SLACK, Stage
from tests.support.hostile_peers import dribbled_body

ALERTS = 32
BEFORE = 5.0  # seconds in which the vendors are well
AWAY = 15.0  # seconds
NO_READING = 90.0  # seconds; a look that fails for a minute is given up
ABSENT = Goals(page=None)
LIMITED = Goals(page=10.0)
# A call has 8 s for its answer. What was not answered is repeated: a page under its key, a message after a read-back of
# 16 s, and now and then that is not answered either.
SOME_UNANSWERED = Goals(page=10.0, message=45.0)

Play = Callable[[Stage], Awaitable[Figures]]


def every_call(*faults: Fault) -> Play:
    """Play a time in which every call of both vendors fails like this."""

    async def play(stage: Stage) -> Figures:
        await stage.start()
        return await away(stage, lambda: faulty(stage, *faults), lambda: cleared(stage))

    return play


def some_calls(*faults: Fault) -> Play:
    """Play vendors that are there, and fail like this now and then."""

    async def play(stage: Stage) -> Figures:
        await stage.start()
        faulty(stage, *faults)
        await stage.alerts(ALERTS)
        await stage.all_told()
        cleared(stage)
        return await stage.over()

    return play


def answered_by(answer: Answer) -> Play:
    """Play a network that answers in the place of both vendors."""

    async def play(stage: Stage) -> Figures:
        vendors = stage.vendors
        pagerduty = await stage.stack.enter_async_context(Relay(vendors.pagerduty.events_url).running())
        slack = await stage.stack.enter_async_context(Relay(vendors.slack.url).running())
        more = {"PAGERDUTY_EVENTS_URL": pagerduty.url, "SLACK_API_URL": slack.url}
        await stage.start(more=lambda place: more)

        def set_answer(chosen: Answer | None) -> None:
            pagerduty.answer = slack.answer = chosen

        return await away(stage, lambda: set_answer(answer), lambda: set_answer(None))

    return play


async def away(stage: Stage, begin: Callable[[], None], end: Callable[[], None]) -> Figures:
    firing = asyncio.create_task(stage.alerts(ALERTS))
    await asyncio.sleep(BEFORE)
    with stage.away(PAGERDUTY, SLACK):
        begin()
        await asyncio.sleep(AWAY)
        end()
    await firing
    return await stage.over()


def faulty(stage: Stage, *faults: Fault) -> None:
    stage.vendors.slack.faults.add(*faults)
    stage.vendors.pagerduty.faults.add(*faults)


def cleared(stage: Stage) -> None:
    stage.vendors.slack.faults.clear()
    stage.vendors.pagerduty.faults.clear()


async def cannot_be_read(stage: Stage) -> Figures:
    """Slack posts, says nothing now and then, and cannot be asked whether it did."""
    await stage.start()
    with stage.away(SLACK):
        stage.vendors.slack.faults.add(
            Fault(FaultKind.STATUS, method="conversations.*", status=500),
            Fault(FaultKind.CUT_AFTER, method="chat.postMessage", probability=0.2),
        )
        await asyncio.gather(stage.alerts(ALERTS), asyncio.sleep(NO_READING))
        cleared(stage)
    return await stage.over()


KINDS = [
    Kind("vendor-hang", "PagerDuty and Slack take every call and say nothing, for 15 s", every_call(Fault(FaultKind.HANG)), ABSENT, short=True),
    Kind("vendor-dribble", "they answer a byte every 20 ms and never come to an end, for 15 s", answered_by(dribbled_body), ABSENT),
    Kind("vendor-500", "they answer every call with 500 for 15 s; half of the calls are done all the same", every_call(Fault(FaultKind.STATUS, status=500, probability=0.5, acts=True), Fault(FaultKind.STATUS, status=500)), ABSENT),
    Kind("vendor-html", "a network answers in their place with 200 and a page that asks to sign in, for 15 s", answered_by(captive_portal), ABSENT),
    Kind("vendor-reset", "every connection breaks for 15 s, half of them after the call was done", every_call(Fault(FaultKind.CUT_AFTER, probability=0.5), Fault(FaultKind.CUT_BEFORE)), ABSENT),
    Kind("vendor-some-fail", "a tenth of the calls fails all the while: 500, resets before and after, done late", some_calls(Fault(FaultKind.STATUS, probability=0.04, status=500), Fault(FaultKind.CUT_BEFORE, probability=0.02), Fault(FaultKind.CUT_AFTER, probability=0.02), Fault(FaultKind.LATE, probability=0.02, seconds=2)), SOME_UNANSWERED),
    Kind("vendor-429", "one call in twenty is answered 429 with Retry-After: 2, all the while", some_calls(Fault(FaultKind.RATE_LIMIT, probability=0.05, retry_after=2)), LIMITED),
    Kind("vendor-429-silent", "one call in twenty is answered 429 without Retry-After, all the while", some_calls(Fault(FaultKind.RATE_LIMIT, probability=0.05, retry_after=0)), LIMITED, short=True),
    Kind("vendor-429-often", "one call in five is answered 429 without Retry-After, all the while", some_calls(Fault(FaultKind.RATE_LIMIT, probability=0.2, retry_after=0)), LIMITED),
    Kind("vendor-429-all", "every call is answered 429 without Retry-After for 15 s", every_call(Fault(FaultKind.RATE_LIMIT, retry_after=0)), LIMITED),
    Kind("vendor-no-reading", "Slack's history fails for 90 s, and a fifth of its posts is done without an answer", cannot_be_read),
]  # fmt: skip
