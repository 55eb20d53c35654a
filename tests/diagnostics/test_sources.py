"""What is wrong with the token or an Alertmanager of a source is named."""

from __future__ import annotations

import pytest
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from gateway.diagnostics.diagnosis import Mark
from gateway.sandbox.server import LocalServer
from tests.support.installation import RULES, Patient

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Alertmanager:
    """Answers what the doctor asks."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = scope["path"].endswith("/status")
        await JSONResponse({"uptime": "2026-11-23T10:00:00Z"} if status else [])(scope, receive, send)


async def test_each_alertmanager_of_a_source_is_asked_and_a_token_that_is_missing_is_named(
    patient: Patient,
) -> None:
    patient.rules = RULES + (
        "sources: [{name: eu, repeat_interval: 30m, token: {env: HOOK_EU}, receiver: gateway,"
        " alertmanager: [{env: AM_A}, {env: AM_B}, {env: AM_C}]}]\n"
    )
    server = LocalServer()
    async with server.running(Alertmanager(), 0):
        patient.more = {"AM_A": server.url, "AM_B": "http://gw:secret-password@127.0.0.1:1"}
        found = [one for one in await patient.examined() if one.what == "eu"]
    assert [(one.mark, one.said) for one in found] == [
        (Mark.WORRY, "HOOK_EU is not set: its webhooks are refused"),
        (Mark.GOOD, "the Alertmanager of AM_A has 0 alerts for gateway"),
        (
            Mark.BAD,
            "the Alertmanager of AM_B: no connection; is its address right?",
        ),
        (Mark.WORRY, "AM_C is not set: this Alertmanager is not asked"),
    ]


async def test_a_faulty_secret_that_only_rules_name_is_found_and_the_rest_is_looked_at(
    patient: Patient,
) -> None:
    patient.rules = RULES + (
        "sources: [{name: eu, repeat_interval: 30m, token: {env: HOOK_EU}, receiver: gateway, alertmanager: [{env: AM_A}]}]\n"
    )
    patient.more = {"HOOK_EU": "changeme", "AM_A": "<address>", "AM_A_FILE": "/not/there"}
    examined = await patient.examined()
    placeholder = "holds a placeholder: put the real value in its place, or remove it"
    assert [(one.mark, one.said) for one in examined if one.what == "eu"] == [
        (Mark.BAD, f"HOOK_EU {placeholder}: its webhooks are refused"),
        (Mark.BAD, f"AM_A {placeholder}: this Alertmanager is not asked"),
    ]
    twice = "AM_A and AM_A_FILE are both set: AM_A counts, remove one of them"
    assert (Mark.WORRY, "settings", twice) in [(one.mark, one.what, one.said) for one in examined]
