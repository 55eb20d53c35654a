"""Each source's token has to be set, and each of its Alertmanagers has to answer."""

from __future__ import annotations

from gateway.config.environment import Environment
from gateway.decisions.intake.normalise import Normaliser
from gateway.diagnostics.diagnosis import REQUEST_SECONDS, Diagnosis, Mark
from gateway.model.counted import counted
from gateway.model.rules.origin import SOURCE
from gateway.model.rules.rulebook import LabelRules, Rulebook
from gateway.model.rules.source import Source
from gateway.outbound.alertmanager_api import AlertmanagerPeers


async def examine_sources(environment: Environment, rules: Rulebook) -> list[Diagnosis]:
    """Find out whether each token is set and each peer answers."""
    peers, found = AlertmanagerPeers(environment.settings.network(), REQUEST_SECONDS), list[Diagnosis]()
    try:
        for name, source in rules.listed_sources.items():
            token = source.token
            if token is not None and (fault := environment.fault_of(token.env, SOURCE)):
                found.append(Diagnosis(Mark.BAD, name, f"{fault}: its webhooks are refused"))
            elif token is not None and not environment.configured(token.env):
                said = f"{token.env} is not set: its webhooks are refused"
                found.append(Diagnosis(Mark.WORRY, name, said))
            for peer in source.alertmanager:
                found.append(await _peer(environment, peers, source, peer.env))
    finally:
        await peers.aclose()
    return found


async def _peer(
    environment: Environment, peers: AlertmanagerPeers, source: Source, variable: str
) -> Diagnosis:
    if fault := environment.fault_of(variable, SOURCE):
        return Diagnosis(Mark.BAD, source.name, f"{fault}: this Alertmanager is not asked")
    url = environment.secret(variable)
    if url is None:
        return Diagnosis(Mark.WORRY, source.name, f"{variable} is not set: this Alertmanager is not asked")
    said = await peers.ask(url, source.receiver, Normaliser(LabelRules(), source))
    if isinstance(said, str):
        return Diagnosis(
            Mark.BAD, source.name, f"the Alertmanager of {variable}: {said}; is its address right?"
        )
    return Diagnosis(
        Mark.GOOD,
        source.name,
        f"the Alertmanager of {variable} has {counted(len(said.alerts), 'alert')} for {source.receiver}",
    )
