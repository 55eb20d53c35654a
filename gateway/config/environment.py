"""The environment is read here and nowhere else: the settings, and the secrets of rule files (`{env: X}`).

Every secret `X` may also come from a file that the variable `X_FILE` names.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from pydantic import SecretStr

from gateway.config.admin_token import KeptToken, keep_admin_token, read_admin_token
from gateway.config.apm import SERVER_URLS, Apm, read_apm
from gateway.config.load import ALIASES, DESTINATION_SECRETS, load_settings
from gateway.config.loopback import is_loopback, is_on_this_machine
from gateway.config.otlp import headers_in, read_otlp
from gateway.config.rule_secrets import never_granted, why_refused
from gateway.config.secret_names import not_set, passwords_in
from gateway.config.secret_values import refused, refused_in_file
from gateway.config.service_manager import ServiceManagerSettings, read_service_manager
from gateway.config.variable_names import said_empty, said_twice, with_new_names, with_no_proxy
from gateway.errors import BadSettings, SecretAway
from gateway.outbound.registry import DESTINATION_KINDS

MIN_HIDDEN_LENGTH = 8  # characters; to hide a shorter secret would mangle every log line
SECRET_SUFFIXES = ("TOKEN", "SECRET", "PASSWORD", "_KEY", "REDIS_URL")


class Environment:
    """The settings, and every other secret that a rule file may name.

    `renamed`, `empty`, `twice` and `not_granted` are sentences about settings that are understood and should
    be written otherwise, `away` about credentials whose files are not there now.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        """Read the settings. Raises `BadSettings` with everything that is wrong and with no secret."""
        variables, renamed = with_new_names(variables)
        variables, unreadable = with_no_proxy(variables)
        self.renamed = (*renamed, *unreadable)
        self.empty = tuple(said_empty(variables, ALIASES))
        self.twice = tuple(said_twice(variables, ALIASES | DESTINATION_SECRETS))
        self._variables = variables
        self._secrets: set[str] = set()
        self.settings, self.away = load_settings(variables, self._value, self.renamed)
        self.otlp = read_otlp(variables, self._otlp_secret)
        self.not_granted = tuple(never_granted(self.settings.rule_secrets or ()))

    @property
    def warnings(self) -> tuple[str, ...]:
        apm = read_apm(self._variables, lambda _name: None)  # no secret is needed to warn
        others = (*self.away, *self.not_granted, *self.otlp.warnings, *apm.warnings)
        return (*self.renamed, *self.empty, *self.twice, *others)

    def secret(self, name: str) -> str | None:
        """Return a secret from its variable or from the file that `<name>_FILE` names, None without both.

        What a rule names is read by `rule_secret`. Raises `BadSettings` for a file that cannot be read.
        """
        value = self._value(name)
        self._hide(value)
        return value

    def configured(self, name: str) -> bool:
        """Return whether a secret is set: also as a file that is not there now."""
        return bool(self._variables.get(name) or self._variables.get(f"{name}_FILE"))

    def rule_secret(self, name: str, taker: str) -> str | None:
        """Return a secret that rules hand to `taker` (`Secrets`), None also where they may not."""
        return None if self.refused(name, taker) else self.secret(name)

    def refused(self, name: str, taker: str) -> str:
        """Say why rules may not hand a secret to `taker`; empty where they may."""
        kind = DESTINATION_KINDS.get(taker)
        granted = kind.granted_credentials if kind is not None else ()
        return why_refused(name, taker, granted, self.settings.rule_secrets)

    def why_missing(self, name: str, taker: str) -> str:
        """Say why rules get no such secret now, with the nearest name that is set; empty where they do."""
        if refused := self.refused(name, taker):
            return refused
        try:
            if self.secret(name) is not None:
                return ""
        except BadSettings as error:
            return str(error)
        return not_set(name, self._variables)

    def fault_of(self, name: str, taker: str) -> str:
        """Say what is wrong with a secret that a rule names: what rules may not have it for, or what is wrong
        with its value; empty for one that is well, or not set.
        """
        if refused := self.refused(name, taker):
            return refused
        return self.why_missing(name, taker) if self.configured(name) else ""

    def twice_of(self, names: Iterable[str]) -> Iterator[str]:
        """Yield a sentence for each secret of rules that is set by itself
        and as a file too; `twice` has those that are known without any rule.
        """
        return said_twice(self._variables, set(names) - ALIASES - DESTINATION_SECRETS)

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

    def _otlp_secret(self, name: str) -> str | None:
        """Return the headers of an exporter, or an address; no value in it stands in the log alone either."""
        value = self.secret(name)
        for part in headers_in(value or ""):
            self._hide(part)
        return value

    @property
    def apm(self) -> Apm:
        """Return what is asked for of Elastic APM. Raises `BadSettings`."""
        return read_apm(self._variables, self.secret)

    @property
    def service_manager(self) -> ServiceManagerSettings:
        """The address of systemd, where it has started this process and wants to hear that it runs."""
        return read_service_manager(self._variables)

    @property
    def private(self) -> bool:
        """Whether only this machine can reach the gateway."""
        return is_loopback(self.settings.host)

    def make_admin_token(self) -> KeptToken | None:
        """Take the admin token that the data directory keeps, and make one there where it has none.

        None where a token is set: nothing is made then. Where other machines can connect, the operator has to
        set one (`demanded_tokens.py`).
        """
        if self.settings.admin_token or not self.private:
            return None
        kept = keep_admin_token(self.settings.data_dir)
        self._hide(kept.token)
        self.settings = self.settings.model_copy(update={"admin_token": (SecretStr(kept.token),)})
        return kept

    def token_to_show(self) -> str | None:
        """Return what commands show to the running gateway: the token that is set, or the one that a gateway
        on this machine has made; None without either.
        """
        if self.settings.token is not None:
            return self.settings.token.get_secret_value()
        for token in self.settings.admin_token:
            return token.get_secret_value()
        # A token of this machine's is no business of any other machine.
        ours = is_on_this_machine(self.settings.gateway_url)
        return read_admin_token(self.settings.data_dir) if ours else None

    def secrets(self) -> Collection[str]:
        """Return the values that must appear in no log line.

        The collection grows with every secret that a rule file asks for later.
        """
        own = (self.settings.token,) if self.settings.token is not None else ()
        for token in (*self.settings.webhook_token, *self.settings.admin_token, *own):
            self._hide(token.get_secret_value())
        for url in (self.settings.redis_url, self.settings.vendor_proxy, self.settings.smtp_url):
            for password in passwords_in(url.get_secret_value() if url else ""):
                self._hide(password)
        for name in SERVER_URLS:
            for password in passwords_in(self._variables.get(name, "")):
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


@contextmanager
def hidden_from_libraries(names: Iterable[str]) -> Iterator[None]:
    """Take variables out of the process while a library starts that would read them by itself.

    The library's own reading would win over the options that it is given, even where a variable is empty
    or was refused here.
    """
    hidden = {name: os.environ.pop(name) for name in names if name in os.environ}  # noqa: TID251 - the one place
    try:
        yield
    finally:
        os.environ.update(hidden)  # noqa: TID251 - this is the one place


def _why_unreadable(error: OSError | UnicodeDecodeError) -> str:
    if isinstance(error, PermissionError):
        return "the gateway's user may not read it"
    return (error.strerror or "the disk fails").lower() if isinstance(error, OSError) else "it is not UTF-8"
