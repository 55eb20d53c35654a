"""Put together what hears people at vendors: who may act, what is shown to them, and the endpoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from gateway.actions.controls import ControlActions
from gateway.actions.handovers import Handovers
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
from gateway.actions.slack_approvals import SlackApprovals
from gateway.actions.slack_commands import SlackCommands
from gateway.actions.slack_desk import SlackDesk
from gateway.actions.slack_heard import Heard
from gateway.actions.slack_roles import SlackRoles
from gateway.actions.slack_silences import SlackSilences
from gateway.actions.slack_sockets import SlackSockets
from gateway.actions.statistics_reports import StatisticsReports
from gateway.clock import utc_ms
from gateway.decisions.policy import Policy
from gateway.inbound.refused import RefusedRequests
from gateway.inbound.webhooks.pagerduty import PagerDutyEndpoint
from gateway.inbound.webhooks.slack import SlackEndpoints
from gateway.outbound.pagerduty.rest import API_TOKEN, PagerDutyRest
from gateway.outbound.slack.destination import SLACK_APP_TOKEN, SLACK_BOT_TOKEN
from gateway.outbound.slack.screen import SlackScreen
from gateway.outbound.slack.socket_mode import Answer, SlackSocket
from gateway.runtime.start import Start
from gateway.state.persons import Persons


def slack_of(
    start: Start,
    policy: Callable[[], Policy],
    woken: Callable[[], None],
    refused: RefusedRequests,
    persons: Persons,
) -> SlackEndpoints:
    """Return the endpoints. Their screen is closed at the end of the gateway."""
    screen = SlackScreen(
        start.settings.slack_api_url, lambda: start.secrets.own(SLACK_BOT_TOKEN.env), start.network
    )
    start.stack.push_async_callback(screen.aclose)
    shards = start.shards
    incidents = IncidentActions(shards, woken, persons)
    controls = ControlActions(shards, policy, woken, persons)
    silences = SlackSilences(controls, shards, policy, screen, SlackApprovals(controls, policy, screen))
    roles = SlackRoles(lambda: policy().rules.act, screen, shards)
    reports = StatisticsReports(shards, start.secrets.mark, start.settings.keep_statistics)

    def redact_key() -> bytes:
        return start.secrets.redact_key

    handovers = Handovers(shards, policy, redact_key)
    commands = SlackCommands(
        incidents, silences, shards, policy, roles, screen, reports, handovers, redact_key
    )
    labels = LabelActions(shards, persons)
    desk = SlackDesk(incidents, silences, shards, policy, labels, roles, screen, commands)
    return SlackEndpoints(desk, partial(_secrets, start, "SLACK_SIGNING_SECRET"), refused, utc_ms)


def sockets_of(start: Start, desk: SlackDesk) -> SlackSockets:
    """Return what holds a connection to Slack while SLACK_APP_TOKEN is
    set; its seat is given back at the end.
    """

    async def hear(kind: str, payload: Mapping[str, Any]) -> Answer | None:
        if kind == "interactive":
            heard: Heard | None = await desk.hear(payload)
        elif kind == "slash_commands":
            heard = await desk.hear_command({name: str(value) for name, value in payload.items()})
        else:
            heard = None
        return (heard.reply, heard.afterwards) if heard is not None else None

    def make() -> SlackSocket:
        token = start.secrets.own(SLACK_APP_TOKEN) or ""
        return SlackSocket(start.settings.slack_api_url, token, start.network, hear)

    sockets = SlackSockets(start.shards, lambda: bool(start.secrets.own(SLACK_APP_TOKEN)), make)
    start.stack.push_async_callback(sockets.give_back)
    return sockets


def rest_of(start: Start) -> PagerDutyRest:
    """Return PagerDuty's REST API, which is asked while PAGERDUTY_API_TOKEN is set."""
    url = start.settings.pagerduty_api_url
    rest = PagerDutyRest(url, lambda: start.secrets.own(API_TOKEN), start.network)
    start.stack.push_async_callback(rest.aclose)
    return rest


def pagerduty_of(
    start: Start,
    policy: Callable[[], Policy],
    woken: Callable[[], None],
    refused: RefusedRequests,
    persons: Persons,
    slack: SlackDesk,
    rest: PagerDutyRest,
) -> PagerDutyEndpoint:
    people = PagerDutyPeople(start.shards, rest, slack.screen, slack.roles)
    labels = LabelActions(start.shards, persons)
    desk = PagerDutyDesk(
        IncidentActions(start.shards, woken, persons),
        policy,
        people,
        labels,
        PagerDutyIncidents(start.shards),
    )
    secrets = partial(_secrets, start, "PAGERDUTY_WEBHOOK_SECRET")
    return PagerDutyEndpoint(desk, secrets, refused, start.metrics.pagerduty_event)


def reader_of(
    start: Start,
    endpoint: PagerDutyEndpoint,
    rest: PagerDutyRest,
    woken: Callable[[], None],
    persons: Persons,
) -> PagerDutyReader:
    """Return what reads PagerDuty, for the same desk as its webhooks."""
    shards, metrics = start.shards, start.metrics
    called = PagerDutyPersons(shards, endpoint.desk.policy, endpoint.desk.people, persons)
    ends = PagerDutyLosses(shards, woken)
    notes = PagerDutyNotes(shards, start.settings.pagerduty_from)
    return PagerDutyReader(
        shards,
        endpoint.desk,
        called,
        ends,
        notes,
        PagerDutyChanges(shards),
        rest,
        endpoint.count,
        metrics.pagerduty_asked,
    )


def _secrets(start: Start, name: str) -> list[str]:
    """Return the secrets that are valid now: several while one of them rotates."""
    return [part.strip() for part in (start.secrets.own(name) or "").split(",") if part.strip()]
