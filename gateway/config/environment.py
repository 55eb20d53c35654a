"""The environment is read here and nowhere else: the settings, and the secrets of rule files (`{env: X}`).

Every secret `X` may also come from a file that the variable `X_FILE` names.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gateway.config.secret_names import not_set, passwords_in
from gateway.config.secret_values import refused, refused_in_file
from gateway.config.settings import Settings, impossible
from gateway.config.variable_names import unknown, with_new_names, with_no_proxy
from gateway.errors import BadSettings, SecretAway
from gateway.outbound.registry import DESTINATION_KINDS

DESTINATION_SECRETS = frozenset(
    name for kind in DESTINATION_KINDS.values() for name in kind.shared_credentials
)
MIN_HIDDEN_LENGTH = 8  # characters; to hide a shorter secret would mangle every log line
SECRET_SUFFIXES = ("TOKEN", "SECRET", "PASSWORD", "_KEY", "REDIS_URL")

# Kubernetes puts these into every container where a Service is named `gateway`; they are nobody's settings.
# https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
SERVICE_LINK = re.compile(r"GATEWAY_(SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP)(_\w+)?)?)")


# The one pattern of the settings is that of an address.
PLAIN = {"string_pattern_mismatch": "an address such as https://example.org is needed"}
ALIASES = frozenset(str(field.alias) for field in Settings.model_fields.values())


class Environment:
    """The settings, and every other secret that a rule file may name.

    `renamed`, `empty` and `twice` are sentences about settings that are understood and should be written
    otherwise, `away` about credentials whose files are not there now.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        """Read the settings. Raises `BadSettings` with everything that is wrong and with no secret."""
        variables, renamed = with_new_names(variables)
        variables, unreadable = with_no_proxy(variables)
        self.renamed = (*renamed, *unreadable)
        self.empty = tuple(
            f"{name} is empty, and taken as not set: give it a value, or remove it"
            for name, value in variables.items()
            if not value and (name in ALIASES or name.removesuffix("_FILE") in ALIASES)
        )
        self.twice = tuple(
            f"{name} and {name}_FILE are both set: {name} counts, remove one of them"
            for name in sorted(ALIASES | DESTINATION_SECRETS)
            if variables.get(name) and variables.get(f"{name}_FILE")
        )
        self._variables = variables
        self._secrets: set[str] = set()
        self.settings, self.away = _load(variables, self._value, self.renamed)

    @property
    def warnings(self) -> tuple[str, ...]:
        return (*self.renamed, *self.empty, *self.twice, *self.away)

    def secret(self, name: str) -> str | None:
        """Return a secret from its variable or from the file that `<name>_FILE` names, None without both.

        Raises `BadSettings` for a file that cannot be read.
        """
        value = self._value(name)
        self._hide(value)
        return value

    def configured(self, name: str) -> bool:
        """Return whether a secret is set: also as a file that is not there now."""
        return bool(self._variables.get(name) or self._variables.get(f"{name}_FILE"))

    def why_missing(self, name: str) -> str:
        """Say why there is no such secret now, with the nearest name that is set; empty for one that is."""
        try:
            if self.secret(name) is not None:
                return ""
        except BadSettings as error:
            return str(error)
        return not_set(name, self._variables)

    def _hide(self, value: str | None) -> None:
        """Keep a value out of every log line: of an address its password alone too, of several tokens or keys
        with commas each one.
        """
        parts = (passwords_in(value) if "://" in value else value.split(",")) if value else ()
        for part in (value, *map(str.strip, parts)):
            if part is not None and len(part) >= MIN_HIDDEN_LENGTH:
                self._secrets.add(part)

    def _value(self, name: str) -> str | None:
        value = self._variables.get(name)
        if value:
            if why := refused(value):
                raise BadSettings(f"{name} {why}")
            return value
        path = self._variables.get(f"{name}_FILE")
        if not path:
            return None
        try:
            value = Path(path).read_text("utf-8").strip()
        except FileNotFoundError as error:
            raise SecretAway(f"{name}_FILE: {path} cannot be read: there is no such file") from error
        except (OSError, UnicodeDecodeError) as error:
            raise BadSettings(f"{name}_FILE: {path} cannot be read: {_why_unreadable(error)}") from error
        if why := refused_in_file(value):
            raise BadSettings(f"{name}_FILE: {path} {why}")
        return value

    @property
    def private(self) -> bool:
        """Whether only this machine can reach the gateway."""
        return _is_loopback(self.settings.host)

    def demand_tokens(self, *, sources_have_them: bool = False) -> None:
        """Raise `BadSettings` if other machines can reach the gateway and a token is missing.

        `sources_have_them` says that every source of the rules has a token of its own.
        """
        wanted = {
            "GATEWAY_WEBHOOK_TOKEN": self.settings.webhook_token,
            "GATEWAY_ADMIN_TOKEN": self.settings.admin_token,
        }
        missing = [name for name, tokens in wanted.items() if not tokens]
        if sources_have_them:
            missing = [name for name in missing if name != "GATEWAY_WEBHOOK_TOKEN"]
        # Without tokens anybody in the network could silence alerts, or send false ones.
        if missing and not self.private:
            raise BadSettings(
                f"GATEWAY_LISTEN: {self.settings.listen} can be reached from other machines, so set {' and '.join(missing)}"
            )

    def secrets(self) -> Collection[str]:
        """Return the values that must appear in no log line.

        The collection grows with every secret that a rule file asks for later.
        """
        for token in (*self.settings.webhook_token, *self.settings.admin_token):
            self._hide(token.get_secret_value())
        for url in (self.settings.redis_url, self.settings.vendor_proxy, self.settings.smtp_url):
            for password in passwords_in(url.get_secret_value() if url else ""):
                self._hide(password)
        self._hide(self.settings.heartbeat)
        for name in {name.removesuffix("_FILE") for name in self._variables}:
            if name.endswith(SECRET_SUFFIXES):
                # An unreadable file may be some other program's. A rule that asks for this secret says so.
                with suppress(BadSettings):
                    self.secret(name)
        return self._secrets


def from_process() -> Environment:
    """Return the environment of this process. Raises `BadSettings`."""
    return Environment(dict(os.environ))  # noqa: TID251 - this is the one place


def _load(
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


def _why_unreadable(error: OSError | UnicodeDecodeError) -> str:
    if isinstance(error, PermissionError):
        return "the gateway's user may not read it"
    return (error.strerror or "the disk fails").lower() if isinstance(error, OSError) else "it is not UTF-8"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
