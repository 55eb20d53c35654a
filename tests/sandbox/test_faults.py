"""Each kind of fault, as the vendors' own clients meet it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import httpx
import pdpyras
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from gateway.sandbox import Fault, FaultKind, PagerDutySandbox, SlackSandbox
from gateway.sandbox.faults import Faults
from tests.sandbox.clients import ROUTING_KEY, Events, EventsOf, client_of
from tests.support.patience import PATIENCE


async def say(client: AsyncWebClient, text: str = "x") -> None:
    await client.chat_postMessage(channel="#alerts", text=text)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("status", [500, 503])
async def test_a_status_comes_without_json_and_nothing_is_done(
    client: AsyncWebClient, slack: SlackSandbox, status: int
) -> None:
    slack.faults.add(Fault(FaultKind.STATUS, status=status))
    with pytest.raises(SlackApiError) as caught:
        await say(client)
    assert (caught.value.response.status_code, slack.messages("alerts")) == (status, [])


async def test_a_status_may_come_although_the_work_is_done(
    client: AsyncWebClient, slack: SlackSandbox
) -> None:
    slack.faults.add(Fault(FaultKind.STATUS, acts=True))
    with pytest.raises(SlackApiError):
        await say(client)
    assert len(slack.messages("alerts")) == 1


async def test_a_rate_limit_says_how_long_to_wait(client: AsyncWebClient, slack: SlackSandbox) -> None:
    slack.faults.add(Fault(FaultKind.RATE_LIMIT, retry_after=7))
    with pytest.raises(SlackApiError) as caught:
        await say(client)
    response = caught.value.response
    assert (response.status_code, response.headers["Retry-After"], response["error"]) == (
        429,
        "7",
        "ratelimited",
    )


@pytest.mark.parametrize("code", ["fatal_error", "token_revoked", "account_inactive"])
async def test_any_error_code_can_be_had(client: AsyncWebClient, slack: SlackSandbox, code: str) -> None:
    slack.faults.add(Fault(FaultKind.ERROR, error=code))
    with pytest.raises(SlackApiError) as caught:
        await say(client)
    assert (caught.value.response.status_code, caught.value.response["error"]) == (200, code)


@pytest.mark.parametrize(
    ("kind", "done"),
    [
        pytest.param(FaultKind.CUT_BEFORE, 0, id="cut before: nothing is done"),
        pytest.param(FaultKind.CUT_AFTER, 1, id="cut after: it is done"),
    ],
)
async def test_a_cut_breaks_the_connection(
    client: AsyncWebClient, slack: SlackSandbox, kind: FaultKind, done: int
) -> None:
    slack.faults.add(Fault(kind, count=1))
    with pytest.raises(aiohttp.ClientConnectionError):
        await say(client)
    assert len(slack.messages("alerts")) == done
    await say(client)


async def test_a_late_act_is_done_after_the_client_gave_up(slack: SlackSandbox) -> None:
    slack.faults.add(Fault(FaultKind.LATE, seconds=0.05, count=1))
    with pytest.raises(TimeoutError):
        await say(client_of(slack, timeout=1))
    assert slack.messages("alerts") == []
    await until(lambda: len(slack.messages("alerts")) == 1)


async def test_a_hang_never_answers_and_does_nothing(slack: SlackSandbox) -> None:
    slack.faults.add(Fault(FaultKind.HANG))
    with pytest.raises(TimeoutError):
        await say(client_of(slack, timeout=1))
    assert (slack.messages("alerts"), slack.calls[-1].fault) == ([], FaultKind.HANG)


async def test_closing_the_vendor_frees_a_client_that_hangs() -> None:
    async with SlackSandbox.start() as slack:
        slack.faults.add(Fault(FaultKind.HANG))
        waiting = asyncio.create_task(say(client_of(slack)))
        await until(lambda: len(slack.calls) == 1)
    with pytest.raises(aiohttp.ClientConnectionError):
        await waiting


async def test_a_fault_strikes_its_method_and_channel_alone(
    client: AsyncWebClient, slack: SlackSandbox
) -> None:
    slack.faults.add(Fault(FaultKind.ERROR, method="chat.*", subject="#oncall"))
    await say(client)
    await client.conversations_history(channel=slack.channel("oncall").id)
    with pytest.raises(SlackApiError, match="internal_error"):
        await client.chat_postMessage(channel=slack.channel("oncall").id, text="x")


def test_a_count_is_used_up_by_the_calls_that_are_struck() -> None:
    faults = Faults()
    faults.add(Fault(FaultKind.HANG, method="chat.update", count=1))
    assert [faults.take((name,), ()) is not None for name in ("auth.test", "chat.update", "chat.update")] == [
        False,
        True,
        False,
    ]


def test_a_probability_throws_the_same_dice_for_the_same_seed() -> None:
    def throws(seed: int) -> list[bool]:
        faults = Faults(seed)
        faults.add(Fault(FaultKind.HANG, probability=0.3))
        return [faults.take(("x",), ()) is not None for _ in range(1_000)]

    assert throws(7) == throws(7) != throws(8)
    assert 250 < sum(throws(7)) < 350


async def test_the_control_api_sets_faults_and_shows_them(slack: SlackSandbox) -> None:
    async with httpx.AsyncClient(base_url=slack.page_url) as control:
        answer = await control.post("_sandbox/faults", json=[{"kind": "late", "seconds": 2.5, "count": 3}])
        shown = (await control.get("_sandbox/state")).json()["faults"]
    assert answer.status_code == 200
    assert slack.faults.in_force == [Fault(FaultKind.LATE, seconds=2.5, count=3)]
    assert [(fault["kind"], fault["count"]) for fault in shown] == [("late", 3)]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param([{"kind": "explode"}], id="an unknown kind"),
        pytest.param([{"kind": "hang", "probabilty": 1}], id="a misspelt field"),
        pytest.param([{"kind": "hang", "probability": 2}], id="a probability above 1"),
        pytest.param({"kind": "hang"}, id="no list"),
    ],
)
async def test_bad_faults_are_refused_and_change_nothing(slack: SlackSandbox, body: object) -> None:
    slack.faults.add(Fault(FaultKind.HANG))
    async with httpx.AsyncClient(base_url=slack.page_url) as control:
        answer = await control.post("_sandbox/faults", json=body)
    assert (answer.status_code, len(slack.faults.in_force)) == (400, 1)
    assert "list of faults" in answer.json()["error"]


async def test_a_reset_forgets_messages_calls_and_faults(client: AsyncWebClient, slack: SlackSandbox) -> None:
    await say(client)
    slack.faults.add(Fault(FaultKind.HANG))
    async with httpx.AsyncClient(base_url=slack.page_url) as control:
        await control.post("_sandbox/reset")
        state = (await control.get("_sandbox/state")).json()
    assert (state["channels"][0]["messages"], state["faults"], state["calls"]) == ([], [], 0)


Sending = Callable[[Events], Awaitable[str]]


@pytest.mark.parametrize(
    ("fault", "error", "opened"),
    [
        pytest.param(Fault(FaultKind.STATUS, status=503), pdpyras.PDHTTPError, 0, id="503"),
        pytest.param(
            Fault(FaultKind.STATUS, status=500, acts=True),
            pdpyras.PDServerError,
            1,
            id="500 though it is done",
        ),
        pytest.param(Fault(FaultKind.RATE_LIMIT), pdpyras.PDHTTPError, 0, id="429"),
        pytest.param(
            Fault(FaultKind.ERROR, error="no"), pdpyras.PDHTTPError, 0, id="400 with an error of our choice"
        ),
        pytest.param(Fault(FaultKind.CUT_BEFORE), pdpyras.PDClientError, 0, id="cut before"),
        pytest.param(Fault(FaultKind.CUT_AFTER), pdpyras.PDClientError, 1, id="cut after"),
        pytest.param(Fault(FaultKind.HANG), pdpyras.PDClientError, 0, id="a hang"),
    ],
)
async def test_pagerduty_fails_in_the_same_ways(
    events: Events, pagerduty: PagerDutySandbox, fault: Fault, error: type[Exception], opened: int
) -> None:
    pagerduty.faults.add(fault)
    with pytest.raises(error):
        await events.trigger("k")
    assert len(pagerduty.incidents) == opened


async def test_a_late_trigger_opens_its_incident_after_the_client_gave_up(
    events: Events, pagerduty: PagerDutySandbox
) -> None:
    pagerduty.faults.add(Fault(FaultKind.LATE, method="trigger", seconds=0.05))
    with pytest.raises(pdpyras.PDClientError):
        await events.trigger("k")
    await until(lambda: len(pagerduty.incidents) == 1)


async def test_pagerdutys_faults_choose_by_action_routing_key_or_dedup_key(
    events_of: EventsOf, pagerduty: PagerDutySandbox
) -> None:
    pagerduty.faults.add(
        Fault(FaultKind.STATUS, method="resolve", subject=ROUTING_KEY), Fault(FaultKind.STATUS, subject="bad")
    )
    events = events_of()
    await events.trigger("k")
    for action, key in (("resolve", "k"), ("acknowledge", "bad")):
        with pytest.raises(pdpyras.PDHTTPError):
            await events.send(action, key)
    await events_of("s" * 32).send("resolve", "k")
