"""The doctor names what the running gateway turned away, who sent it, and what to do."""

from __future__ import annotations

import pytest
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from gateway.diagnostics.diagnosis import Diagnosis, Mark
from gateway.diagnostics.turned_away import TurnedAwayFound, turned_away
from gateway.sandbox.server import LocalServer
from tests.support.installation import Patient

pytestmark = pytest.mark.asyncio(loop_scope="module")

ITEM = {
    "source": "eu",
    "reason": "too_large",
    "times": 12,
    "error": "the webhook is over the cap",
    "remedy": "set max_alerts on the receiver, or raise GATEWAY_MAX_BODY",
    "senders": [
        {"address": "10.0.0.7", "user_agent": "Alertmanager/0.28.1"},
        {"address": "10.0.0.8", "user_agent": ""},
    ],
}


class Answers:
    """A gateway that has turned something away, for whoever shows its token."""

    def __init__(self, answer: object) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        allowed = (b"authorization", b"Bearer admin") in scope["headers"]
        await JSONResponse(self._answer if allowed else {}, 200 if allowed else 401)(scope, receive, send)


async def asked(patient: Patient, answer: object, token: str = "admin", **more: str) -> list[Diagnosis]:
    return (await found(patient, answer, token, **more)).findings


async def found(patient: Patient, answer: object, token: str = "admin", **more: str) -> TurnedAwayFound:
    server = LocalServer()
    async with server.running(Answers(answer), 0):
        patient.more = {"GATEWAY_URL": server.url, "GATEWAY_ADMIN_TOKEN": token, **more}
        return await turned_away(patient.environment())


async def test_each_is_a_worry_with_who_sent_it_and_what_to_do(patient: Patient) -> None:
    ((said),) = await asked(patient, {"items": [ITEM]})
    assert (said.mark, said.what) == (Mark.WORRY, "turned away")
    assert said.said == (
        "Source eu sends webhooks over the cap (413): 12 times, from 10.0.0.8 (no user agent), 10.0.0.7 (Alertmanager/0.28.1); "
        "the last: the webhook is over the cap; set max_alerts on the receiver, or raise GATEWAY_MAX_BODY"
    )


async def test_who_showed_no_token_has_no_source(patient: Patient) -> None:
    ((said),) = await asked(patient, {"items": [{**ITEM, "source": None, "reason": "not_found"}]})
    assert said.said.startswith("Somebody sends webhooks to a path that is not there (404): 12 times, from ")


async def test_what_health_says_of_it_is_not_said_twice(patient: Patient) -> None:
    known = await found(patient, {"items": [ITEM]})
    assert known.says("Source eu sends webhooks over the cap (413): 12 since 03:00 UTC")
    assert not known.says("deliveries to chat fail")


@pytest.mark.parametrize(("token", "mark"), [("other", Mark.BAD), ("", Mark.WORRY)])
async def test_a_gateway_that_does_not_let_the_commands_in_says_which_setting_to_mend(
    patient: Patient, token: str, mark: Mark
) -> None:
    ((said),) = await asked(patient, {"items": [ITEM]}, token)
    assert (said.mark, said.what) == (mark, "admin token")
    assert "set GATEWAY_ADMIN_TOKEN here to what it has there" in said.said


async def test_a_persons_token_that_is_unknown_is_not_told_to_be_the_admins(patient: Patient) -> None:
    ((said),) = await asked(patient, {"items": [ITEM]}, GATEWAY_TOKEN="nope")
    assert (said.mark, said.what) == (Mark.BAD, "token")
    assert said.said.startswith("the gateway knows no such token as GATEWAY_TOKEN has here")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"items": []}, id="nothing was turned away"),
        pytest.param({"something": "else"}, id="it is an older gateway"),
    ],
)
async def test_where_there_is_nothing_to_say_nothing_is_said(patient: Patient, answer: object) -> None:
    assert await asked(patient, answer) == []


async def test_a_gateway_that_does_not_run_is_no_fault_here(patient: Patient) -> None:
    assert await turned_away(patient.environment()) == TurnedAwayFound()
