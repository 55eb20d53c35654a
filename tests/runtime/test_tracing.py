"""Nothing of OpenTelemetry is there unless somebody asks for it."""

from __future__ import annotations

import subprocess
import sys
import textwrap

RUN = """
    import asyncio, sys, tempfile
    {before}
    import httpx
    from gateway.app import running
    from gateway.config.environment import Environment

    async def work():
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            rules = folder + "/rules.yaml"
            open(rules, "w").write("routes: []")
            environment = Environment({{"GATEWAY_RULES": rules, "GATEWAY_DATA_DIR": folder + "/data", **{more}}})
            async with running(environment) as gateway:
                transport = httpx.ASGITransport(gateway.asgi_app)
                async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                    body = {{"version": "4", "status": "firing", "receiver": "g", "groupKey": "g", "alerts": [
                        {{"status": "firing", "labels": {{"alertname": "A"}}, "annotations": {{}},
                          "startsAt": "2026-11-23T10:00:00Z", "endsAt": "0001-01-01T00:00:00Z"}}]}}
                    headers = {{"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}}
                    print((await client.post("/webhooks/alertmanager", json=body, headers=headers)).status_code)

    asyncio.run(work())
    print(sorted(name for name in sys.modules if name.split(".")[0] in ("opentelemetry", "grpc")))
"""


def ran(more: dict[str, str], before: str = "") -> str:
    code = textwrap.dedent(RUN).format(more=more, before=before)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_without_a_variable_no_module_of_opentelemetry_is_imported() -> None:
    said = ran({}).splitlines()
    assert "200" in said
    assert said[-1] == "[]"


def test_where_the_extra_is_not_installed_the_gateway_says_so_and_works() -> None:
    said = ran({"OTEL_TRACES_EXPORTER": "otlp"}, before='sys.modules["opentelemetry"] = None')

    assert "200" in said.splitlines()
    assert "pip install '.[tracing]'" in said
