"""`gateway doctor` and `gateway page-test`: what they print and how they end."""

from __future__ import annotations

import asyncio

import pytest
from rich.console import Console

from gateway.cli import doctor as command
from gateway.cli import output
from tests.support.command_line import BAD, RULES, Gateway, written
from tests.support.running_gateway import Starter
from tests.support.servers import free_port


def test_the_doctor_ends_with_1_where_something_is_bad_and_every_line_has_its_mark(gateway: Gateway) -> None:
    written("rules/all.yaml", BAD)
    done = gateway("doctor", GATEWAY_URL=f"http://127.0.0.1:{free_port()}")
    assert done.code == 1
    assert {line.split()[0] for line in done.out.splitlines()} == {"ok", "warn", "FAIL"}


def test_the_doctor_ends_with_0_where_there_are_only_worries(gateway: Gateway) -> None:
    written("rules/all.yaml", RULES.replace(", page: [pager], page_when: {any: [{severity: critical}]}", ""))
    done = gateway("doctor", "--json", GATEWAY_URL=f"http://127.0.0.1:{free_port()}")
    assert done.code == 0
    assert {one["mark"] for one in done.json} == {"ok", "warn"}
    assert all(one["what"] and one["said"] for one in done.json)


def test_a_page_test_without_a_credential_ends_with_1(gateway: Gateway) -> None:
    written("rules/all.yaml", RULES)
    done = gateway("page-test", "chat")
    assert (done.code, done.out.startswith("FAIL  chat: SLACK_BOT_TOKEN is not set")) == (1, True)


async def test_a_page_test_that_arrives_ends_with_0(gateway: Gateway, starter: Starter) -> None:
    written("rules/all.yaml", RULES)
    variables = {"SLACK_BOT_TOKEN": "xoxb-sandbox", "SLACK_API_URL": starter.slack.url}
    done = await asyncio.to_thread(gateway, "page-test", "chat", **variables)
    assert (done.code, done.out.count("ok ")) == (0, 2)
    assert len(starter.slack.messages("alerts")) == 1


def test_a_destination_that_should_page_and_has_no_key_ends_the_doctor_with_1(gateway: Gateway) -> None:
    written("rules/all.yaml", RULES)
    done = gateway("doctor", GATEWAY_URL=f"http://127.0.0.1:{free_port()}")
    (line,) = [line for line in done.out.splitlines() if " pager: " in line]
    assert (done.code, line.split()[0], "PAGERDUTY_ROUTING_KEY" in line) == (1, "FAIL", True)


def test_marks_have_colours_on_a_terminal_alone(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    written("rules/all.yaml", RULES)
    assert "\x1b[" not in gateway("doctor").out
    monkeypatch.setattr(output, "out", Console(force_terminal=True, soft_wrap=True, color_system="standard"))
    monkeypatch.setattr(command, "out", output.out)
    coloured = gateway("doctor").out
    assert "\x1b[1;31mFAIL" in coloured
    assert "\x1b[33mwarn" in coloured
