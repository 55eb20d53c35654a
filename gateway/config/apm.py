"""Whether requests are reported to Elastic APM, and to which server.

The variables are those of Elastic's agent:
https://www.elastic.co/docs/reference/apm/agents/python/configuration
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gateway.config.telemetry_address import why_not_sent

PREFIX = "ELASTIC_APM_"
PLAIN = ("SERVICE_NAME", "SERVER_URL", "ENVIRONMENT")
"""The settings that are understood without the agent's prefix, too."""
SECRETS = ("SECRET_TOKEN", "API_KEY")
SERVICE_NAME = re.compile("[a-zA-Z0-9 _-]+")
"""A name that the agent takes; with any other it sends nothing."""
VARIABLES = tuple(f"{PREFIX}{name}" for name in (*PLAIN, *SECRETS))
"""What `read_apm` reads for the agent, which reads them by itself otherwise, see `_ConfigBase.update` in
https://github.com/elastic/apm-agent-python/blob/main/elasticapm/conf/__init__.py
"""
SERVER_URLS = (f"{PREFIX}SERVER_URL", "SERVER_URL")


@dataclass(frozen=True, slots=True)
class ApmSettings:
    """`asked_by` names the variable that asks for APM. `options` are the agent's settings by its own names.

    The agent reads by itself only what is not in `VARIABLES`, which are hidden from it.
    """

    server_url: str = field(repr=False)
    asked_by: str
    options: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Apm:
    """This is what the variables ask for: `settings` is None where nothing is reported. `warnings` are
    sentences about variables that should be otherwise.
    """

    settings: ApmSettings | None = None
    warnings: tuple[str, ...] = ()


def read_apm(variables: Mapping[str, str], secret: Callable[[str], str | None]) -> Apm:
    """Read the variables. An address that must not be used keeps reports from being sent, and is in
    `warnings`.

    SERVER_URL alone may be any other program's: it counts where SERVICE_NAME stands beside it. Raises
    `BadSettings` for a secret whose file cannot be read.
    """
    asked_by = next((name for name in SERVER_URLS if variables.get(name)), "")
    if not asked_by or variables.get(f"{PREFIX}ENABLED", "").lower() == "false":
        return Apm()
    if asked_by == "SERVER_URL" and not variables.get("SERVICE_NAME"):
        return Apm()
    if why := why_not_sent("reports to Elastic APM", asked_by, variables[asked_by]):
        return Apm(warnings=(why,))
    options = {name: variables.get(f"{PREFIX}{name}") or variables.get(name, "") for name in PLAIN}
    warning = _fault_of_name(variables, options["SERVICE_NAME"])
    if warning:
        del options["SERVICE_NAME"]
    options |= {name: secret(f"{PREFIX}{name}") or "" for name in SECRETS}
    given = {name: value for name, value in options.items() if value}
    return Apm(ApmSettings(variables[asked_by], asked_by, given), (warning,) if warning else ())


def _fault_of_name(variables: Mapping[str, str], service: str) -> str:
    if not service or SERVICE_NAME.fullmatch(service.strip(" ")):
        return ""
    name = f"{PREFIX}SERVICE_NAME" if variables.get(f"{PREFIX}SERVICE_NAME") else "SERVICE_NAME"
    return (
        f"{name}: `{service}` is no name that Elastic APM takes, and the default is used: write letters, digits, "
        "spaces, _ and - alone"
    )
