"""The environment is read here and nowhere else: the settings, and the secrets of rule files (`{env: X}`).

Every secret `X` may also come from a file that the variable `X_FILE` names.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import ValidationError

from gateway.config.settings import RENAMED, Settings, impossible
from gateway.errors import BadSettings

MIN_HIDDEN_LENGTH = 8  # characters; to hide a shorter secret would mangle every log line
SECRET_SUFFIXES = ("TOKEN", "SECRET", "PASSWORD", "_KEY", "REDIS_URL")

# Kubernetes puts these into every container where a Service is named `gateway`; they are nobody's settings.
# https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
SERVICE_LINK = re.compile(r"GATEWAY_(SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP)(_\w+)?)?)")


ALIASES = frozenset(str(field.alias) for field in Settings.model_fields.values())


class Environment:
    """The settings, and every other secret that a rule file may name.

    `renamed` and `empty` are sentences about settings that are understood and should be written otherwise.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        """Read the settings. Raises `BadSettings` with everything that is wrong and with no secret."""
        variables, self.renamed = _with_new_names(variables)
        self.empty = tuple(
            f"{name} is empty, and taken as not set: give it a value, or remove it"
            for name, value in variables.items()
            if not value and name.removesuffix("_FILE") in ALIASES
        )
        self._variables = variables
        self._secrets: set[str] = set()
        self.settings = _load(variables, self._value, self.warnings)

    @property
    def warnings(self) -> tuple[str, ...]:
        return (*self.renamed, *self.empty)

    def secret(self, name: str) -> str | None:
        """Return a secret from its variable or from the file that `<name>_FILE` names, None without both.

        Raises `BadSettings` for a file that cannot be read.
        """
        value = self._value(name)
        self._hide(value)
        return value

    def _hide(self, value: str | None) -> None:
        """Keep a value out of every log line; of an address with a password, the password alone too."""
        for part in (value, *(_passwords(value) if value and "://" in value else ())):
            if part is not None and len(part) >= MIN_HIDDEN_LENGTH:
                self._secrets.add(part)

    def _value(self, name: str) -> str | None:
        value = self._variables.get(name)
        if value:
            # Nobody means a blank: rather a template was filled in with nothing.
            if not value.strip():
                raise BadSettings(f"{name} holds nothing but blanks: give it a value, or remove it")
            return value
        path = self._variables.get(f"{name}_FILE")
        if not path:
            return None
        try:
            value = Path(path).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadSettings(f"{name}_FILE: {path} cannot be read: {type(error).__name__}") from error
        if not value:
            # An empty file is rather a secret that failed to mount than a wish to go without.
            raise BadSettings(f"{name}_FILE: {path} is empty")
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
            for password in _passwords(url.get_secret_value() if url else ""):
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


def _with_new_names(variables: Mapping[str, str]) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Return the variables under their names of today, and a warning for each old name that is still set.

    Raises `BadSettings` for an old and a new name that are set differently.
    """
    renamed = dict(variables)
    warnings = []
    for old, new in RENAMED.items():
        for suffix in ("", "_FILE"):
            value = renamed.pop(f"{old}{suffix}", "")
            if not value:
                continue
            known = [name for name in (new, f"{new}_FILE") if renamed.get(name)]
            if not known:
                renamed[f"{new}{suffix}"] = value
                warnings.append(f"{old}{suffix} is the old name of {new}{suffix}: rename it")
            elif known == [f"{new}{suffix}"] and renamed[f"{new}{suffix}"] == value:
                warnings.append(
                    f"{old}{suffix} and {new}{suffix} are both set, to the same: remove {old}{suffix}",
                )
            else:  # nobody can know which of the two is meant
                raise BadSettings(
                    f"{old}{suffix} and {known[0]} are both set, differently: remove {old}{suffix}, the old name",
                )
    return renamed, tuple(warnings)


def _load(
    variables: Mapping[str, str], secret: Callable[[str], str | None], warnings: Iterable[str]
) -> Settings:
    """Read the settings. `warnings` stand with the problems, which name a variable by its name of today."""
    known = {str(field.alias): name for name, field in Settings.model_fields.items()}
    problems = [
        _unknown(name, known)
        for name in variables
        if name.startswith("GATEWAY_")
        if name.removesuffix("_FILE") not in known and not SERVICE_LINK.fullmatch(name)
    ]
    given: dict[str, Any] = {}
    for alias in known:
        try:
            value = secret(alias)
        except BadSettings as error:
            problems.append(str(error))
        else:
            given |= {} if value is None else {alias: value}
    settings = None
    try:
        settings = Settings(**given)
    except ValidationError as error:
        # Without the input: a wrong value may be a secret.
        faults = error.errors(include_input=False, include_url=False)
        problems += [f"{fault['loc'][0]}: {fault['msg']}" for fault in faults]
    if settings is not None:
        problems += impossible(settings)
    if problems or settings is None:
        raise BadSettings("\n".join([*problems, *warnings]))
    return settings


def _passwords(url: str) -> list[str]:
    """Return the passwords in an address, each as written and as meant: `%40` is `@`."""
    try:
        parts = urlsplit(url)
        found = [parts.password or "", unquote(parts.password or "")]
    except ValueError:
        return []
    return [*found, *(value for name, value in parse_qsl(parts.query) if name.endswith("password"))]


def _unknown(name: str, known: Mapping[str, str]) -> str:
    near = get_close_matches(name.removesuffix("_FILE"), known, 1)
    return f"{name}: there is no such setting" + (f"; did you mean {near[0]}?" if near else "")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
