"""The stack of deploy/compose: compose reads it, all that it mounts is there, and the programs know the options that they are given."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.deploy_tools import ROOT, run, tool
from tests.support.patience import PATIENCE
from tests.support.servers import program
from tests.support.stack import read_yaml, stack_of

COMPOSE = ROOT / "deploy/compose/compose.yaml"
STACK = {"causal-eval", "prometheus", "alertmanager-0", "alertmanager-1", "grafana", "jaeger"}
SERVICES: dict[str, dict[str, Any]] = read_yaml(COMPOSE)["services"]


def composed(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(tool("docker-compose")), "--file", str(COMPOSE), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | variables,
    )


@pytest.mark.long
@pytest.mark.parametrize("profile", ["", "stack"], ids=["the gateway", "the stack"])
def test_compose_finds_nothing_wrong(profile: str) -> None:
    done = composed("config", "--quiet", COMPOSE_PROFILES=profile)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.long
def test_without_a_profile_there_are_the_gateway_and_its_store_and_no_traces() -> None:
    alone = json.loads(composed("config", "--format", "json", COMPOSE_PROFILES="").stdout)["services"]
    assert alone.keys() == {"gateway", "redis"}
    assert alone["gateway"]["environment"]["OTEL_TRACES_EXPORTER"] == "none"


@pytest.mark.long
def test_the_stack_has_all_that_watches_the_gateway_and_its_traces_go_to_jaeger() -> None:
    variables = {"COMPOSE_PROFILES": "stack", "OTEL_TRACES_EXPORTER": "otlp"}
    whole = json.loads(composed("config", "--format", "json", **variables).stdout)["services"]
    assert whole.keys() == {"gateway", "redis", *STACK}
    for name in ("gateway", "causal-eval"):
        assert whole[name]["environment"]["OTEL_TRACES_EXPORTER"] == "otlp"
        assert whole[name]["environment"]["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://jaeger:4318"


@pytest.mark.parametrize("name", SERVICES)
def test_whatever_a_service_mounts_of_this_folder_is_there_and_read_only(name: str) -> None:
    for mount in SERVICES[name].get("volumes", ()):
        source, _, rest = mount.partition(":")
        if source.startswith((".", "/")):
            assert (COMPOSE.parent / source).exists(), mount
            assert rest.endswith(":ro"), mount


def test_every_port_is_open_on_this_machine_alone() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert len(ports) == len(set(ports)) == len(SERVICES) - 1  # nobody but the gateway asks the store
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_names_and_ports_that_the_shipped_files_ask_for_are_those_of_the_services() -> None:
    prometheus = read_yaml(ROOT / "deploy/prometheus/prometheus-3.yml")
    asked = {
        target.partition(":")[0]
        for job in prometheus["scrape_configs"]
        for static in job["static_configs"]
        for target in static["targets"]
    } | {prometheus["tracing"]["endpoint"].partition(":")[0]}
    assert asked - {"localhost"} <= SERVICES.keys()


def test_grafana_has_every_data_source_that_is_shipped_and_each_is_a_service() -> None:
    mounted = [
        Path(mount.partition(":")[0]) for mount in SERVICES["grafana"]["volumes"] if "/datasources/" in mount
    ]
    shipped = (ROOT / "deploy/grafana/provisioning/datasources").iterdir()
    assert {path.name for path in shipped} <= {path.name for path in mounted}
    found = [source for path in mounted for source in read_yaml(COMPOSE.parent / path)["datasources"]]
    assert {urlsplit(source["url"]).hostname for source in found} == {"prometheus", "jaeger"}
    assert {"prometheus", "jaeger"} <= SERVICES.keys()
    (boards,) = read_yaml(ROOT / "deploy/grafana/provisioning/dashboards/alert-gateway.yaml")["providers"]
    assert f"../grafana/dashboards:{boards['options']['path']}:ro" in SERVICES["grafana"]["volumes"]


def test_every_secret_is_a_file_that_the_head_of_the_compose_file_names() -> None:
    head = COMPOSE.read_text("utf-8").partition("name: alert-gateway")[0]
    secrets: dict[str, dict[str, str]] = read_yaml(COMPOSE)["secrets"]
    assert all(secret == {"file": f"secrets/{name}"} for name, secret in secrets.items())
    assert all(name in head for name in secrets)


@pytest.mark.long
@pytest.mark.parametrize("name", ["prometheus", "alertmanager-0", "alertmanager-1"])
def test_the_newer_programs_know_the_options_that_they_are_given(name: str) -> None:
    programs = stack_of("newer")
    program = programs.prometheus if name == "prometheus" else programs.alertmanager
    done = run(Path(program), *SERVICES[name]["command"], "--version")
    assert done.returncode == 0, done.stderr


def test_what_the_evaluation_service_is_started_with_it_knows() -> None:
    service = SERVICES["causal-eval"]
    assert service["entrypoint"] == ["python", "-m", "evaluation"]
    command = [sys.executable, "-m", "evaluation", *service["command"], "--help"]
    assert service["environment"]["PYTHONPATH"] == "/demo"
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'deploy/demo'}:{ROOT}"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr


def test_its_redis_wants_the_password_and_has_every_write_on_disk_before_it_answers(tmp_path: Path) -> None:
    program("redis-server", "redis-server")
    (tmp_path / "redis-password").write_text("letters4and2digits", "utf-8")
    script = SERVICES["redis"]["command"][-1].replace("$$", "$")
    script = script.replace("/run/secrets", str(tmp_path)).replace("/tmp/password", f"{tmp_path}/password")
    place = tmp_path / "socket"
    command = ["sh", "-c", f'set -- --port 0 --unixsocket {place} --dir {tmp_path}; {script.rstrip()} "$@"']
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            asked = [program("redis-cli", "redis-tools"), "-s", place, "--raw"]
            wait_until(lambda: place.exists() and "NOAUTH" in run(*asked, "DBSIZE").stdout)
            asked += ["--no-auth-warning", "-a", "letters4and2digits", "CONFIG", "GET"]
            assert run(*asked, "appendfsync").stdout.split() == ["appendfsync", "always"]
            assert run(*asked, "maxmemory-policy").stdout.split() == ["maxmemory-policy", "noeviction"]
            assert run(*asked, "maxmemory").stdout.split() == ["maxmemory", str(2**30)]
        finally:
            server.kill()


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
