"""`gateway stats` and `gateway label`, asked of a running gateway."""

from __future__ import annotations

import json
from datetime import datetime

from structlog.testing import capture_logs

from gateway.sandbox.server import LocalServer
from tests.support.command_line import ADMIN, Beside, Gateway
from tests.support.people import tokens_of
from tests.support.running_gateway import Starter


async def test_the_figures_are_said_in_words_with_what_they_rest_on(beside: Beside) -> None:
    name = await beside.app.told()
    said = (await beside.asked("stats")).out
    assert "1 page of 1 incident, 1 call; 0 labelled" in said
    assert "precision – (nobody has labelled any)" in said
    assert "no_" not in said
    done = await beside.asked("label", name, "noise", "--reason", "expected", USER="carla")
    assert "1 page labelled noise" in done.out
    assert "precision 0.0 %" in (await beside.asked("stats", "--by", "route")).out


async def test_rows_by_person_say_why_they_are_of_nobody(beside: Beside) -> None:
    await beside.app.told()
    assert "No row is of another person: " in (await beside.asked("stats", "--by", "person")).out


async def test_a_window_may_begin_some_days_ago(beside: Beside) -> None:
    await beside.app.told()
    found = (await beside.asked("stats", "--from", "7d", "--json")).json
    length = datetime.fromisoformat(found["to"]) - datetime.fromisoformat(found["from"])
    assert round(length.total_seconds() / 86400) == 7
    refused = await beside.asked("stats", "--from", "yesterday")
    assert (refused.code, "--from" in refused.err, "write it like 8h" in refused.err) == (2, True, True)


async def test_a_reason_is_only_of_noise(beside: Beside) -> None:
    name = await beside.app.told()
    refused = await beside.asked("label", name, "actionable", "--reason", "expected", USER="carla")
    assert refused.code == 2
    assert f'gateway label {name} noise --reason "expected"' in refused.err
    assert (await beside.asked("label", "--reason", "expected", USER="carla")).code == 2
    assert "0 labelled" in (await beside.asked("stats")).out


async def test_rows_as_csv_and_json_and_the_events_themselves(beside: Beside) -> None:
    await beside.app.told()
    assert (await beside.asked("stats", "--csv")).out.startswith("part,")
    assert json.loads((await beside.asked("stats", "--json")).out)["total"]["counts"]["pages"] == 1
    lines = (await beside.asked("stats", "--export")).out.splitlines()
    assert {json.loads(line)["kind"] for line in lines} == {"rules", "service_seen", "page", "call"}
    assert (await beside.asked("stats", "--csv", "--json")).code == 2


async def test_the_sample_is_asked_for_page_by_page(beside: Beside) -> None:
    name = await beside.app.told()
    answered = await beside.asked("label", "--sample", "1", given=b"a\n", USER="carla")
    assert "1 of 1  critical  Down  pay" in answered.out
    assert f"UTC  (incident {name} at pager)" in answered.out
    assert "every page of the sample" in (await beside.asked("label", "--sample", "1", USER="carla")).out


async def test_whoever_may_act_judges_the_sample(starter: Starter, gateway: Gateway) -> None:
    path = starter.folder / "tokens"
    tokens = tokens_of(path, bob="act", wall="see")
    starter.more = {"GATEWAY_TOKENS_FILE": str(path), "GATEWAY_ADMIN_TOKEN": ADMIN}
    server = LocalServer()
    with capture_logs():
        app = await starter.start()
        async with server.running(app.gateway.asgi_app, 0):
            beside = Beside(app, gateway, server.url)
            await app.told()
            refused = await beside.asked("label", "--sample", "1", token="", GATEWAY_TOKEN=tokens["wall"])
            judged = await beside.asked(
                "label", "--sample", "1", token="", given=b"n\n", GATEWAY_TOKEN=tokens["bob"]
            )
    assert "takes the role act" in refused.err
    assert (judged.code, "1 of 1  critical  Down  pay" in judged.out) == (0, True)


async def test_a_label_of_an_incident_that_paged_nobody_is_refused(beside: Beside) -> None:
    await beside.app.told()
    refused = await beside.asked("label", "000000000000", "noise", USER="carla")
    assert (refused.code, "has paged nobody" in refused.err) == (2, True)
    assert (await beside.asked("label", "000000000000", USER="carla")).code == 2


async def test_a_person_is_forgotten_by_name(beside: Beside) -> None:
    await beside.app.told()
    assert "no name any more" in (await beside.asked("stats", "forget-person", "Bob Miller", USER="root")).out
    refused = await beside.asked("stats", "--by", "person", "--names")
    assert "`precision.persons: all` lets them be seen" in refused.err
