"""Who acts in the local PagerDuty is who they are in the local Slack, and acts here only where the rules let them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.actions.pagerduty_people import MOST_LOOKS
from gateway.config.new_token import add_token
from gateway.model.people import Role
from gateway.outbound.pagerduty.webhook import read_webhook
from gateway.sandbox import Fault, FaultKind
from gateway.sandbox.pagerduty import DEFAULT_API_TOKEN, Person
from gateway.sandbox.pagerduty.people import user
from gateway.sandbox.pagerduty.subscriptions import DEFAULT_SECRET
from gateway.sandbox.server import LocalServer
from gateway.sandbox.slack.app import DEFAULT_SECRET as SLACK_SECRET
from tests.support.pagerduty_reading import Reading, paged
from tests.support.people import shown
from tests.support.running_gateway import RULES, Running, Starter

LISTED = f"{RULES}policy: {{act: {{slack_groups: [S0ONCALL1], pagerduty: listed}}}}\n"
BOB = Person("Robert Okafor", "bob@example.org")  # Slack's `bob`, who is in the group
CHEN = Person("Chen", "chen@example.org")  # Slack's `chen`, who is not
ADMIN = "the-admin-token-of-all"
EVE = Person("Eve", "eve@elsewhere.example")  # nobody in Slack


@asynccontextmanager
async def listening(starter: Starter, rules: str, **more: str) -> AsyncIterator[Reading]:
    """A gateway that hears webhooks and may read PagerDuty."""
    (starter.folder / "rules.yaml").write_text(rules, "utf-8")
    starter.more = {
        "PAGERDUTY_WEBHOOK_SECRET": DEFAULT_SECRET,
        "PAGERDUTY_API_TOKEN": DEFAULT_API_TOKEN,
        "PAGERDUTY_API_URL": starter.pagerduty.api_url,
        **more,
    }
    starter.pagerduty.account.people += [BOB, CHEN, EVE]
    app, server = await starter.start(), LocalServer()
    async with server.running(app.gateway.asgi_app, 0), paged(app) as reading:
        app.pagerduty.webhooks.subscribe(server.url)
        app.slack.app.url = server.url
        yield reading


async def acted(reading: Reading, kind: str, person: Person) -> None:
    webhooks = reading.app.pagerduty.webhooks
    taken = len(webhooks.sent)
    webhooks.act(reading.page, kind, person.name)
    await reading.app.until(lambda: len(webhooks.sent) > taken)
    assert webhooks.sent[-1][1] == 200


async def test_a_person_is_one_in_the_statistics_whoever_says_so_and_is_forgotten_by_any_name(
    starter: Starter,
) -> None:
    path = starter.folder / "tokens"
    token = add_token(path, "Robert", Role.ACT, slack="U0BOB")
    tokens = {
        "GATEWAY_TOKENS_FILE": str(path),
        "GATEWAY_ADMIN_TOKEN": ADMIN,
        "SLACK_SIGNING_SECRET": SLACK_SECRET,
    }
    async with listening(starter, f"{RULES}precision: {{persons: all}}\n", **tokens) as reading:
        app, incident = reading.app, (await reading.incident()).id
        asked = {"method": "POST", "json": {}, "headers": shown(token)}
        assert (await app.ask(f"/api/v1/incidents/{incident}/acknowledge", **asked)).status_code == 200
        await acted(reading, "acknowledged", BOB)
        assert (await app.slack.app.command(f"ack {incident}", "U0BOB")).status == 200
        admin = {"headers": shown(ADMIN)}
        lines = (await app.ask("/api/v1/statistics/events", **admin)).text.splitlines()
        acts = [json.loads(line) for line in lines if '"human"' in line]
        assert {act["through"] for act in acts} == {"api", "pagerduty", "slack"}
        assert len({act["by"] for act in acts}) == 1
        persons, one = "/api/v1/statistics/persons", acts[0]["by"]
        assert {"person": one, "name": "robert"} in (await app.ask(persons, **admin)).json()["items"]
        forgotten = await app.ask(f"{persons}/forget", "POST", json={"by": "root", "name": "bob"}, **admin)
        assert forgotten.json() == {"person": one}
        # Whoever else was called meanwhile has a name still.
        named = {item["person"]: item["name"] for item in (await app.ask(persons, **admin)).json()["items"]}
        assert one not in named
        assert not {"robert", "bob"}.intersection(named.values())


def lookups(reading: Reading) -> int:
    return sum(call.method == "users.lookupByEmail" for call in reading.app.slack.calls)


async def test_who_acts_in_pagerduty_is_shown_by_the_name_in_slack(starter: Starter) -> None:
    async with listening(starter, RULES) as reading:
        await acted(reading, "acknowledged", BOB)
        taken = (await reading.incident()).acknowledged
        assert taken is not None
        assert (taken.by, taken.heard_from) == ("bob", "pager")
        await acted(reading, "unacknowledged", BOB)
        assert lookups(reading) == 1


@pytest.mark.parametrize("person", [CHEN, EVE], ids=["not in the group", "nobody in Slack"])
async def test_who_is_not_listed_changes_nothing_and_that_is_told(starter: Starter, person: Person) -> None:
    async with listening(starter, LISTED) as reading:
        before = await reading.incident()
        await acted(reading, "resolved", person)
        after = await reading.incident()
        assert (after.closed, after.revision) == (None, before.revision)
        whole = (await reading.app.ask(f"/api/v1/incidents/{before.id}")).json()
        (line,) = [line for line in whole["timeline"] if line["what"] == "pagerduty_refused"]
        assert line["detail"]["kind"] == "resolved"
        said = "resolved it in PagerDuty, which changes nothing here"
        message = reading.app.slack.messages("alerts")[-1]
        await reading.app.until(lambda: any(said in reply.text for reply in message.live_replies))
        assert 'outcome="refused"' in reading.app.gateway.metrics.render()[0].decode()


async def test_who_is_listed_acts(starter: Starter) -> None:
    async with listening(starter, LISTED) as reading:
        # The group is read from Slack in the background.
        await reading.app.until(
            lambda: any(call.method == "usergroups.users.list" for call in reading.app.slack.calls)
        )
        await acted(reading, "resolved", BOB)
        closed = (await reading.incident()).closed
        assert closed is not None
        assert closed.by == "bob"


async def test_a_time_out_is_nobodys_act_and_needs_no_list(starter: Starter) -> None:
    async with listening(starter, LISTED) as reading:
        await reading.app.until(
            lambda: any(call.method == "usergroups.users.list" for call in reading.app.slack.calls)
        )
        await acted(reading, "acknowledged", BOB)
        webhooks = reading.app.pagerduty.webhooks
        webhooks.act(reading.page, "unacknowledged")
        await reading.app.until(lambda: len(webhooks.sent) >= 2)
        assert (await reading.incident()).acknowledged is None


@pytest.fixture
async def reading(app: Running) -> AsyncIterator[Reading]:
    async with paged(app) as found:
        yield found


async def test_a_vendor_that_does_not_answer_leaves_the_name_that_pagerduty_says(reading: Reading) -> None:
    people = reading.desk.people
    reading.app.slack.faults.add(Fault(FaultKind.ERROR, method="users.lookupByEmail", error="internal_error"))
    reading.app.pagerduty.account.people += [BOB]
    body = json.loads(reading.app.pagerduty.webhooks.body(reading.page, "acknowledged", user(BOB.name)))
    event = read_webhook(body)
    assert event is not None
    await reading.desk.hear(event)
    taken = (await reading.incident()).acknowledged
    assert taken is not None
    assert taken.by == BOB.name
    assert "nobody can say who" in people.refusal(BOB.name, None)


async def test_who_was_found_stays_known_and_a_minute_has_few_looks(reading: Reading) -> None:
    people, account = reading.desk.people, reading.app.pagerduty.account
    account.people += [BOB, EVE, *(Person(f"n{number}") for number in range(10))]
    for _ in range(3):
        found = await people.in_slack(str(user(BOB.name)["id"]))
        assert found is not None
        assert found.name == "bob"
        assert await people.in_slack(str(user(EVE.name)["id"])) is None
    for number in range(10):
        await people.in_slack(f"PN{number}")
    asked = [call for call in reading.questions if call.method == "user"]
    assert len(asked) == MOST_LOOKS


async def test_who_asks_too_often_asks_for_nobody_for_a_minute(reading: Reading) -> None:
    people, account = reading.desk.people, reading.app.pagerduty.account
    account.people += [BOB]
    reading.app.pagerduty.faults.add(Fault(FaultKind.RATE_LIMIT, method="user", count=1))
    for _ in range(3):
        assert await people.in_slack(str(user(BOB.name)["id"])) is None
    assert sum(call.method == "user" for call in reading.questions) == 1


async def test_while_pagerduty_wants_to_be_left_alone_nobody_is_looked_for(reading: Reading) -> None:
    reading.app.pagerduty.faults.add(Fault(FaultKind.RATE_LIMIT, method="rest", count=1, retry_after=120))
    await reading.reader.look()
    reading.app.pagerduty.account.people += [BOB]
    assert await reading.desk.people.in_slack(str(user(BOB.name)["id"])) is None
    assert len(reading.questions) == 1
