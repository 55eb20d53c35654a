"""Say in the log, as the gateway starts, what somebody has to set."""

from __future__ import annotations

import structlog

from gateway.config.environment import Environment
from gateway.self_monitoring.worries import Worries

log = structlog.get_logger("gateway.app")


def say_what_is_missing(environment: Environment, worries: Worries) -> None:
    for warning in environment.twice_of(worries.reloader.in_force.rules.secret_names):
        log.warning("setting_twice", remedy=warning)
    for problem in worries.who_gets_in():
        log.warning("tokens_wanting", problem=problem)
    # Without its credential a destination tells nobody: whoever starts the gateway has to see that at once.
    log_only = worries.auditor.credentials.found().log_only
    for destination, secret in worries.unset().items():
        log.warning(
            "no_credential",
            destination=destination,
            missing=secret,
            because=worries.why_missing(destination, secret),
            consequence="deliveries go to this log and the API"
            if destination in log_only
            else "nothing can be delivered there: its fallback is told",
        )
