"""Ask the running gateway what it turned away, and who sent that: `/health` does not say who, since everybody
may read it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx

from gateway.config.environment import Environment
from gateway.decisions.accounting.turned_away import sentence
from gateway.diagnostics.api_reader import read_api
from gateway.diagnostics.diagnosis import Diagnosis, Mark
from gateway.model.counted import counted

SENDERS_SHOWN = 5
_WANTS_ADMIN = (
    "the gateway wants its admin token: set GATEWAY_ADMIN_TOKEN here to what it has there; "
    "one that it made itself"
    " is read from GATEWAY_DATA_DIR on its own machine by whoever may read the file `admin-token` there"
)
_UNKNOWN = (
    "the gateway knows no such token as GATEWAY_TOKEN has here: it was taken back, or "
    "mistyped. Have one made there"
    " (`gateway token add NAME ROLE`), or unset GATEWAY_TOKEN to use the admin token"
)


@dataclass(slots=True)
class TurnedAwayFound:
    """The doctor's findings about what was turned away, and the
    sentences with which `/health` says the same.
    """

    findings: list[Diagnosis] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)

    def says(self, worry: str) -> bool:
        return any(worry.startswith(f"{known}: ") for known in self.sentences)


async def turned_away(environment: Environment) -> TurnedAwayFound:
    """Find a worry for each source and reason, or that the gateway does not let us ask."""
    try:
        answer = await read_api(environment, "/api/v1/turned-away")
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            return TurnedAwayFound([_not_let_in(environment)])
        items = answer.json()["items"] if answer.is_success else []
    except (httpx.HTTPError, ValueError, KeyError):
        return TurnedAwayFound()
    found = TurnedAwayFound()
    for item in items:
        said = sentence(item["source"] or "", item["reason"])
        found.sentences.append(said)
        found.findings.append(Diagnosis(Mark.WORRY, "turned away", f"{said}: {_by_whom(item)}"))
    return found


def why_not_let_in(environment: Environment) -> str:
    """Say what to do where the gateway accepts no token of ours, or wants one."""
    return _WANTS_ADMIN if environment.settings.token is None else _UNKNOWN


def _not_let_in(environment: Environment) -> Diagnosis:
    # A token that is wrong is a mistake of somebody's; without one the doctor may be meant to see no more.
    mark = Mark.BAD if environment.token_to_show() else Mark.WORRY
    what = "admin token" if environment.settings.token is None else "token"
    return Diagnosis(mark, what, why_not_let_in(environment))


def _by_whom(item: dict[str, Any]) -> str:
    newest = item["senders"][-SENDERS_SHOWN:][::-1]
    senders = ", ".join(
        f"{sender['address']} ({sender['user_agent'] or 'no user agent'})" for sender in newest
    )
    sent_by = f", from {senders}" if senders else ""
    error = f"; the last: {item['error']}" if item["error"] else ""
    return f"{counted(item['times'], 'time')}{sent_by}{error}; {item['remedy']}"
