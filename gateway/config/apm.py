"""Whether requests are reported to Elastic APM, and to which server.

The variables are those of Elastic's agent: https://www.elastic.co/docs/reference/apm/agents/python/configuration
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

PREFIX = "ELASTIC_APM_"
PLAIN = ("SERVICE_NAME", "SERVER_URL", "ENVIRONMENT")
"""The settings that are understood without the agent's prefix, too."""
SECRETS = ("SECRET_TOKEN", "API_KEY")
SERVER_URLS = (f"{PREFIX}SERVER_URL", "SERVER_URL")


@dataclass(frozen=True, slots=True)
class ApmSettings:
    """`asked_by` names the variable that asks for APM. `options` are the agent's settings by its own names.

    The agent reads the variables with its prefix by itself, and these win.
    """

    server_url: str = field(repr=False)
    asked_by: str
    options: Mapping[str, str] = field(repr=False)


def read_apm(variables: Mapping[str, str], secret: Callable[[str], str | None]) -> ApmSettings | None:
    """Return the settings, None where nobody asks for APM.

    SERVER_URL alone may be any other program's: it counts where SERVICE_NAME stands beside it. Raises
    `BadSettings` for a secret whose file cannot be read.
    """
    asked_by = next((name for name in SERVER_URLS if variables.get(name)), "")
    if not asked_by or variables.get(f"{PREFIX}ENABLED", "").lower() == "false":
        return None
    if asked_by == "SERVER_URL" and not variables.get("SERVICE_NAME"):
        return None
    options = {name: variables.get(f"{PREFIX}{name}") or variables.get(name, "") for name in PLAIN}
    options |= {name: secret(f"{PREFIX}{name}") or "" for name in SECRETS}
    return ApmSettings(
        variables[asked_by], asked_by, {name: value for name, value in options.items() if value}
    )
