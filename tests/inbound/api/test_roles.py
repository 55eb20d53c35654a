"""Who may do what by which token, under which name, and who is a second person."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.model.cells import CONTROLS
from gateway.model.changes import Changes, Query
from gateway.model.controls import Controls, Silence
from gateway.model.records import dump
from gateway.state.commit import commit
from tests.support.patience import PATIENCE
from tests.support.people import shown, tokens_of
from tests.support.processes import alert
from tests.support.running_gateway import RULES, Running, Starter

FOUR_EYES = RULES + "policy: {silences: {critical: four_eyes}}\n"
SILENCE = {"matchers": ['service="pay"'], "duration": "1h", "confirm": True}
ADMIN = "the-admin-token-of-all"


class People:
    """A gateway that people ask with tokens of their own."""

    def __init__(self, app: Running, tokens: dict[str, str]) -> None:
        self.app, self.tokens = app, tokens

    async def ask(self, who: str, path: str, json: dict[str, Any] | None = None) -> httpx.Response:
        more = {} if json is None else {"json": json}
        method = "GET" if json is None else "POST"
        return await self.app.ask(f"/api/v1/{path}", method, headers=shown(self.tokens[who]), **more)


@pytest.fixture
async def people(starter: Starter) -> People:
    (starter.folder / "rules.yaml").write_text(FOUR_EYES, "utf-8")
    path = starter.folder / "tokens"
    tokens = tokens_of(path, wall="see", ann="act", bob="act", root="administer")
    tokens |= tokens_of(path, ANN="administer")
    starter.more = {"GATEWAY_TOKENS_FILE": str(path), "GATEWAY_ADMIN_TOKEN": ADMIN}
    return People(await starter.start(), {**tokens, "admin": ADMIN, "nobody": "a-token-of-nobodys"})


async def test_an_act_of_the_admin_tokens_holder_wants_a_name_and_a_persons_does_not(people: People) -> None:
    incident = "000000000000"
    refused = await people.ask("admin", f"incidents/{incident}/acknowledge", {})
    assert (refused.status_code, refused.json()["field"]) == (409, "by")
    assert (await people.ask("ann", f"incidents/{incident}/acknowledge", {})).status_code == 404


async def test_each_role_may_do_its_own_and_nothing_above_it(people: People) -> None:
    wanted = {
        "wall": (200, 403, 403),
        "ann": (200, 200, 403),
        "root": (200, 200, 200),
        "admin": (200, 200, 200),
        "nobody": (401, 401, 401),
    }
    for who, statuses in wanted.items():
        asked = (
            await people.ask(who, "incidents"),
            await people.ask(who, "silences", {**SILENCE, "by": "x"}),
            await people.ask(who, "orders/pause", {"by": "x", "duration": "1h"}),
        )
        assert tuple(answer.status_code for answer in asked) == statuses, who
    refused = await people.ask("wall", "orders/bypass", {"by": "x", "duration": "1h"})
    assert refused.json()["error"] == "this takes the role administer, and the token of wall has see"


async def test_a_person_is_called_by_the_token_whatever_they_say(people: People) -> None:
    made = (await people.ask("ann", "silences", {**SILENCE, "by": "bob"})).json()
    without = (await people.ask("ann", "silences", SILENCE)).json()
    assert [(one["by"], one["by_person"]) for one in (made, without)] == [("ann", True)] * 2
    incident = await people.app.told("pay")
    acknowledged = (await people.ask("bob", f"incidents/{incident}/acknowledge", {"by": "ann"})).json()
    assert acknowledged["acknowledged"]["by"] == "bob"


async def test_the_admin_tokens_name_is_free_text_and_shown_as_such(people: People) -> None:
    made = (await people.ask("admin", "silences", {**SILENCE, "by": "ann"})).json()
    assert (made["by"], made["by_person"]) == ("ann (admin token)", False)
    order = (await people.ask("admin", "orders/pause", {"by": "bob", "duration": "1h"})).json()
    assert order["pause"]["by"] == "bob (admin token)"
    assert (await people.ask("admin", "silences", SILENCE)).status_code == 409


async def test_a_second_person_approves_and_the_same_one_by_no_name_or_token(people: People) -> None:
    made = (await people.ask("ann", "silences", SILENCE)).json()
    approve = f"silences/{made['id']}/approve"
    for who in ("ann", "ANN", "admin"):
        refused = await people.ask(who, approve, {"by": "bob"})
        assert refused.status_code == 409, who
    assert (await people.ask("wall", approve, {})).status_code == 403
    approved = (await people.ask("bob", approve, {})).json()
    assert (approved["approved_by"], approved["needs_approval"]) == ("bob", False)


async def test_nobody_is_the_second_person_of_a_silence_whose_maker_nobody_knows(people: People) -> None:
    made = (await people.ask("admin", "silences", {**SILENCE, "by": "ann"})).json()
    refused = await people.ask("bob", f"silences/{made['id']}/approve", {})
    assert refused.status_code == 409
    assert "nobody knows who made this silence" in refused.json()["error"]


async def test_an_approved_silence_that_the_admin_token_prolongs_has_to_be_approved_again(
    people: People,
) -> None:
    made = (await people.ask("ann", "silences", SILENCE)).json()
    path = f"silences/{made['id']}"
    assert (await people.ask("bob", f"{path}/approve", {})).json()["approved_by"] == "bob"
    shorter = await people.ask("admin", f"{path}/extend", {"by": "x", "duration": "30m"})
    longer = await people.ask("admin", f"{path}/extend", {"by": "x", "duration": "3h"})
    assert (shorter.json()["approved_by"], longer.json()["needs_approval"]) == ("bob", True)


async def test_a_silence_of_the_admin_token_covers_no_critical_alert(people: People) -> None:
    made = (await people.ask("admin", "silences", {**SILENCE, "by": "ann"})).json()
    assert made["needs_approval"]
    assert (await people.ask("admin", f"silences/{made['id']}/approve", {"by": "bob"})).status_code == 409
    await people.app.told("pay")
    assert len(people.app.pagerduty.incidents) == 1


async def test_a_token_that_was_taken_out_of_the_file_lets_nobody_in_after_the_next_look(
    people: People,
) -> None:
    assert (await people.ask("wall", "incidents")).status_code == 200
    path = people.app.folder / "tokens"
    path.write_text("".join(line for line in path.open() if not line.startswith("wall ")))
    async with asyncio.timeout(PATIENCE):
        while (await people.ask("wall", "incidents")).status_code != 401:
            await asyncio.sleep(0.05)
    assert (await people.ask("ann", "incidents")).status_code == 200


async def test_a_source_takes_no_persons_token_and_the_api_no_sources(people: People) -> None:
    sent = {"version": "4", "alerts": [alert("pay", starts="2026-11-23T10:00:00Z")]}
    assert (await people.app.ask("/webhooks/alertmanager", "POST", json=sent)).status_code == 200
    assert (await people.app.ask("/api/v1/incidents")).status_code == 401


async def test_a_tokens_file_that_cannot_be_read_keeps_no_alert_from_people_and_lets_nobody_in(
    starter: Starter,
) -> None:
    path = starter.folder / "tokens"
    path.mkdir()
    starter.more = {"GATEWAY_TOKENS_FILE": str(path), "GATEWAY_ADMIN_TOKEN": ADMIN}
    with capture_logs() as lines:
        app = await starter.start()
    (line,) = [line for line in lines if line["event"] == "tokens_wanting"]
    assert f"{path} cannot be read" in line["problem"]
    assert (await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z"))).status_code == 200
    await app.until(lambda: app.pagerduty.incidents)
    asked = await app.ask("/api/v1/incidents", headers={"authorization": "Bearer anything"})
    assert asked.status_code == 401


async def test_the_start_says_that_four_eyes_cannot_be_satisfied_and_names_the_file(starter: Starter) -> None:
    (starter.folder / "rules.yaml").write_text(FOUR_EYES, "utf-8")
    path = starter.folder / "tokens"
    tokens_of(path, ann="act", wall="see")
    starter.more = {"GATEWAY_TOKENS_FILE": str(path), "GATEWAY_ADMIN_TOKEN": ADMIN}
    with capture_logs() as lines:
        await starter.start()
    (line,) = [line for line in lines if line["event"] == "tokens_wanting"]
    assert f"{path} names 1 of them" in line["problem"]


async def test_a_silence_that_was_approved_before_people_had_tokens_stays_approved(people: People) -> None:
    before = Silence("old", ('service="pay"',), 0, 1 << 50, "ann", approved_by="bob")
    controls = await people.app.gateway.shards.home.gather(Query(cells=(CONTROLS,)))
    put = Changes(
        expect={CONTROLS: controls.rows[CONTROLS].version}, put={CONTROLS: dump(Controls(1, (before,)))}
    )
    await commit(people.app.gateway.shards.home, put)
    found = (await people.ask("wall", "silences/old")).json()
    assert (found["approved_by"], found["needs_approval"]) == ("bob", False)
