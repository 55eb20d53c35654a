"""A question to PagerDuty's REST API ends in time, with an answer or with the reason why there is none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.model.notification import Refused, Unanswered
from gateway.outbound.network import Network
from gateway.outbound.pagerduty.rest import PagerDutyRest
from gateway.sandbox import Fault, FaultKind, PagerDutySandbox
from gateway.sandbox.pagerduty import DEFAULT_API_TOKEN
from tests.support.patience import PATIENCE


@asynccontextmanager
async def asking(
    pagerduty: PagerDutySandbox, token: str | None = DEFAULT_API_TOKEN, seconds: float = PATIENCE
) -> AsyncIterator[PagerDutyRest]:
    rest = PagerDutyRest(pagerduty.api_url, lambda: token, Network(), seconds)
    try:
        yield rest
    finally:
        await rest.aclose()


@pytest.fixture
async def pagerduty() -> AsyncIterator[PagerDutySandbox]:
    async with PagerDutySandbox.start() as vendor:
        yield vendor


async def test_what_is_asked_for_is_answered(pagerduty: PagerDutySandbox) -> None:
    async with asking(pagerduty) as rest:
        answer = await rest.get("/incidents", {"statuses[]": ["triggered", "acknowledged"], "limit": 70})
    assert isinstance(answer, dict)
    assert (answer["incidents"], answer["limit"]) == ([], 70)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param(Fault(FaultKind.RATE_LIMIT, retry_after=7), "rate_limited", id="too fast"),
        pytest.param(Fault(FaultKind.STATUS, status=502), "server_error", id="a page of an error"),
        pytest.param(Fault(FaultKind.CUT_BEFORE), "cut", id="a connection that breaks"),
        pytest.param(Fault(FaultKind.HANG), "timeout", id="no answer"),
    ],
)
async def test_what_goes_wrong_has_a_reason(pagerduty: PagerDutySandbox, fault: Fault, reason: str) -> None:
    pagerduty.faults.add(fault)
    seconds = 0.5 if fault.kind is FaultKind.HANG else PATIENCE
    async with asking(pagerduty, seconds=seconds) as rest:
        answer = await rest.get("/incidents")
    assert isinstance(answer, Refused | Unanswered)
    assert answer.reason == reason
    assert answer.retry_after == (7_000 if reason == "rate_limited" else 0)


async def test_a_token_that_is_wrong_or_not_there_is_said_and_not_shown(pagerduty: PagerDutySandbox) -> None:
    async with asking(pagerduty, "a-wrong-token") as rest:
        wrong = await rest.get("/incidents")
    async with asking(pagerduty, None) as rest:
        none = await rest.get("/incidents")
    assert isinstance(wrong, Refused)
    assert isinstance(none, Refused)
    assert (wrong.reason, none.reason) == ("auth", "no_credential")
    assert "a-wrong-token" not in wrong.detail
    assert len(pagerduty.calls) == 1


async def test_a_call_that_hangs_keeps_no_other_from_being_made(pagerduty: PagerDutySandbox) -> None:
    pagerduty.faults.add(Fault(FaultKind.HANG, count=1))
    async with asking(pagerduty) as rest:
        hanging = asyncio.create_task(rest.get("/incidents"))
        while not pagerduty.calls:
            await asyncio.sleep(0.01)
        assert isinstance(await rest.get("/incidents"), dict)
        assert not hanging.done()
        hanging.cancel()
        await asyncio.wait([hanging])
