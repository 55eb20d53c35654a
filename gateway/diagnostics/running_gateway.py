"""Ask the running gateway for `gateway doctor`: whether it answers,
what it worries about, and whether it lets us in.
"""

from __future__ import annotations

import httpx

from gateway.config.environment import Environment
from gateway.diagnostics.api_reader import read_api
from gateway.diagnostics.diagnosis import REQUEST_SECONDS, Diagnosis, Mark
from gateway.diagnostics.turned_away import turned_away
from gateway.model.counted import counted
from gateway.outbound.connection_trouble import not_connected

# What the gateway says of itself; one of a version before says `ok` or `degraded`.
MARKS = {"healthy": Mark.GOOD, "ok": Mark.GOOD, "unhealthy": Mark.BAD}


async def examine_running_gateway(environment: Environment) -> list[Diagnosis]:
    url = environment.settings.gateway_url.rstrip("/")
    tls, by_proxy = environment.settings.network().tls("httpx"), environment.settings.gateway_by_proxy
    try:
        async with httpx.AsyncClient(timeout=REQUEST_SECONDS, verify=tls, trust_env=by_proxy) as client:
            health = (await client.get(f"{url}/health")).json()
    except httpx.TimeoutException:
        return [_none_answers(url, "it does not answer in time")]
    except httpx.TransportError as error:
        return [_none_answers(url, not_connected(error).detail)]
    except (httpx.HTTPError, ValueError):
        return [_none_answers(url, "something else answers there")]
    if not isinstance(health, dict) or "worries" not in health:
        return [_none_answers(url, "something else answers there")]
    mark = MARKS.get(str(health.get("status")), Mark.WORRY)
    turned = await turned_away(environment)
    # What the list of the turned away says with who sent it is not said twice.
    worries = [worry for worry in map(str, health["worries"]) if not turned.says(worry)]
    return [
        Diagnosis(mark, "gateway", f"{health.get('status')} at {url}"),
        *(Diagnosis(Mark.WORRY, "gateway", worry) for worry in worries),
        *turned.findings,
        *await _severities(environment, health.get("unknown_severities")),
    ]


def _none_answers(url: str, why: str) -> Diagnosis:
    said = f"no gateway answers at {url}: {why}; is GATEWAY_URL right, and does it run?"
    return Diagnosis(Mark.WORRY, "gateway", said)


async def _severities(environment: Environment, alerts: object) -> list[Diagnosis]:
    """Find the severity words that no rule knows; where the gateway does not let us ask, that there are some."""
    if not isinstance(alerts, int) or not alerts:
        return []
    words: dict[str, int] = {}
    try:
        answer = await read_api(environment, "/api/v1/rules")
        words = answer.json()["unknown_severities"] if answer.is_success else {}
    except (httpx.HTTPError, ValueError, KeyError):
        pass
    map_it = "map it in labels.severity"
    found = [f"`{word}` is unknown, {counted(count, 'alert')}: {map_it}" for word, count in words.items()]
    if not found:
        found = [f"{counted(alerts, 'alert')} with a word that is unknown: {map_it}"]
    return [Diagnosis(Mark.WORRY, "severity", said) for said in found]
