"""What is open and what needs a token, as `docs/security.md` lists it; what is refused is counted and logged."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.inbound import log_window
from gateway.inbound.log_window import LINES_A_MINUTE, LogWindow, SumUp
from tests.support.patience import PATIENCE
from tests.support.people import shown, tokens_of
from tests.support.processes import alert, body
from tests.support.running_gateway import Running, Starter

LISTED = dict(
    re.findall(
        r"^\| `([A-Z]+ /[^`]*)` \| (open|a token|a source's token|open, or a token|a signature) \|",
        (Path(__file__).parents[2] / "docs/security.md").read_text("utf-8"),
        re.MULTILINE,
    )
)
SECRET = "the-admin-token-of-all"


@pytest.fixture
async def app(starter: Starter) -> Running:
    starter.more = {"GATEWAY_ADMIN_TOKEN": SECRET, "GATEWAY_WEBHOOK_TOKEN": "hook"}
    return await starter.start()


def paths_of(app: Running) -> set[str]:
    """Return everything that the gateway answers, with the operations of the API as one."""
    routes = app.gateway.asgi_app.paths
    return {path for path in routes if not path.startswith("/api/")} | {"/api/v1/…", "/api/v1/openapi.json"}


async def test_everything_that_answers_is_in_the_list(app: Running) -> None:
    assert {name.partition(" ")[2] for name in LISTED} == paths_of(app)


@pytest.mark.parametrize("name", sorted(LISTED))
async def test_each_is_as_open_as_it_is_listed(app: Running, name: str) -> None:
    method, path = name.split(" ", 1)
    answered = await app.ask(path.replace("…", "incidents" if method == "GET" else "silences"), method)
    closed = LISTED[name] in ("a token", "a source's token")
    assert (answered.status_code == 401) is closed, answered.text
    assert (answered.status_code == 503) is (LISTED[name] == "a signature"), answered.text


async def test_every_operation_of_the_api_wants_a_token_before_it_looks_at_anything(app: Running) -> None:
    document = (await app.ask("/api/v1/openapi.json")).json()
    for path, operations in document["paths"].items():
        for method in operations:
            asked = re.sub(r"\{\w+\}", "none", path)
            assert (await app.ask(asked, method.upper())).status_code == 401, path
            wrong = await app.ask(asked, method.upper(), headers=shown("a-wrong-one"))
            assert wrong.status_code == 401, path


async def test_no_word_of_a_label_and_no_name_of_a_person_stands_in_what_is_open(app: Running) -> None:
    strange = alert("pay", starts="2026-11-23T10:00:00Z", severity="sev-of-somebody")
    sent = await app.ask("/webhooks/alertmanager", "POST", json=body(strange), headers=shown("hook"))
    assert sent.status_code == 200
    order = {"by": "anna", "duration": "1h"}
    await app.ask("/api/v1/orders/pause", "POST", json=order, headers=shown(SECRET))
    await app.gateway.auditor.look()
    health = (await app.ask("/health")).json()
    assert health["unknown_severities"] == 1
    opened = str(health) + (await app.ask("/metrics")).text
    assert "paging is paused" in opened
    assert "sev-of-somebody" not in opened
    assert "anna" not in opened
    rules = (await app.ask("/api/v1/rules", headers=shown(SECRET))).json()
    assert rules["unknown_severities"] == {"sev-of-somebody": 1}


async def test_metrics_want_a_token_where_that_is_chosen(starter: Starter) -> None:
    tokens = tokens_of(starter.folder / "tokens", prometheus="see")
    starter.more = {"GATEWAY_METRICS": "token", "GATEWAY_TOKENS_FILE": str(starter.folder / "tokens")}
    app = await starter.start()
    assert [
        (await app.ask("/metrics", headers=headers)).status_code
        for headers in ({}, shown("a-wrong-one"), shown(tokens["prometheus"]))
    ] == [401, 401, 200]
    assert [(await app.ask(path)).status_code for path in ("/livez", "/readyz", "/health")] == [200] * 3


async def test_wrong_tokens_are_counted_and_logged_without_the_token(app: Running) -> None:
    with capture_logs() as lines:
        await app.ask("/api/v1/incidents", headers=shown("hunter2-hunter2"))
        await app.ask("/api/v1/orders/pause", "POST", json={"by": "x"})
        await app.ask("/api/v1/incidents", headers={"origin": "https://evil.example", **shown(SECRET)})
        await app.ask("/webhooks/alertmanager", "POST", json={}, headers=shown("hunter2-hunter2"))
    refused = [line for line in lines if line["event"] == "request_refused"]
    assert [(line["door"], line["reason"], line["status"]) for line in refused] == [
        ("api", "wrong_token", 401),
        ("api", "no_token", 401),
        ("api", "origin", 403),
    ]
    assert len([line for line in lines if line["event"] == "webhook_refused"]) == 1
    assert "hunter2" not in str(lines)
    counted = app.gateway.metrics.registry.get_sample_value
    for reason in ("wrong_token", "no_token", "origin"):
        assert counted("gateway_refused_requests_total", {"door": "api", "reason": reason}) == 1
    unauthorized = {"status": "401", "reason": "unauthorized"}
    assert counted("gateway_webhooks_total", unauthorized) == 1


async def test_guesses_without_end_are_counted_and_fill_no_log(
    starter: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows = list[LogWindow]()

    def kept(sum_up: SumUp) -> LogWindow:
        windows.append(LogWindow(sum_up))
        return windows[-1]

    monkeypatch.setattr("gateway.inbound.refused.LogWindow", kept)
    monkeypatch.setattr(log_window, "WINDOW_SECONDS", 10 * PATIENCE)
    starter.more = {"GATEWAY_ADMIN_TOKEN": SECRET}
    app = await starter.start()
    with capture_logs() as lines:
        for number in range(LINES_A_MINUTE + 40):
            await app.ask("/api/v1/incidents", headers=shown(f"guess-{number}"))
        assert len([line for line in lines if line["event"] == "request_refused"]) == LINES_A_MINUTE
        windows[0]._end()
    (summed,) = [line for line in lines if line["event"] == "requests_refused"]
    assert summed["requests"] == 40
    wrong = {"door": "api", "reason": "wrong_token"}
    assert (
        app.gateway.metrics.registry.get_sample_value("gateway_refused_requests_total", wrong)
        == LINES_A_MINUTE + 40
    )


SECRET_LINE = "hunter2-in-the-file"


@pytest.mark.parametrize(
    "text",
    [
        f"routes: [{{name: {SECRET_LINE}, nam: {SECRET_LINE}}}]",
        f"destinations: {{{SECRET_LINE}: {{slack: {{chanel: {SECRET_LINE}}}}}}}",
        f"destinations:\n\t{SECRET_LINE}: [",
        f"'{SECRET_LINE}",
        f"policy: {{silences: {{longest: {SECRET_LINE}}}}}",
        f"destinations: {{x: {{pagerduty: {{routing_key: {SECRET_LINE}}}}}}}",
    ],
)
async def test_no_open_endpoint_shows_what_stands_in_a_rule_file(app: Running, text: str) -> None:
    (app.folder / "rules.yaml").write_text(text, "utf-8")
    assert not await app.gateway.reloader.reload()
    for path in ("/health", "/metrics", "/livez", "/readyz", "/api/v1/openapi.json", "/"):
        assert SECRET_LINE not in (await app.ask(path)).text
    worries = (await app.ask("/health")).json()["worries"]
    assert [worry for worry in worries if worry.startswith("rules: ") and "rules.yaml:" in worry]
