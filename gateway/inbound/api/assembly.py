"""Put the operations under `/api/v1` together over the running parts that they ask."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.metadata import version

from gateway.actions.controls import ControlActions
from gateway.actions.dead_letters import DeadLetterActions
from gateway.actions.handovers import Handovers
from gateway.actions.incident_ids import IncidentIds
from gateway.actions.incidents import IncidentActions
from gateway.actions.labels import LabelActions
from gateway.actions.quarantine import Replayer
from gateway.config.settings import Settings
from gateway.config.tokens_file import TokensFile
from gateway.decisions.policy import Policy
from gateway.inbound.api.alerts import AlertsApi
from gateway.inbound.api.controls import ControlsApi
from gateway.inbound.api.handover import HandoverApi
from gateway.inbound.api.incidents import IncidentsApi
from gateway.inbound.api.log_level import LogLevelApi
from gateway.inbound.api.router import Api
from gateway.inbound.api.rules import RulesApi, rules_shown
from gateway.inbound.api.silences import SilencesApi
from gateway.inbound.api.statistics import StatisticsApi
from gateway.inbound.api.statistics_persons import StatisticsPersonsApi
from gateway.inbound.api.turned_away import TurnedAwayApi
from gateway.inbound.api.undelivered import UndeliveredApi
from gateway.inbound.api.watchdogs import WatchdogsApi
from gateway.inbound.auth import Callers
from gateway.inbound.browsers import OwnAddresses
from gateway.inbound.refused import RefusedRequests
from gateway.rules.reloader import RulesReloader
from gateway.runtime.workers import Workers
from gateway.self_monitoring.turned_away import TurnedAwayBook
from gateway.state.person_names import PersonNames
from gateway.state.persons import Persons
from gateway.state.shards import Shards
from gateway.telemetry.log_level import LogLevel


def callers_of(settings: Settings, tokens: TokensFile) -> Callers:
    """Return who may ask, by the settings and by the tokens of people as they are in force at each request."""
    return Callers(
        [token.get_secret_value() for token in settings.admin_token],
        lambda: tokens.issued if tokens.configured else None,
    )


def api_of(
    settings: Settings,
    shards: Shards,
    workers: Workers,
    reloader: RulesReloader,
    turned_away: TurnedAwayBook,
    callers: Callers,
    refused: RefusedRequests,
    mark: Callable[[str], str],
    persons: Persons,
    names: PersonNames,
) -> Api:
    # The rules are asked for at each request: they may have been loaded anew since the gateway started.
    desk = ControlActions(shards, lambda: reloader.in_force.policy, workers.wake, persons)
    replayer = Replayer(
        shards,
        workers.intake,
        lambda: (reloader.in_force.normalisers, reloader.in_force.rules.shared.name),
        workers.taken,
    )
    actions = IncidentActions(shards, workers.wake, persons)

    def policy() -> Policy:
        return reloader.in_force.policy

    ids = IncidentIds(shards, policy)
    groups = (
        IncidentsApi(shards, actions, policy, ids),
        AlertsApi(shards, policy),
        UndeliveredApi(shards, replayer, DeadLetterActions(shards, workers.wake), policy, ids),
        TurnedAwayApi(lambda: turned_away.entries),
        RulesApi(partial(rules_shown, reloader)),
        SilencesApi(desk, policy),
        ControlsApi(desk),
        StatisticsApi(shards, LabelActions(shards, persons), persons, mark, settings.keep_statistics, ids),
        StatisticsPersonsApi(names),
        LogLevelApi(LogLevel(settings.log_level)),
        HandoverApi(Handovers(shards, policy)),
        WatchdogsApi(shards.home, lambda: reloader.in_force.rules.watchdogs),
    )
    operations = [operation for group in groups for operation in group.operations()]
    own = OwnAddresses.of(settings.host, settings.public_url, settings.allowed_hosts)
    return Api(operations, callers, own, refused, version("alert-gateway"))
