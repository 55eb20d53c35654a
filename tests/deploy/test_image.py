"""The image that scripts/build-image has built of the Dockerfile: it starts, it has all that it should and nobody's rights."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.deploy_tools import ROOT, run
from tests.support.missing import missing
from tests.support.servers import free_port, program

pytestmark = pytest.mark.image

IMAGE = "localhost/alert-gateway:build"
STORAGE = ROOT / ".cache/image/storage.conf"
SBOM = ROOT / "dist/alert-gateway.cdx.json"
USER = 10001
START_SECONDS = 30
STOP_SECONDS = 30


def buildah(*arguments: str) -> str:
    done = run(program("buildah", "buildah"), *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def container() -> Iterator[str]:
    if not STORAGE.exists():
        missing("there is no image: scripts/build-image builds it")
    os.environ |= {"CONTAINERS_STORAGE_CONF": str(STORAGE), "BUILDAH_ISOLATION": "chroot"}
    made = buildah("from", IMAGE)
    yield made
    buildah("rm", made)


@pytest.fixture(scope="module")
def config(container: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(buildah("inspect", container))["Docker"]["config"]
    return found


def inside(container: str, *command: str) -> str:
    return buildah("run", container, "--", *command)


def children(pid: int) -> list[int]:
    """Return all descendants of a process; each thread of one has those that it started."""
    lists = [path.read_text("ascii") for path in Path(f"/proc/{pid}/task").glob("*/children")]
    found = [int(child) for each in lists for child in each.split()]
    return found + [later for child in found for later in children(child)]


def gateway_under(started: int) -> int:
    """Return the gateway's process: those between it and `started` are buildah's own."""
    return next(
        pid
        for pid in children(started)
        if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"/opt/gateway/bin/python")
    )


@contextmanager
def served(container: str, log: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Start the image as it says of itself; give its address and buildah's process. SIGTERM stops it."""
    listen = f"127.0.0.1:{free_port()}"
    command = ["buildah", "run", "--env", f"GATEWAY_LISTEN={listen}", container, "--", "gateway", "serve"]
    with log.open("w") as out:
        started = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        wait_for(f"http://{listen}/livez", started, log)
        yield f"http://{listen}", started
        os.kill(gateway_under(started.pid), signal.SIGTERM)
        started.wait(STOP_SECONDS)
    finally:
        for pid in reversed([started.pid, *children(started.pid)] if started.poll() is None else []):
            os.kill(pid, signal.SIGKILL)
        started.wait()


def wait_for(url: str, started: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while httpx_status(url) != httpx.codes.OK:
        assert started.poll() is None, log.read_text("utf-8")
        assert time.monotonic() < deadline, log.read_text("utf-8")
        time.sleep(0.1)


def httpx_status(url: str) -> int | None:
    try:
        return httpx.get(url, trust_env=False).status_code
    except httpx.TransportError:
        return None


def test_its_gateway_says_the_version_of_these_sources(container: str) -> None:
    assert inside(container, "gateway", "--version").endswith(version("alert-gateway"))


def test_it_lives_is_ready_and_finishes_when_it_is_told_to(container: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with served(container, log) as (url, started):
        gateway = gateway_under(started.pid)
        wait_for(f"{url}/readyz", started, log)
        status = Path(f"/proc/{gateway}/status").read_text("ascii")
        assert re.search(rf"^Uid:\s+{USER}\s+{USER}", status, re.MULTILINE)
    events = [
        json.loads(line)["event"] for line in log.read_text("utf-8").splitlines() if line.startswith("{")
    ]
    assert events[-1] == "stopped"


def test_it_keeps_the_health_check_the_user_and_the_signal_of_the_dockerfile(config: dict[str, Any]) -> None:
    assert config["Healthcheck"]["Test"][0] == "CMD"
    assert "/livez" in config["Healthcheck"]["Test"][-1]
    assert config["User"] == str(USER)
    assert config["StopSignal"] == "SIGTERM"
    assert config["Volumes"] == {"/data": {}}


def test_tracing_and_apm_are_in_it(container: str) -> None:
    modules = "opentelemetry.sdk, opentelemetry.exporter.otlp.proto.grpc, elasticapm"
    assert inside(container, "python", "-c", f"import {modules}; print('there')") == "there"


def test_the_causal_evaluation_service_of_the_compose_file_finds_all_that_it_needs(container: str) -> None:
    mount = f"{ROOT / 'deploy/demo/evaluation'}:/demo/evaluation:ro"
    options = ("--volume", mount, "--env", "PYTHONPATH=/demo")
    said = buildah("run", *options, container, "--", "python", "-m", "evaluation", "--help")
    assert "Serve the causal-evaluation service" in said


def test_its_user_can_write_its_data_and_nothing_of_the_program(container: str) -> None:
    script = "test -w /data && ! test -w /rules && ! test -w /opt/gateway && echo so"
    assert inside(container, "sh", "-c", script) == "so"


def test_the_authorities_of_the_machine_that_built_it_are_not_in_it(container: str) -> None:
    borrowed = inside(container, "sh", "-c", "ls /usr/local/share/ca-certificates")
    assert borrowed == ""


def test_its_list_of_packages_has_what_was_locked_and_nothing_else(container: str) -> None:
    del container  # the list is made of the image
    done = run(ROOT / "scripts/make-sbom")
    assert done.returncode == 0, done.stderr
    listed = {
        plain(part["name"]): part["version"] for part in json.loads(SBOM.read_text("utf-8"))["components"]
    }
    locked = dict(
        re.findall(r"^([\w.-]+)==([^\s;\\]+)", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE)
    )
    pinned = {plain(name): version for name, version in locked.items()}
    brought_by_the_environment = {"pip", "setuptools"}
    assert listed.keys() - brought_by_the_environment <= pinned.keys()
    assert {name: version for name, version in listed.items() if pinned.get(name, version) != version} == {}
    assert {"starlette", "redis", "opentelemetry-sdk", "elastic-apm"} <= listed.keys()


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
