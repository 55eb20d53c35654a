"""Make the settings of variables, and say at once everything that is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from gateway.config.possible import impossible
from gateway.config.settings import Settings
from gateway.config.variable_names import unknown
from gateway.errors import BadSettings, SecretAway
from gateway.outbound.registry import DESTINATION_KINDS

DESTINATION_SECRETS = frozenset(
    name for kind in DESTINATION_KINDS.values() for name in kind.shared_credentials
)

# Kubernetes puts these into every container where a Service is named `gateway`; they are nobody's settings.
# https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
SERVICE_LINK = re.compile(r"GATEWAY_(SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP)(_\w+)?)?)")

# The one pattern of the settings is that of an address.
PLAIN = {"string_pattern_mismatch": "an address such as https://example.org is needed"}
ALIASES = frozenset(str(field.alias) for field in Settings.model_fields.values())


def load_settings(
    variables: Mapping[str, str], secret: Callable[[str], str | None], warnings: Iterable[str]
) -> tuple[Settings, list[str]]:
    """Read the settings, and return them with a warning for each credential whose file is not there.

    `warnings` stand with the problems, which name a variable by its name of today.
    """
    known = {str(field.alias): name for name, field in Settings.model_fields.items()}
    problems = [
        unknown(name, known)
        for name in variables
        if name.startswith("GATEWAY_")
        if name not in known
        if name.removesuffix("_FILE") not in known and not SERVICE_LINK.fullmatch(name)
    ]
    given: dict[str, Any] = {}
    away: list[str] = []
    for alias in known:
        try:
            value = secret(alias)
        except BadSettings as error:
            # A credential that only its destinations need may come: until then they fail, and others work.
            awaited = isinstance(error, SecretAway) and alias in DESTINATION_SECRETS
            (away if awaited else problems).append(str(error))
        else:
            given |= {} if value is None else {alias: value}
    settings = None
    try:
        settings = Settings(**given)
    except ValidationError as error:
        # Without the input: a wrong value may be a secret.
        faults = error.errors(include_input=False, include_url=False)
        problems += [f"{fault['loc'][0]}: {PLAIN.get(fault['type'], fault['msg'])}" for fault in faults]
    if settings is not None:
        problems += impossible(settings)
    if problems or settings is None:
        raise BadSettings("\n".join([*problems, *warnings]))
    return settings, away
