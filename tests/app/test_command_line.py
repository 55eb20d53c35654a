"""The commands from inside the process: what they print, how they end, and that no mistake of anybody's is a traceback."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from structlog.testing import capture_logs

from gateway.__main__ import main
from gateway.sandbox.server import LocalServer
from tests.app.conftest import Running, Starter
from tests.support.processes import body
from tests.support.servers import free_port

RULES = """destinations:
  chat:  {slack: {channel: "#alerts"}}
  pager: {pagerduty: {routing_key: {env: PAGERDUTY_ROUTING_KEY}}}
routes:
  - {name: everything, notify: [chat], page: [pager], page_when: {any: [{severity: critical}]}, group_wait: 30s}
"""
BAD = RULES.replace("notify", "notifi")
DOWN: dict[str, object] = {
    "status": "firing",
    "labels": {"alertname": "Down", "service": "pay", "severity": "warning"},
    "startsAt": "2026-11-23T10:00:00Z",
}
ADMIN = "let-the-admin-in"

STARTER = str(Path(__file__).parents[2] / "rules")


@dataclass
class Done:
    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Gateway = Callable[..., Done]


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Gateway:
    """`gateway …` as from a shell in an empty folder; every run is held to print no traceback."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str, given: bytes = b"", **variables: str) -> Done:
        with monkeypatch.context() as patched:
            patched.setattr(sys, "argv", ["gateway", *arguments])
            patched.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
            for name, value in variables.items():
                patched.setenv(name, value)
            code = 0
            try:
                main()
            except SystemExit as ended:
                code = int(ended.code or 0)
        done = Done(code, *capsys.readouterr())
        assert "Traceback" not in done.said
        return done

    return run


def written(name: str, text: str) -> str:
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(text, "utf-8")
    return name


# check


def test_good_rules_are_counted_and_end_with_0(gateway: Gateway) -> None:
    done = gateway("check", written("rules.yaml", RULES))
    assert (done.code, done.out.split("(")[0]) == (0, "ok: 2 destinations, 1 route ")


def test_without_an_argument_the_rules_of_the_settings_are_checked(gateway: Gateway) -> None:
    written("mine/rules.yaml", RULES)
    assert gateway("check", GATEWAY_RULES="mine").code == 0


def test_without_any_word_of_them_the_rules_are_in_rules(gateway: Gateway) -> None:
    written("rules/all.yaml", BAD)
    assert "\nrules/all.yaml:5:24: " in gateway("check").out


def test_bad_rules_are_named_by_file_line_and_column_with_the_nearest_name_and_end_with_1(gateway: Gateway) -> None:
    done = gateway("check", written("rules.yaml", BAD))
    assert done.code == 1
    assert "rules.yaml:5:24: unknown key `notifi`; did you mean `notify`?" in done.out.splitlines()


def test_every_error_is_named_and_not_the_first_alone(gateway: Gateway) -> None:
    done = gateway("check", written("rules.yaml", BAD.replace("30s", "soon")))
    assert len([line for line in done.out.splitlines() if line.startswith("rules.yaml:5:")]) >= 2


def test_a_warning_is_shown_and_ends_with_0(gateway: Gateway) -> None:
    done = gateway("check", written("rules.yaml", RULES.replace("notify: [chat]", "notify: []")))
    assert done.code == 0
    assert "rules.yaml:2:3: warning: destination `chat` is used by no route" in done.out


@pytest.mark.parametrize(
    ("place", "said"),
    [
        pytest.param("nowhere", "nowhere:1:1: there is no such file or folder", id="a folder that is not there"),
        pytest.param(".", "no *.yaml file in this folder", id="a folder without rules"),
    ],
)
def test_rules_that_are_not_there_end_with_1(gateway: Gateway, place: str, said: str) -> None:
    done = gateway("check", place)
    assert (done.code, said in done.out) == (1, True)


def test_findings_for_machines_have_level_place_and_message(gateway: Gateway) -> None:
    done = gateway("check", written("rules.yaml", BAD), "--json")
    assert done.code == 1
    message = "unknown key `notifi`; did you mean `notify`?"
    assert {"level": "error", "file": "rules.yaml", "line": 5, "column": 24, "message": message} in done.json


def test_good_rules_for_machines_are_an_empty_list(gateway: Gateway) -> None:
    done = gateway("check", written("rules.yaml", RULES), "--json")
    assert (done.code, done.json) == (0, [])


@pytest.mark.parametrize(("rules", "good"), [pytest.param(RULES, True, id="good"), pytest.param(BAD, False, id="bad")])
def test_the_schema_for_editors_judges_rules_as_check_does(gateway: Gateway, rules: str, good: bool) -> None:
    schema = gateway("check", "--schema").json
    assert jsonschema.Draft202012Validator(schema).is_valid(yaml.safe_load(rules)) is good


# explain


def explained(gateway: Gateway, *options: str, alerts: tuple[object, ...] = (DOWN,)) -> Done:
    written("rules.yaml", RULES)
    written("body.json", json.dumps({"version": "4", "alerts": alerts}))
    return gateway("explain", "body.json", "--rules", "rules.yaml", *options)


def test_an_explanation_names_step_reason_wait_and_rule(gateway: Gateway) -> None:
    done = explained(gateway, "--at", "2026-11-23T10:00:00Z")
    assert done.code == 0
    assert done.out.splitlines()[:2] == [
        "Down  [warning]  service=pay severity=warning",
        "  deduplicate  opened (first_firing)",
    ]
    assert "chat         held (group_wait), in 30s" in done.out
    assert "pager        suppressed (page_when) by everything (rules.yaml:5)" in done.out


def test_an_explanation_for_machines_has_the_same(gateway: Gateway) -> None:
    (found,) = explained(gateway, "--json").json["alerts"]
    assert (found["name"], found["outcome"], found["reason"]) == ("Down", "opened", "first_firing")
    assert {one["target"]: one["reason"] for one in found["told"]} == {"chat": "group_wait", "pager": "page_when"}


def test_what_is_quarantined_is_shown_with_its_place(gateway: Gateway) -> None:
    done = explained(gateway, alerts=({"labels": {"alertname": 5}},))
    assert (done.code, done.out.startswith("quarantined: alerts[].labels.alertname: ")) == (0, True)


@pytest.mark.parametrize(
    "moment",
    [
        "2026-11-23T10:00:00Z",
        "2026-11-23T11:00:00+01:00",
        "2026-11-23T10:00:00.25Z",
        "2026-11-23T10:00:00.123456789Z",
        "2026-11-23T10:00:00",
    ],
)
def test_a_time_is_taken_as_alertmanager_writes_it(gateway: Gateway, moment: str) -> None:
    told = explained(gateway, "--json", "--at", moment).json["alerts"][0]["told"]
    assert next(one["at"] for one in told if one["target"] == "chat") // 1000 == 1_795_428_030


@pytest.mark.parametrize("moment", ["yesterday", "", "2026-13-01T00:00:00Z"])
def test_a_time_that_is_none_is_wrong_usage(gateway: Gateway, moment: str) -> None:
    assert explained(gateway, "--at", moment).code == 2


@pytest.mark.parametrize("given", [b"", b"hello", b"[]", b"{}", b"\xff", b'{"alerts": {}}'])
def test_a_body_that_is_no_webhook_is_what_the_door_would_refuse(gateway: Gateway, given: bytes) -> None:
    written("rules.yaml", RULES)
    done = gateway("explain", "-", "--rules", "rules.yaml", given=given)
    assert (done.code, done.out.startswith("refused with 400: ")) == (1, True)


def test_a_body_from_a_pipe_is_explained(gateway: Gateway) -> None:
    written("rules.yaml", RULES)
    done = gateway("explain", "-", "--rules", "rules.yaml", given=json.dumps(body(DOWN)).encode())
    assert (done.code, done.out.startswith("Down  [warning]")) == (0, True)


def test_rules_with_errors_explain_nothing_and_are_named(gateway: Gateway) -> None:
    written("rules.yaml", BAD)
    done = gateway("explain", "-", "--rules", "rules.yaml", given=b"{}")
    assert (done.code, "rules.yaml:5:24" in done.err) == (1, True)


# Wrong usage


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        pytest.param(["nonsense"], {}, "No such command", id="a command that is none"),
        pytest.param(["check", "--jsno"], {}, "--jsno", id="an option that is none"),
        pytest.param(["check", "a", "b"], {}, "unexpected extra argument", id="an argument too many"),
        pytest.param(["explain"], {}, "BODY", id="an argument too few"),
        pytest.param(["explain", "nowhere.json"], {}, "nowhere.json", id="a body that is not there"),
        pytest.param(["explain", "."], {}, "is a directory", id="a body that is a folder"),
        pytest.param(["page-test"], {}, "DESTINATION", id="a test of nobody"),
        pytest.param(["demo", "--speed", "fast"], {}, "fast", id="a speed that is no number"),
        pytest.param(["incidents", "--ack", "ann"], {}, "which incident?", id="an acknowledgement of nothing"),
        pytest.param(["incidents", "--close", "ann"], {}, "which incident?", id="a close of nothing"),
        pytest.param(["doctor"], {"GATEWAY_RULSE": "x"}, "did you mean GATEWAY_RULES?", id="a setting that is none"),
        pytest.param(["check"], {"GATEWAY_LISTEN": "here"}, "GATEWAY_LISTEN", id="a setting that cannot be"),
        pytest.param(
            ["serve"],
            {"GATEWAY_LISTEN": "0.0.0.0:9", "GATEWAY_RULES": STARTER},
            "GATEWAY_WEBHOOK_TOKEN",
            id="an open door without tokens",
        ),
        pytest.param(["serve"], {"GATEWAY_WEBHOOK_TOKEN": " , "}, "holds no token", id="a token that is none"),
    ],
)
def test_wrong_usage_ends_with_2_and_a_line_that_says_what(
    gateway: Gateway, arguments: list[str], variables: dict[str, str], said: str
) -> None:
    done = gateway(*arguments, **variables)
    assert (done.code, said in done.err) == (2, True)


@pytest.mark.parametrize("argument", ["--help", "-h", "--version"])
def test_help_and_version_end_with_0(gateway: Gateway, argument: str) -> None:
    done = gateway(argument)
    assert (done.code, "gateway" in done.out) == (0, True)


@pytest.mark.parametrize("speed", ["0", "-1"])
def test_a_demo_that_could_never_end_is_wrong_usage(gateway: Gateway, speed: str) -> None:
    assert gateway("demo", "--exit", "--speed", speed).code == 2


# doctor and page-test


def test_the_doctor_ends_with_1_where_something_is_bad_and_every_line_has_its_mark(gateway: Gateway) -> None:
    written("rules/all.yaml", BAD)
    done = gateway("doctor", GATEWAY_URL=f"http://127.0.0.1:{free_port()}")
    assert done.code == 1
    assert {line.split()[0] for line in done.out.splitlines()} == {"ok", "warn", "FAIL"}


def test_the_doctor_ends_with_0_where_there_are_only_worries(gateway: Gateway) -> None:
    written("rules/all.yaml", RULES)
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


# incidents


@dataclass
class Beside:
    """A gateway that runs beside the commands, asked over HTTP with the admin's token."""

    app: Running
    gateway: Gateway
    url: str

    async def incidents(self, *arguments: str, token: str = ADMIN) -> Done:
        variables = {"GATEWAY_URL": self.url, **({"GATEWAY_ADMIN_TOKEN": token} if token else {})}
        return await asyncio.to_thread(self.gateway, "incidents", *arguments, **variables)


@pytest.fixture
async def beside(starter: Starter, gateway: Gateway) -> AsyncIterator[Beside]:
    starter.more = {"GATEWAY_ADMIN_TOKEN": ADMIN}
    server = LocalServer()
    with capture_logs():  # of the gateway, which shares our standard output here
        app = await starter.start()
        async with server.running(app.gateway.asgi_app, 0):
            yield Beside(app, gateway, server.url)


async def test_incidents_are_listed_shown_acknowledged_and_closed(beside: Beside) -> None:
    assert (await beside.incidents()).out == "no incidents\n"
    name = await beside.app.told()
    line = (await beside.incidents()).out.splitlines()[1]
    assert line.split()[:3] == [name, "open", "critical"]

    shown = await beside.incidents(name)
    assert shown.out.startswith(f"{name}  open  critical  Down")
    assert {"chat", "pager"} <= {one.split()[0] for one in shown.out.splitlines() if " told " in one}

    assert f"{name}  acknowledged" in (await beside.incidents(name, "--ack", "ann")).out
    assert "ann" in (await beside.incidents()).out
    assert f"{name}  closed_by_hand" in (await beside.incidents(name, "--close", "ann", "--note", "known")).out
    assert (await beside.incidents("--json", "--state", "all")).json["items"][0]["state"] == "closed_by_hand"


async def test_what_a_gateway_refuses_is_a_line_for_people(beside: Beside) -> None:
    refused = [
        await beside.incidents(token="another-one"),
        await beside.incidents(token=""),
        await beside.incidents("nobody"),
        await beside.incidents("nobody", "--ack", "ann"),
        await beside.incidents("../dead-letters"),
        await beside.incidents("?state=all"),
        await beside.incidents("--state", "sideways"),
    ]
    assert [(one.code, one.out, len(one.err.splitlines())) for one in refused] == [(2, "", 1)] * len(refused)
    assert "GATEWAY_ADMIN_TOKEN" in refused[0].err
    assert ADMIN not in "".join(one.err for one in refused)


def test_nothing_listening_is_said_with_the_setting(gateway: Gateway) -> None:
    done = gateway("incidents", GATEWAY_URL=f"http://127.0.0.1:{free_port()}")
    assert (done.code, "is GATEWAY_URL right?" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        pytest.param([], 200, id="an empty list"),
        pytest.param({}, 200, id="an empty object"),
        pytest.param("hello", 200, id="a text"),
        pytest.param({"items": [{"id": "x"}]}, 200, id="items of another kind"),
        pytest.param(["no"], 500, id="an error of another kind"),
        pytest.param({"detail": "no"}, 404, id="an error of another service"),
    ],
)
async def test_something_else_that_answers_is_no_gateway(gateway: Gateway, answer: object, status: int) -> None:
    async def answered(_: Request) -> Response:
        return JSONResponse(answer, status)

    server = LocalServer()
    async with server.running(Starlette(routes=[Route("/{path:path}", answered)]), 0):
        done = await asyncio.to_thread(gateway, "incidents", GATEWAY_URL=server.url)
    assert (done.code, "is GATEWAY_URL right?" in done.err) == (2, True)
