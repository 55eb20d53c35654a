"""What is installed is known to the byte, and what is deployed has no more rights and room than it needs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy/compose/compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def pinned(text: str) -> dict[str, str]:
    """Return the versions by package, by the one spelling that all packages have."""
    found = re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", text, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


# The lock files


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_of_a_lock_file_has_hashes(lock: str) -> None:
    parts = re.split(r"^(?=\S)", read(lock), flags=re.MULTILINE)
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", part) for part in parts if part.strip())


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_has_the_versions_of_the_constraints(lock: str) -> None:
    constraints, locked = pinned(read("constraints.txt")), pinned(read(lock))
    assert {
        name: version for name, version in locked.items() if constraints.get(name, version) != version
    } == {}


def test_the_lock_file_for_development_has_all_that_is_constrained_and_all_that_is_run() -> None:
    locked = pinned(read("requirements-dev.lock"))
    assert pinned(read("constraints.txt")).keys() <= locked.keys()
    assert pinned(read("requirements.lock")).items() <= locked.items()


def test_every_dependency_of_the_package_is_locked() -> None:
    listed = read("pyproject.toml").partition("\ndependencies = [")[2].partition("\n]")[0]
    names = {name.lower() for name in re.findall(r'^    "([A-Za-z0-9-]+)', listed, re.MULTILINE)}
    assert len(names) > 20
    assert names <= pinned(read("requirements.lock")).keys()


@pytest.mark.parametrize("file", ["Dockerfile", "scripts/make-venv", "deploy/systemd/alert-gateway.service"])
def test_packages_are_installed_by_their_hashes_and_the_gateway_without_any(file: str) -> None:
    _, *installs = re.split(r"pip install ", read(file))
    assert len(installs) == 2
    assert "--require-hashes" in installs[0]
    assert "--no-deps" in installs[1]
    assert "--no-build-isolation" in installs[1]
    assert "--no-deps" not in installs[0]


@pytest.mark.parametrize(
    "file",
    [
        *LOCKS,
        "constraints.txt",
        "constraints-oracles.txt",
        "Dockerfile",
        "Makefile",
        "scripts/build-image",
        "scripts/fetch-newer-packages",
        "scripts/install-deploy-tools",
        "scripts/lock",
        "scripts/make-sbom",
        "scripts/make-venv",
        "scripts/install-newer-stack",
        "scripts/install-oracles",
    ],
)
def test_no_file_names_a_registry(file: str) -> None:
    text = read(file).replace("--no-emit-index-url", "").replace("http://127.0.0.1:9096", "")
    assert not re.search(r"https?://|index-url|--find-links", text.replace("--no-emit-find-links", ""))


# Images and the compose file


def test_every_image_has_an_exact_version() -> None:
    dockerfile = read("Dockerfile")
    named = re.findall(r"^ARG PYTHON_IMAGE=(\S+)", dockerfile, re.MULTILINE)
    assert set(re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)) == {"${PYTHON_IMAGE}"}
    named += [service["image"] for service in SERVICES.values()]
    assert len(named) > len(SERVICES)
    assert all(re.fullmatch(r"[a-z/-]+:v?\d+\.\d+\.\d+(-[a-z-]+)?", image) for image in named), named


def test_what_is_built_here_has_the_version_of_these_sources() -> None:
    (built,) = {service["image"] for service in SERVICES.values() if "build" in service}
    assert f'version = "{built.partition(":")[2]}"' in read("pyproject.toml")


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_read_only_without_rights_and_with_limits(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"mem_limit", "cpus", "pids_limit"} <= service.keys()
    assert service["ulimits"]["nofile"] >= 4096


def test_the_store_of_the_compose_file_has_a_password_that_no_command_line_shows() -> None:
    script = SERVICES["redis"]["command"][-1]
    assert "requirepass" in script
    assert "requirepass" not in script.partition("exec redis-server")[2]
    assert SERVICES["gateway"]["environment"]["GATEWAY_REDIS_URL_FILE"] == "/run/secrets/redis-url"
    assert "GATEWAY_REDIS_URL" not in SERVICES["gateway"]["environment"]


@pytest.mark.parametrize("name", SERVICES)
def test_every_secret_of_a_service_is_declared(name: str) -> None:
    wanted = SERVICES[name].get("secrets", ())
    assert {one if isinstance(one, str) else one["source"] for one in wanted} <= COMPOSE["secrets"].keys()
