"""The variables of OpenTelemetry say where traces and logs go, as in every SDK.

https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ and
https://opentelemetry.io/docs/specs/otel/protocol/exporter/. Certificates, timeouts, compression, the
sampler and the resource are left to the SDK, which reads them by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from gateway.config.loopback import is_loopback
from gateway.config.sampler import NAME as SAMPLER
from gateway.config.sampler import fault_of_sampler
from gateway.config.telemetry_address import why_not_sent
from gateway.telemetry.otlp import GRPC, HTTP, Exporter, Signal

PORTS = {HTTP: 4318, GRPC: 4317}
# Four times what https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#batch-span-processor
# has: a request costs 1.3 ms of CPU, which many spans share.
QUEUE, BATCH = 8_192, 2_048
SHARE = 0.1  # of the traces that begin here are kept, unless OTEL_TRACES_SAMPLER says otherwise
JAEGER = "JAEGER_AGENT_HOST"
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
INSECURE = "OTEL_EXPORTER_OTLP_INSECURE"
# A part of the headers that the SDK takes, by https://www.w3.org/TR/baggage/#baggage-http-header-format, and
# spaces in a value, too. The SDK leaves any other part out.
HEADER = re.compile(r"[!#-'*+\-.0-9A-Z^-z|~]+[ \t]*=[ !#-+\--:<-\[\]-~\t]*")


@dataclass(frozen=True, slots=True)
class Otlp:
    """The settings by those variables; `warnings` are sentences about those that should be otherwise.

    `share` is how much of the traces that begin here is kept, None where the SDK's own variable says it.
    """

    traces: Exporter | None = None
    logs: Exporter | None = None
    warnings: tuple[str, ...] = ()
    share: float | None = SHARE


def read_otlp(variables: Mapping[str, str], secret: Callable[[str], str | None]) -> Otlp:
    """Read the variables. `secret` gives the value of one that may hold a secret, and hides it in the log.

    Nothing that is wrong with them keeps the gateway from its work: it is in `warnings`, and nothing is sent.
    """
    if variables.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return Otlp()
    reader = _Reader(variables, secret)
    traces = reader.exporter(Signal.TRACES) if reader.wanted(Signal.TRACES) else None
    logs = reader.exporter(Signal.LOGS) if reader.wanted(Signal.LOGS) else None
    fault = fault_of_sampler(variables) if traces is not None else ""
    if fault:
        reader.warnings.append(fault)
    share = None if variables.get(SAMPLER) and not fault else SHARE
    return Otlp(traces, logs, tuple(dict.fromkeys(reader.warnings)), share)


class _Reader:
    def __init__(self, variables: Mapping[str, str], secret: Callable[[str], str | None]) -> None:
        self._variables = variables
        self._secret = secret
        self.warnings: list[str] = []

    def wanted(self, signal: Signal) -> bool:
        """Return whether a signal is asked for: logs by name, traces also by an address alone."""
        name = f"OTEL_{signal.upper()}_EXPORTER"
        asked = self._variables.get(name, "")
        if asked not in ("", "none", "otlp"):
            self.warnings.append(
                f"{name}: `{asked}` is not known here, and nothing is sent: set otlp or none"
            )
            return False
        if asked or signal is Signal.LOGS:
            return asked == "otlp"
        return any(self._variables.get(known) for known in (ENDPOINT, _own(signal, "ENDPOINT"), JAEGER))

    def exporter(self, signal: Signal) -> Exporter | None:
        protocol, queue = self._protocol(signal), self._count(signal, "MAX_QUEUE_SIZE", QUEUE)
        batch = min(queue, self._count(signal, "MAX_EXPORT_BATCH_SIZE", BATCH))
        endpoint = self._endpoint(signal, protocol)
        if why := self._why_not_sent(signal, endpoint, protocol):
            self.warnings.append(why)
            return None
        plain = endpoint.lower().startswith("http://") or ("://" not in endpoint and self._insecure(signal))
        return Exporter(signal, endpoint, protocol, plain, self._headers(signal), queue, batch)

    def _headers(self, signal: Signal) -> str:
        for name in (_own(signal, "HEADERS"), "OTEL_EXPORTER_OTLP_HEADERS"):
            if headers := self._secret(name):
                parts = [part.strip() for part in headers.split(",")]
                if any(part and not HEADER.fullmatch(part) for part in parts):
                    # The part may be a key that somebody forgot to name, so it is not shown.
                    self.warnings.append(
                        f"{name}: a part of it is not written as name=value, and is not sent: "
                        "write name=value,name=value, with %2C for a comma in a value"
                    )
                return headers
        return ""

    def _why_not_sent(self, signal: Signal, endpoint: str, protocol: str) -> str:
        """Return why nothing is sent there, empty where it is. An address of gRPC needs no scheme, see
        https://opentelemetry.io/docs/specs/otel/protocol/exporter/#configuration-options
        """
        own = _own(signal, "ENDPOINT")
        name = own if self._variables.get(own) else ENDPOINT
        return why_not_sent(
            signal.value,
            name,
            endpoint,
            needs_scheme=protocol == HTTP,
            may_be_clear=self._insecure(signal),
            remedy=f", or set {INSECURE}=true where the network between is trusted",
        )

    def _setting(self, signal: Signal, what: str) -> str:
        """Return what a variable says for this signal, else what one says for all of them."""
        return self._variables.get(_own(signal, what)) or self._variables.get(
            f"OTEL_EXPORTER_OTLP_{what}", ""
        )

    def _insecure(self, signal: Signal) -> bool:
        return self._setting(signal, "INSECURE").lower() == "true"

    def _protocol(self, signal: Signal) -> str:
        asked = self._setting(signal, "PROTOCOL") or HTTP
        if asked in PORTS:
            return asked
        self.warnings.append(
            f"OTEL_EXPORTER_OTLP_PROTOCOL: `{asked}` is not spoken here, and {HTTP} is used:"
            f" set {HTTP} or {GRPC}"
        )
        return HTTP

    def _endpoint(self, signal: Signal, protocol: str) -> str:
        if own := self._variables.get(_own(signal, "ENDPOINT")):
            return own
        base = self._variables.get(ENDPOINT) or self._jaeger(signal, protocol)
        base = base or f"http://localhost:{PORTS[protocol]}"
        return f"{base.rstrip('/')}/v1/{signal.value}" if protocol == HTTP else base

    def _jaeger(self, signal: Signal, protocol: str) -> str:
        """Return where a Jaeger of today takes OTLP on the host of its agent, which is no more since 2.0.

        https://www.jaegertracing.io/docs/latest/architecture/apis/
        """
        host = self._variables.get(JAEGER, "")
        if not host:
            return ""
        plain = is_loopback(host) or self._insecure(signal)
        address = f"{'http' if plain else 'https'}://{host}:{PORTS[protocol]}"
        self.warnings.append(
            f"{JAEGER} names an agent that Jaeger has no more, and is taken for {ENDPOINT}={address}: set that"
        )
        return address

    def _count(self, signal: Signal, what: str, default: int) -> int:
        name = f"OTEL_{'BSP' if signal is Signal.TRACES else 'BLRP'}_{what}"
        asked = self._variables.get(name, "")
        if not asked:
            return default
        if asked.isascii() and asked.isdigit() and int(asked) > 0:
            return int(asked)
        self.warnings.append(f"{name}: `{asked}` is no count, and {default} is used")
        return default


def headers_in(text: str) -> list[str]:
    """Return the values of `name=value,name=value`, each as written, as meant, and without `Bearer `."""
    written = [part.partition("=")[2].strip() for part in text.split(",")]
    meant = [unquote(value) for value in written]
    return [*written, *meant, *(value.rpartition(" ")[2] for value in meant)]


def _own(signal: Signal, what: str) -> str:
    return f"OTEL_EXPORTER_OTLP_{signal.upper()}_{what}"
