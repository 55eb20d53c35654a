"""A gateway that has paged the local PagerDuty, and a reader of it whose turn it is whenever it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gateway.actions.incidents import IncidentActions
from gateway.actions.labels import LabelActions
from gateway.actions.pagerduty_changes import PagerDutyChanges
from gateway.actions.pagerduty_desk import PagerDutyDesk
from gateway.actions.pagerduty_incidents import PagerDutyIncidents
from gateway.actions.pagerduty_losses import PagerDutyLosses
from gateway.actions.pagerduty_notes import PagerDutyNotes
from gateway.actions.pagerduty_people import PagerDutyPeople
from gateway.actions.pagerduty_persons import PagerDutyPersons
from gateway.actions.pagerduty_reader import PagerDutyReader
from gateway.actions.slack_roles import SlackRoles
from gateway.decisions.policy import Policy
from gateway.model.changes import Table
from gateway.model.incident import Incident
from gateway.model.ledger import Ledger
from gateway.model.records import load_incident, load_ledger
from gateway.outbound.network import Network
from gateway.outbound.pagerduty.rest import PagerDutyRest
from gateway.outbound.slack.screen import SlackScreen
from gateway.sandbox.pagerduty import DEFAULT_API_TOKEN
from gateway.sandbox.pagerduty import Incident as Paged
from gateway.sandbox.slack import DEFAULT_TOKEN
from gateway.sandbox.vendor import Call
from gateway.state.paging import pages
from gateway.state.persons import Persons
from tests.support.running_gateway import Running


@dataclass
class Reading:
    """A gateway that has paged and hears no webhooks, and a reader whose turn it is whenever it is asked."""

    app: Running
    reader: PagerDutyReader
    rest: PagerDutyRest
    desk: PagerDutyDesk
    screen: SlackScreen

    @property
    def page(self) -> Paged:
        return self.app.pagerduty.incidents[-1]

    @property
    def questions(self) -> list[Call]:
        return [call for call in self.app.pagerduty.calls if call.methods[0] == "rest"]

    async def aclose(self) -> None:
        await self.rest.aclose()
        await self.screen.aclose()

    def act(self, kind: str, person: str = "bob") -> None:
        self.app.pagerduty.webhooks.act(self.page, kind, person)

    async def incident(self) -> Incident:
        async for rows in pages(self.app.gateway.shards, Table.INCIDENTS):
            for row in rows.values():
                return load_incident(row.value)
        raise AssertionError("there is none")

    async def pause(self) -> None:
        await asyncio.sleep(0.02)

    async def ledger(self, target: str) -> Ledger:
        async for rows in pages(self.app.gateway.shards, Table.LEDGERS, f"*|{target}"):
            for row in rows.values():
                return load_ledger(row.value)
        raise AssertionError("there is none")

    async def confirmed(self) -> tuple[int, int]:
        counts = (await self.app.ask("/api/v1/statistics")).json()["total"]["counts"]
        return counts["calls"], counts["confirmed"]


def reader_over(app: Running, sender: str = "") -> Reading:
    shards = app.gateway.shards
    rest = PagerDutyRest(app.pagerduty.api_url, lambda: DEFAULT_API_TOKEN, Network())
    actions = IncidentActions(shards, lambda: None)

    def policy() -> Policy:
        return app.gateway.reloader.in_force.policy

    screen = SlackScreen(app.slack.url, lambda: DEFAULT_TOKEN, Network())
    people = PagerDutyPeople(shards, rest, screen, SlackRoles(lambda: policy().rules.act, screen, shards))
    labels = LabelActions(shards, Persons(shards.home, str))
    desk, metrics = (
        PagerDutyDesk(actions, policy, people, labels, PagerDutyIncidents(shards)),
        app.gateway.metrics,
    )
    persons = PagerDutyPersons(
        shards, policy, people, Persons(shards.home, lambda text: f"pseudonym of {text}")
    )
    ends = PagerDutyLosses(shards, lambda: None)
    counts = (metrics.pagerduty_event, metrics.pagerduty_asked)
    notes = PagerDutyNotes(shards, sender)
    reader = PagerDutyReader(shards, desk, persons, ends, notes, PagerDutyChanges(shards), rest, *counts)
    return Reading(app, reader, rest, desk, screen)


@asynccontextmanager
async def paged(app: Running, sender: str = "") -> AsyncIterator[Reading]:
    await app.told()
    # The page is brought up to date when its message stands in Slack. A trigger that is on its way while
    # somebody resolves the page would open another.
    known = 0
    while known < len(app.pagerduty.calls):
        known = len(app.pagerduty.calls)
        await asyncio.sleep(0.4)
    found = reader_over(app, sender)
    yield found
    await found.aclose()
