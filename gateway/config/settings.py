"""The settings; `environment.py` reads them, `possible.py` says which of them are possible together."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from gateway.config.durations import Kept
from gateway.config.lists import Hosts, Names, Tokens
from gateway.config.loopback import is_on_this_machine
from gateway.config.vendor_settings import VendorSettings
from gateway.model.retention import KEEP_ENDED_MS, KEEP_STATISTICS_MS, LOG_LENGTH, SHORTEST_LOG
from gateway.telemetry.log_level import Level


class Settings(VendorSettings):
    """The settings. Each field is one variable; its description stands in docs/settings.md."""

    listen: str = Field(
        "127.0.0.1:9096",
        alias="GATEWAY_LISTEN",
        description="address and port; any other host than this machine's own needs tokens",
    )
    rules: Path = Field(Path("rules"), alias="GATEWAY_RULES", description="a rule file or a folder of them")
    redis_url: SecretStr | None = Field(
        None,
        alias="GATEWAY_REDIS_URL",
        description="the store: redis://, rediss://, unix://, redis+sentinel://, redis+cluster://; unset: "
        "the embedded one",
    )
    redis_wait: int = Field(
        0,
        alias="GATEWAY_REDIS_WAIT",
        ge=0,
        le=15,
        description="how many replicas must have a commit before it counts; else 503, and Alertmanager "
        "comes again",
    )
    data_dir: Path = Field(
        Path("~/.local/share/alert-gateway"),
        alias="GATEWAY_DATA_DIR",
        description="where the embedded store keeps its data",
    )
    store_memory: int = Field(
        1 << 30,
        alias="GATEWAY_STORE_MEMORY",
        ge=64 << 20,
        description="memory budget of the embedded store in bytes; from four fifths on "
        "`GatewayStoreFilling` fires",
    )
    keep_ended: Kept = Field(
        KEEP_ENDED_MS,
        alias="GATEWAY_KEEP_ENDED",
        description="how long what has ended is kept, such as 90m or 30d; from 1m to 366d",
    )
    keep_statistics: Kept = Field(
        KEEP_STATISTICS_MS,
        alias="GATEWAY_KEEP_STATISTICS",
        description="how long events of the statistics are kept, 200,000 of a shard at most; then their days "
        "are compacted, or forgotten where it is under 61d; from 1m to 366d",
    )
    timeline_length: int = Field(
        LOG_LENGTH,
        alias="GATEWAY_TIMELINE_LENGTH",
        ge=SHORTEST_LOG,
        le=10_000_000,
        description="how many entries the timelines of all incidents of a shard have together, about; the "
        "oldest go first",
    )
    shards: int = Field(
        1,
        alias="GATEWAY_SHARDS",
        ge=1,
        le=256,
        description="over how many shards `partition_by` spreads; `gateway migrate` changes it",
    )
    webhook_token: Tokens = Field(
        (),
        alias="GATEWAY_WEBHOOK_TOKEN",
        description="what Alertmanager must show, as bearer token or as the password of any user; "
        "several with commas, for rotation",
    )
    admin_token: Tokens = Field(
        (), alias="GATEWAY_ADMIN_TOKEN", description="what users of the API must show; several with commas"
    )
    tokens_file: Path | None = Field(
        None,
        alias="GATEWAY_TOKENS_FILE",
        description="the tokens of people, a line each: name, role (see, act or administer), hash and the Slack "
        "user where it is known; `gateway token add` writes it, and it is read again when it changes",
    )
    allowed_hosts: Hosts = Field(
        (),
        alias="GATEWAY_ALLOWED_HOSTS",
        description="further names by which the API is asked, with commas; loopback, the address of "
        "GATEWAY_LISTEN and the name in GATEWAY_PUBLIC_URL always are",
    )
    public_url: str = Field(
        "",
        alias="GATEWAY_PUBLIC_URL",
        pattern=r"^(https?://\S+)?$",
        description="our own address; `url` in the body of webhooks that we send leads to the incident in "
        "our API",
    )
    docs_url: str = Field(
        "",
        alias="GATEWAY_DOCS_URL",
        pattern=r"^(https?://[^\s?#]+)?$",
        description="where people read the folder docs/, such as "
        "https://git.example.org/alert-gateway/blob/main/docs: own alerts link to their "
        "section of own-alerts.md there; unset: they name the file",
    )
    max_body: int = Field(32 << 20, alias="GATEWAY_MAX_BODY", ge=1024, description="largest webhook in bytes")
    metrics: Literal["open", "token"] = Field(
        "open",
        alias="GATEWAY_METRICS",
        description="`open`: /metrics asks for no token; `token`: it wants one, of the role `see` or more",
    )
    log: Literal["auto", "json", "console"] = Field(
        "auto",
        alias="GATEWAY_LOG",
        description="how log lines look: `json` for machines, `console` for people, `auto`: the latter on "
        "a terminal",
    )
    log_level: Level = Field(
        "info",
        alias="GATEWAY_LOG_LEVEL",
        description="from which level on: `debug`, `info`, `warning` or `error`; `gateway log-level` changes it "
        "while it runs",
    )
    log_sample: float = Field(
        1.0,
        alias="GATEWAY_LOG_SAMPLE",
        ge=0,
        le=1,
        description="the share of webhooks whose lines are written, `0.1` for a tenth: each is written whole with its "
        "deliveries, or not at all; warnings and worse always are",
    )
    rule_secrets: Names | None = Field(
        None,
        alias="GATEWAY_RULE_SECRETS",
        description="the only secrets that rules may name, with commas; unset: all but reserved ones (see "
        "below)",
    )
    heartbeat_url: SecretStr | None = Field(
        None,
        alias="GATEWAY_HEARTBEAT_URL",
        description="an address of a service that pages when it is no longer asked for "
        "(each minute, while all is well); it may hold a token",
    )
    token: SecretStr | None = Field(
        None,
        alias="GATEWAY_TOKEN",
        description="your own token, which commands show to the running gateway; unset: GATEWAY_ADMIN_TOKEN",
    )
    gateway_url: str = Field(
        "http://127.0.0.1:9096",
        alias="GATEWAY_URL",
        pattern=r"^https?://\S+$",
        description="the running gateway that `gateway incidents` and `gateway doctor` ask",
    )

    def value_of(self, variable: str) -> str:
        """Return the text of a setting by its variable, and an empty text for an empty name.

        Raises `KeyError` for a variable that is no setting.
        """
        named = {str(field.alias): name for name, field in type(self).model_fields.items()}
        return str(getattr(self, named[variable])) if variable else ""

    @property
    def gateway_by_proxy(self) -> bool:
        """Whether commands may ask the gateway by a proxy that the environment names (HTTP_PROXY).

        A proxy would be shown the token of a gateway on this machine, and would look for it on its own.
        """
        return not is_on_this_machine(self.gateway_url)

    @property
    def heartbeat(self) -> str | None:
        return self.heartbeat_url.get_secret_value() if self.heartbeat_url else None

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])
