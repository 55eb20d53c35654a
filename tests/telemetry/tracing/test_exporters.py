"""What sends traces and the log, by protocol."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import sys
from gateway.telemetry.otlp import Exporter, Signal
from gateway.telemetry.tracing import exporters
to = Exporter(Signal("{signal}"), "http://127.0.0.1:1", "{protocol}", True, "", 50, 50)
sends = {{"traces": exporters.span_exporter, "logs": exporters.log_exporter}}["{signal}"](to)
sends.shutdown()
bases = " ".join(base.__module__ for base in type(sends).__mro__)
print(*[name for name in ("http", "grpc") if f".proto.{{name}}." in bases], "grpc" in sys.modules)
"""


@pytest.mark.parametrize("signal", ["traces", "logs"])
@pytest.mark.parametrize(("protocol", "has_grpc"), [("http/protobuf", "False"), ("grpc", "True")])
def test_only_the_protocol_that_is_spoken_is_imported(signal: str, protocol: str, has_grpc: str) -> None:
    code = CODE.format(signal=signal, protocol=protocol)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [protocol.partition("/")[0], has_grpc]
