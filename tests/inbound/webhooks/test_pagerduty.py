"""What people do in the local PagerDuty reaches the gateway and everybody else, and comes back to nobody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from gateway.inbound.signatures import signed_by_pagerduty
from gateway.model.changes import Table
from gateway.model.incident import Incident
from gateway.model.records import load_incident
from gateway.sandbox.pagerduty import Incident as Paged
from gateway.sandbox.pagerduty.subscriptions import DEFAULT_SECRET
from gateway.sandbox.pagerduty.webhooks import Webhooks
from gateway.sandbox.server import LocalServer
from gateway.state.paging import pages
from tests.support.pages import answers_written, leads_to_slack
from tests.support.running_gateway import RULES, Running, Starter

STARTS = "2026-11-23T10:00:00Z"


@dataclass
class OnCall:
    """A gateway with its listener, and people in the local PagerDuty."""

    app: Running

    @property
    def page(self) -> Paged:
        return self.app.pagerduty.incidents[-1]

    @property
    def webhooks(self) -> Webhooks:
        return self.app.pagerduty.webhooks

    @property
    def events(self) -> list[str]:
        """The events that the gateway sent after it had paged."""
        return [
            call.methods[1]
            for call in [*self.app.pagerduty.calls][self.paged :]
            if call.methods[0] == "enqueue"
        ]

    paged: int = 0

    async def act(self, kind: str, person: str = "bob", text: str = "") -> None:
        self.webhooks.act(self.page, kind, person, text)
        await self.app.until(lambda: not self.webhooks.under_way)
        assert self.webhooks.sent[-1][1] == 200

    async def incident(self) -> Incident:
        async for rows in pages(self.app.gateway.shards, Table.INCIDENTS):
            for row in rows.values():
                return load_incident(row.value)
        raise AssertionError("there is none")

    def shown(self) -> str:
        return json.dumps(self.app.slack.messages("alerts")[-1].blocks, ensure_ascii=False)

    async def until_shown(self, words: str) -> None:
        await self.app.until(lambda: words in self.shown())


@asynccontextmanager
async def opened(starter: Starter, rules: str = RULES) -> AsyncIterator[OnCall]:
    (starter.folder / "rules.yaml").write_text(rules, "utf-8")
    starter.more |= {"PAGERDUTY_WEBHOOK_SECRET": f"new-secret,{DEFAULT_SECRET}"}
    server = LocalServer()
    app = await starter.start()
    async with server.running(app.gateway.asgi_app, 0):
        app.pagerduty.webhooks.subscribe(server.url)
        await app.told()
        await app.until(lambda: "Paged" in json.dumps(app.slack.messages("alerts")[-1].blocks))
        # A trigger that brings the link while somebody resolves the page would open another.
        await app.until(lambda: all(map(leads_to_slack, app.pagerduty.incidents)))
        await answers_written(app.gateway.shards)
        yield OnCall(app, len(app.pagerduty.calls))


@pytest.fixture
async def oncall(starter: Starter) -> AsyncIterator[OnCall]:
    async with opened(starter) as found:
        yield found


async def test_who_acknowledges_in_pagerduty_has_it_everywhere_and_pagerduty_is_not_told(
    oncall: OnCall,
) -> None:
    await oncall.act("acknowledged")
    await oncall.until_shown("bob")
    taken = (await oncall.incident()).acknowledged
    assert taken is not None
    assert (taken.by, taken.heard_from) == ("bob", "pager")
    assert "acknowledge" not in oncall.events


async def test_a_time_out_of_the_acknowledgement_leaves_the_incident_to_nobody(oncall: OnCall) -> None:
    await oncall.act("acknowledged")
    await oncall.until_shown("bob")
    await oncall.act("unacknowledged", person="")
    await oncall.app.until(
        lambda: "no longer holds" in str(oncall.app.slack.messages("alerts")[-1].live_replies)
    )
    assert (await oncall.incident()).acknowledged is None
    assert len(oncall.app.pagerduty.incidents) == 1


async def test_who_resolves_in_pagerduty_closes_it_by_hand_while_it_fires(oncall: OnCall) -> None:
    await oncall.act("resolved")
    await oncall.until_shown("Closed by hand")
    closed = (await oncall.incident()).closed
    assert closed is not None
    assert closed.by == "bob"
    assert "resolve" not in oncall.events


async def test_who_acknowledges_and_resolves_in_pagerduty_has_had_work_with_it(oncall: OnCall) -> None:
    await oncall.act("acknowledged")
    await oncall.until_shown("bob")
    await oncall.act("resolved")
    await oncall.until_shown("Closed by hand")
    labels = (await oncall.app.ask("/api/v1/statistics")).json()["total"]["labels"]
    assert labels["by_trust"]["pagerduty_human"] == {"actionable": 1, "noise": 0}


async def test_what_a_person_reopens_in_pagerduty_is_open_here(oncall: OnCall) -> None:
    await oncall.act("resolved")
    await oncall.until_shown("Closed by hand")
    await oncall.act("reopened", person="eve")
    await oncall.app.until(lambda: "Closed by hand" not in oncall.shown())
    assert (await oncall.incident()).closed is None
    assert len(oncall.app.pagerduty.incidents) == 1
    assert "resolve" not in oncall.events


NAMED = "service: TEAM, "
TWO_SERVICES = RULES.replace(
    "routes:",
    "  lead: {pagerduty: {%srouting_key: {env: LEAD_ROUTING_KEY}}}\nroutes:",
).replace("page: [pager]", "page: [pager, lead]")


@pytest.mark.parametrize("named", [NAMED, ""], ids=["services that have names", "services without a name"])
async def test_who_acknowledges_at_one_of_two_services_is_acknowledged_at_the_other(
    starter: Starter, named: str
) -> None:
    starter.more = {"LEAD_ROUTING_KEY": "1" * 32}
    async with opened(starter, TWO_SERVICES % named) as oncall:
        await oncall.app.until(lambda: len(oncall.app.pagerduty.incidents) == 2)
        first, second = oncall.app.pagerduty.incidents
        there, other = (second, first) if second.routing_key == "1" * 32 else (first, second)
        there.service = "TEAM"
        oncall.webhooks.act(there, "acknowledged", "bob")
        await oncall.app.until(lambda: other.status == "acknowledged")
        await oncall.until_shown("bob")
        taken = (await oncall.incident()).acknowledged
        assert taken is not None
        assert (taken.by, taken.heard_from) == ("bob", "lead" if named else "")
        # Where nobody can say which of them it was, it hears its own word again.
        await oncall.app.until(lambda: oncall.events.count("acknowledge") == (1 if named else 2))


async def test_a_note_that_overtakes_an_acknowledgement_does_not_undo_it(oncall: OnCall) -> None:
    bob = {"id": "PBOB", "summary": "bob", "type": "user_reference"}
    taken = oncall.webhooks.body(oncall.page, "acknowledged", bob)
    await asyncio.sleep(0.002)  # events of one millisecond have no order
    for body in (oncall.webhooks.body(oncall.page, "annotated", bob, "I am on it"), taken):
        assert await oncall.webhooks.post(body) == 200
    assert (await oncall.incident()).acknowledged is not None


async def test_a_person_whose_name_is_not_said_is_known_by_the_id(oncall: OnCall) -> None:
    nameless = {"id": "PBOB", "type": "user_reference"}
    assert await oncall.webhooks.post(oncall.webhooks.body(oncall.page, "acknowledged", nameless)) == 200
    taken = (await oncall.incident()).acknowledged
    assert taken is not None
    assert taken.by == "PBOB"


async def test_our_own_acknowledgement_comes_back_as_an_echo(oncall: OnCall) -> None:
    incident = await oncall.incident()
    path = f"/api/v1/incidents/{incident.id}/acknowledge"
    assert (await oncall.app.ask(path, "POST", json={"by": "ann"})).status_code == 200
    await oncall.app.until(lambda: oncall.page.status == "acknowledged")
    await oncall.app.until(lambda: len(oncall.webhooks.sent) >= 2)
    taken = (await oncall.incident()).acknowledged
    assert taken is not None
    assert taken.by == "ann"
    assert oncall.events.count("acknowledge") == 1


async def test_a_webhook_that_comes_again_does_nothing_again_and_an_older_one_nothing_at_all(
    oncall: OnCall,
) -> None:
    bob = {"id": "PBOB", "summary": "bob", "type": "user_reference"}
    older = oncall.webhooks.body(oncall.page, "acknowledged", bob)
    await asyncio.sleep(0.002)  # events of one millisecond have no order
    newer = oncall.webhooks.body(oncall.page, "unacknowledged", bob)
    for body in (older, older, newer, older):
        assert await oncall.webhooks.post(body) == 200
    assert (await oncall.incident()).acknowledged is None
    overtaken = json.loads(older)
    overtaken["event"]["id"] = "01ANOTHER"
    assert await oncall.webhooks.post(json.dumps(overtaken).encode()) == 200
    assert (await oncall.incident()).acknowledged is None


async def test_who_was_called_and_what_was_said_stands_on_the_timeline(oncall: OnCall) -> None:
    await oncall.act("escalated", person="", text="carol")
    await oncall.act("annotated", text="it is the switch")
    whole = (await oncall.app.ask(f"/api/v1/incidents/{(await oncall.incident()).id}")).json()
    said = {line["what"]: line["detail"] for line in whole["timeline"]}
    assert said["pagerduty_escalated"]["people"] == "carol"
    assert said["pagerduty_annotated"] == {"by": "bob", "through": "pagerduty", "text": "it is the switch"}


async def test_a_note_with_the_prefix_is_the_word_of_its_writer(oncall: OnCall) -> None:
    await oncall.act("annotated", text="Alert: noise, wrong owner")
    await oncall.act("annotated", person="eve", text="alerting is noise")
    labels = (await oncall.app.ask("/api/v1/statistics")).json()["total"]["labels"]
    assert labels["by_trust"]["person"] == {"actionable": 0, "noise": 1}
    assert labels["noise_reasons"] == {"wrong owner": 1}


async def test_a_webhook_of_somebody_elses_incident_is_taken_and_forgotten(oncall: OnCall) -> None:
    body = json.loads(oncall.webhooks.body(oncall.page, "acknowledged", None))
    for key in ("checkout is down", "zzzzzzzzzzzz.1", "nothing.x", None):
        body["event"]["data"]["incident_key"] = key
        assert await oncall.webhooks.post(json.dumps(body).encode()) == 200
    body["event"]["event_type"] = "service.updated"
    assert await oncall.webhooks.post(json.dumps(body).encode()) == 200
    assert await oncall.webhooks.post(b'{"event": 1}') == 202


async def test_a_forged_webhook_is_refused(oncall: OnCall) -> None:
    body = oncall.webhooks.body(oncall.page, "acknowledged", None)
    assert await oncall.webhooks.post(body, "another") == 403
    assert await oncall.webhooks.post(body, "new-secret") == 200


async def test_without_a_secret_pagerduty_is_asked_to_come_again(app: Running) -> None:
    answer = await app.ask("/webhooks/pagerduty", "POST", content=b"{}")
    assert answer.status_code == 503
    assert "PAGERDUTY_WEBHOOK_SECRET is not set" in answer.json()["error"]
    assert "set PAGERDUTY_WEBHOOK_SECRET" in answer.json()["remedy"]


@pytest.mark.parametrize(
    ("body", "status", "field"), [(b"{}", 403, "x-pagerduty-signature"), (b" " * ((1 << 20) + 1), 413, "")]
)
async def test_a_refusal_says_what_is_wrong_and_what_helps_as_at_every_door(
    oncall: OnCall, body: bytes, status: int, field: str
) -> None:
    answer = await oncall.app.ask("/webhooks/pagerduty", "POST", content=body)
    assert (answer.status_code, answer.json()["field"]) == (status, field)
    assert answer.json()["error"]
    assert answer.json()["remedy"]


def test_a_signature_may_stand_among_several() -> None:
    shown = "v1=00,v1=f03de6f61df6e454f3620c4d6aca17ad072d3f8bbb2760eac3b2ad391b5e8073"
    assert not signed_by_pagerduty(["secret"], shown, b"{}")
    assert not signed_by_pagerduty([], "", b"{}")
