"""The local vendors, each on a free port, and clients of them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from gateway.sandbox import PagerDutySandbox, SlackSandbox
from gateway.sandbox.slack import DEFAULT_TOKEN, Bot
from tests.sandbox.clients import OTHER_ROUTING_KEY, ROUTING_KEY, Events, EventsOf, VendorClock, client_of


@pytest.fixture
def clock() -> VendorClock:
    return VendorClock()


@pytest.fixture
async def slack(clock: VendorClock) -> AsyncIterator[SlackSandbox]:
    tokens = {DEFAULT_TOKEN: Bot(), "xoxb-other": Bot("Other", "B0OTHER", "U0OTHER", "A0OTHER")}
    async with SlackSandbox.start(channels=("alerts", "oncall"), tokens=tokens, now=clock) as vendor:
        yield vendor


@pytest.fixture
def client(slack: SlackSandbox) -> AsyncWebClient:
    return client_of(slack)


@pytest.fixture
async def pagerduty(clock: VendorClock) -> AsyncIterator[PagerDutySandbox]:
    services = {ROUTING_KEY: "payments", OTHER_ROUTING_KEY: "search"}
    async with PagerDutySandbox.start(services=services, now=clock) as vendor:
        yield vendor


@pytest.fixture
async def events_of(pagerduty: PagerDutySandbox) -> AsyncIterator[EventsOf]:
    made: list[Events] = []

    def make(routing_key: str = ROUTING_KEY) -> Events:
        made.append(Events(pagerduty, routing_key))
        return made[-1]

    yield make
    for events in made:
        events.session.close()


@pytest.fixture
def events(events_of: EventsOf) -> Events:
    return events_of()
