"""Settings: the only reader of the environment, the secrets of rule files (`{env: X}`) included.

Every secret may also come from a file: `X_FILE` names it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from gateway.errors import BadSettings

SHORTEST_SECRET = 8  # characters; hiding shorter ones would mangle every line
LIKE_A_SECRET = ("TOKEN", "SECRET", "PASSWORD", "_KEY", "REDIS_URL")


def _listed(value: object) -> object:
    """Given and empty is a mistake that would let everybody in."""
    if not isinstance(value, str):
        return value
    found = tuple(part.strip() for part in value.split(",") if part.strip())
    if not found:
        raise ValueError("it is set and holds no token")
    return found


Tokens = Annotated[tuple[SecretStr, ...], BeforeValidator(_listed)]


# Kubernetes puts these into every container where a Service is named `gateway`; they are nobody's settings.
SERVICE_LINK = re.compile(r"GATEWAY_(SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP)(_\w+)?)?)")


class Settings(BaseModel):
    """Each field is one variable; its description stands in the README."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    listen: str = Field(
        "127.0.0.1:9096",
        alias="GATEWAY_LISTEN",
        description="address and port; any other host than this machine's own needs tokens",
    )
    rules: Path = Field(Path("rules"), alias="GATEWAY_RULES", description="a rule file or a folder of them")
    redis_url: SecretStr | None = Field(
        None,
        alias="GATEWAY_REDIS_URL",
        description="the store: redis://, rediss://, unix://, redis+sentinel://, redis+cluster://; unset: the embedded one",
    )
    redis_wait: int = Field(
        0,
        alias="GATEWAY_REDIS_WAIT",
        ge=0,
        le=15,
        description="how many replicas must have a commit before it counts; else 503, and Alertmanager comes again",
    )
    data_dir: Path = Field(
        Path("~/.local/share/alert-gateway"), alias="GATEWAY_DATA_DIR", description="where the embedded store keeps its data"
    )
    store_memory: int = Field(
        1 << 30, alias="GATEWAY_STORE_MEMORY", ge=64 << 20, description="memory budget of the embedded store in bytes"
    )
    slots: int = Field(
        1,
        alias="GATEWAY_SLOTS",
        ge=1,
        le=256,
        description="over how many slots `partition_by` spreads; `gateway migrate` changes it",
    )
    webhook_token: Tokens = Field(
        (),
        alias="GATEWAY_WEBHOOK_TOKEN",
        description="what Alertmanager must show, as bearer token or as the password of any user; several with commas, for rotation",
    )
    admin_token: Tokens = Field(
        (), alias="GATEWAY_ADMIN_TOKEN", description="what users of the API must show; several with commas"
    )
    public_url: str = Field(
        "", alias="GATEWAY_PUBLIC_URL", pattern=r"^(https?://\S+)?$", description="our own address, for links in messages"
    )
    max_body: int = Field(32 << 20, alias="GATEWAY_MAX_BODY", ge=1024, description="largest webhook in bytes")
    log: Literal["json", "console"] = Field("json", alias="GATEWAY_LOG", description="how log lines look")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", alias="GATEWAY_LOG_LEVEL", description="from which level on"
    )
    slack_api_url: str = Field(
        "https://slack.com/api/", alias="SLACK_API_URL", pattern=r"^https?://\S+$", description="Slack's Web API"
    )
    pagerduty_events_url: str = Field(
        "https://events.pagerduty.com",
        alias="PAGERDUTY_EVENTS_URL",
        pattern=r"^https?://\S+$",
        description="PagerDuty's Events API (the EU has its own)",
    )
    vendor_proxy: SecretStr | None = Field(
        None,
        alias="GATEWAY_VENDOR_PROXY",
        description="the proxy to Slack, PagerDuty, webhooks and the heartbeat's service, such as http://user:password@proxy:3128; unset: none",
    )
    slack_bot_token: SecretStr | None = Field(
        None,
        alias="SLACK_BOT_TOKEN",
        description="the bot's token, unless a destination names another; scopes chat:write, channels:history, channels:read",
    )
    pagerduty_routing_key: SecretStr | None = Field(
        None, alias="PAGERDUTY_ROUTING_KEY", description="an integration's key, named by a destination"
    )
    heartbeat_url: SecretStr | None = Field(
        None,
        alias="GATEWAY_HEARTBEAT_URL",
        description="an address of a service that pages when it is no longer asked for (each minute, while all is well); it may hold a token",
    )
    gateway_url: str = Field("http://127.0.0.1:9096", alias="GATEWAY_URL", pattern=r"^https?://\S+$", description="the running gateway that `gateway incidents` and `gateway doctor` ask")  # fmt: skip

    @property
    def proxy(self) -> str | None:
        return self.vendor_proxy.get_secret_value() if self.vendor_proxy else None

    @property
    def heartbeat(self) -> str | None:
        return self.heartbeat_url.get_secret_value() if self.heartbeat_url else None

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])


class Environment:
    """The settings, and every other secret that a rule file may name."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        """Raises `BadSettings` with everything that is wrong, and no secret in it."""
        self._variables = variables
        self._secrets: set[str] = set()
        self.settings = _load(variables, self._value)

    def secret(self, name: str) -> str | None:
        """Its value, from the variable or from the file that `<name>_FILE` names; None where neither is set."""
        value = self._value(name)
        self._hide(value)
        return value

    def _hide(self, value: str | None) -> None:
        """An address with a password in it, and the password alone too."""
        for part in (value, *(_passwords(value) if value and "://" in value else ())):
            if part is not None and len(part) >= SHORTEST_SECRET:
                self._secrets.add(part)

    def _value(self, name: str) -> str | None:
        value = self._variables.get(name)
        if value:
            return value
        path = self._variables.get(f"{name}_FILE")
        if not path:
            return None
        try:
            value = Path(path).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadSettings(f"{name}_FILE: {path} cannot be read: {type(error).__name__}") from error
        if not value:
            raise BadSettings(f"{name}_FILE: {path} is empty")
        return value

    @property
    def private(self) -> bool:
        """Only this machine can reach us."""
        return _own(self.settings.host)

    def demand_tokens(self, *, sources_have_them: bool = False) -> None:
        """Before anybody can knock. Raises `BadSettings` where other machines could and no token is asked for."""
        wanted = {"GATEWAY_WEBHOOK_TOKEN": self.settings.webhook_token, "GATEWAY_ADMIN_TOKEN": self.settings.admin_token}
        missing = [name for name, tokens in wanted.items() if not tokens]
        if sources_have_them:
            missing = [name for name in missing if name != "GATEWAY_WEBHOOK_TOKEN"]
        if missing and not self.private:
            where = self.settings.listen
            raise BadSettings(f"GATEWAY_LISTEN: {where} can be reached from other machines, so set {' and '.join(missing)}")

    def secrets(self) -> Collection[str]:
        """Values that must appear in no log line: it grows with every secret that a rule file asks for later."""
        for token in (*self.settings.webhook_token, *self.settings.admin_token):
            self._hide(token.get_secret_value())
        for url in (self.settings.redis_url, self.settings.vendor_proxy):
            for password in _passwords(url.get_secret_value() if url else ""):
                self._hide(password)
        self._hide(self.settings.heartbeat)
        for name in {name.removesuffix("_FILE") for name in self._variables}:
            if name.endswith(LIKE_A_SECRET):
                with suppress(BadSettings):  # some other program's file: a rule that asks for it will say so
                    self.secret(name)
        return self._secrets


def from_process() -> Environment:
    """The only look at the process's own environment."""
    return Environment(dict(os.environ))  # noqa: TID251 - this is the one place


def _load(variables: Mapping[str, str], secret: Callable[[str], str | None]) -> Settings:
    known = {str(field.alias): name for name, field in Settings.model_fields.items()}
    problems = [
        _unknown(name, known)
        for name in variables
        if name.startswith("GATEWAY_") and name.removesuffix("_FILE") not in known and not SERVICE_LINK.fullmatch(name)
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
        problems += [f"{one['loc'][0]}: {one['msg']}" for one in error.errors(include_input=False, include_url=False)]
    if settings is not None:
        problems += _impossible(settings)
    if problems or settings is None:
        raise BadSettings("\n".join(problems))
    return settings


def _passwords(url: str) -> list[str]:
    """As written and as meant: `%40` is `@`."""
    try:
        parts = urlsplit(url)
        found = [parts.password or "", unquote(parts.password or "")]
    except ValueError:
        return []
    return [*found, *(value for name, value in parse_qsl(parts.query) if name.endswith("password"))]


def _unknown(name: str, known: Mapping[str, str]) -> str:
    near = get_close_matches(name.removesuffix("_FILE"), known, 1)
    return f"{name}: there is no such setting" + (f"; did you mean {near[0]}?" if near else "")


def _impossible(settings: Settings) -> list[str]:
    host, _, port = settings.listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65_535:
        return ["GATEWAY_LISTEN: an address with a port is needed, for instance 127.0.0.1:9096 or [::]:9096"]
    if settings.redis_wait and settings.redis_url is None:
        return ["GATEWAY_REDIS_WAIT: the embedded store has no replicas: unset it, or set GATEWAY_REDIS_URL"]
    if settings.heartbeat is not None and not re.fullmatch(r"https?://[^/\s]+\S*", settings.heartbeat):
        return ["GATEWAY_HEARTBEAT_URL: an address such as https://hc-ping.com/<token> is needed"]
    if settings.proxy is not None and not settings.proxy.startswith(("http://", "https://")):
        return ["GATEWAY_VENDOR_PROXY: an address such as http://proxy:3128 is needed"]
    return []


def _own(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
