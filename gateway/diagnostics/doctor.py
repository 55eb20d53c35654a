"""`gateway doctor` says whether everything that the gateway needs works, as seen from this machine."""

from __future__ import annotations

import httpx

from gateway.clock import utc_ms
from gateway.config.demanded_tokens import demand_tokens
from gateway.config.environment import Environment
from gateway.config.tokens_file import TokensFile, four_eyes_problem
from gateway.diagnostics.destinations import examine_destinations, wiring
from gateway.diagnostics.diagnosis import REQUEST_SECONDS, Diagnosis, Mark
from gateway.diagnostics.running_gateway import examine_running_gateway
from gateway.diagnostics.slack_scopes import examine_scopes
from gateway.diagnostics.sources import examine_sources
from gateway.diagnostics.store import examine_store
from gateway.errors import BadSettings
from gateway.model.rules.rulebook import Rulebook
from gateway.outbound.credentials import heard_in_slack
from gateway.outbound.http_trouble import no_answer
from gateway.outbound.network import Way
from gateway.outbound.reach import origin_of, why_not_reached
from gateway.outbound.slack.destination import SLACK
from gateway.rules.files import load_rules


async def examine_everything(environment: Environment) -> list[Diagnosis]:
    """Look at everything, in the order in which things are needed."""
    loaded = load_rules(environment.settings.rules, utc_ms())
    found = [_settings(environment, loaded.rulebook)]
    found += [Diagnosis(Mark.WORRY, "settings", warning) for warning in environment.warnings]
    marks = ((Mark.BAD if fault in loaded.errors else Mark.WORRY, str(fault)) for fault in loaded.findings)
    found += [Diagnosis(mark, "rules", said) for mark, said in marks]
    if loaded.rulebook is not None:
        rules = loaded.rulebook
        twice = environment.twice_of(rules.secret_names)
        found += [Diagnosis(Mark.WORRY, "settings", warning) for warning in twice]
        found.append(Diagnosis(Mark.GOOD, "rules", f"{rules.contents}, revision {rules.revision}"))
    found += _people(environment, loaded.rulebook)
    partition_by = loaded.rulebook.partition_by if loaded.rulebook is not None else None
    found += await examine_store(environment.settings, partition_by)
    if loaded.rulebook is not None:
        found += await examine_sources(environment, loaded.rulebook)
        found += await examine_destinations(environment, loaded.rulebook)
        found += await examine_scopes(environment, loaded.rulebook, wiring(environment, SLACK))
    return [*found, *await _heartbeat(environment), *await examine_running_gateway(environment)]


def _settings(environment: Environment, rules: Rulebook | None) -> Diagnosis:
    """Say where it listens, or that `gateway serve` would not start for want of a token."""
    try:
        demand_tokens(environment.settings, sources_have_them=rules is not None and rules.sources_have_tokens)
    except BadSettings as error:
        return Diagnosis(Mark.BAD, "settings", str(error))
    return Diagnosis(Mark.GOOD, "settings", f"listening on {environment.settings.listen}")


def _people(environment: Environment, rules: Rulebook | None) -> list[Diagnosis]:
    """Read the tokens of people, and find out whether the rules count on people who are not there."""
    tokens = TokensFile(environment.settings.tokens_file)
    found = [Diagnosis(Mark.BAD, "tokens", problem) for problem in tokens.problems]
    heard = heard_in_slack(environment.configured)
    if (
        rules is not None
        and rules.silences.four_eyes
        and (problem := four_eyes_problem(tokens, heard_in_slack=heard))
    ):
        found.append(Diagnosis(Mark.BAD, "tokens", problem))
    return found


async def _heartbeat(environment: Environment) -> list[Diagnosis]:
    """Its service is reached, and not told that all is well: only the gateway knows that."""
    url = environment.settings.heartbeat
    if url is None:
        trouble = "nobody hears of it when the gateway is gone"
        remedy = "GATEWAY_HEARTBEAT_URL names a service that pages then"
        return [Diagnosis(Mark.WORRY, "heartbeat", f"{trouble}; {remedy}")]
    network = environment.settings.network()
    if error := await why_not_reached(network, Way(url, network.proxy_to(url)), REQUEST_SECONDS):
        remedy = "is GATEWAY_HEARTBEAT_URL right, and can it be reached from here?"
        # What is no address has no origin either.
        where = "" if isinstance(error, httpx.InvalidURL) else f"{origin_of(url)}: "
        return [Diagnosis(Mark.BAD, "heartbeat", f"{where}{no_answer(error)}; {remedy}")]
    return [
        Diagnosis(
            Mark.GOOD,
            "heartbeat",
            f"{origin_of(url)} answers; whether the heartbeat arrives, the running gateway says",
        )
    ]
