"""Put the operations under `/api/v1` together over the running parts that they ask."""

from __future__ import annotations

from functools import partial
from importlib.metadata import version

from gateway.actions.controls import ControlActions
from gateway.actions.dead_letters import DeadLetterActions
from gateway.actions.incidents import IncidentActions
from gateway.actions.quarantine import Replayer
from gateway.config.settings import Settings
from gateway.decisions.policy import Policy
from gateway.inbound.api.alerts import AlertsApi
from gateway.inbound.api.controls import ControlsApi
from gateway.inbound.api.incidents import IncidentsApi
from gateway.inbound.api.router import Api
from gateway.inbound.api.rules import RulesApi, rules_shown
from gateway.inbound.api.silences import SilencesApi
from gateway.inbound.api.turned_away import TurnedAwayApi
from gateway.inbound.api.undelivered import UndeliveredApi
from gateway.inbound.api.watchdogs import WatchdogsApi
from gateway.inbound.auth import Tokens
from gateway.rules.reloader import RulesReloader
from gateway.runtime.workers import Workers
from gateway.self_monitoring.turned_away import TurnedAwayBook
from gateway.state.shards import Shards


def api_of(
    settings: Settings, shards: Shards, workers: Workers, reloader: RulesReloader, turned_away: TurnedAwayBook
) -> Api:
    # The rules are asked for at each request: they may have been loaded anew since the gateway started.
    admin_tokens = Tokens(token.get_secret_value() for token in settings.admin_token)
    desk = ControlActions(shards, lambda: reloader.in_force.policy, workers.wake)
    replayer = Replayer(
        shards, workers.intake, lambda: (reloader.in_force.normalisers, reloader.in_force.rules.shared.name)
    )
    actions = IncidentActions(shards, workers.wake)

    def policy() -> Policy:
        return reloader.in_force.policy

    groups = (
        IncidentsApi(shards, actions, policy),
        AlertsApi(shards, policy),
        UndeliveredApi(shards, replayer, DeadLetterActions(shards, workers.wake), policy),
        TurnedAwayApi(lambda: turned_away.entries),
        RulesApi(partial(rules_shown, reloader)),
        SilencesApi(desk, policy),
        ControlsApi(desk),
        WatchdogsApi(shards.home, lambda: reloader.in_force.rules.watchdogs),
    )
    operations = [operation for group in groups for operation in group.operations()]
    return Api(operations, admin_tokens, version("alert-gateway"))
