"""What surrounds the code: the licence, the package's metadata, and the files that start the gateway."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.exit_codes import TERMINATED, USAGE
from gateway.config.environment import ALIASES

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
UNIT = (ROOT / "deploy/systemd/alert-gateway.service").read_text("utf-8")


def of_the_unit(name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", UNIT, re.MULTILINE)


# The package


def test_the_licence_is_there_whole_and_named_by_the_metadata() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert PROJECT["license"] == "Apache-2.0"
    assert PROJECT["license-files"] == ["LICENSE"]
    assert text.lstrip().startswith("Apache License\n                           Version 2.0, January 2004")
    assert "END OF TERMS AND CONDITIONS" in text
    assert all(f"   {number}. " in text for number in range(1, 10))


def test_the_metadata_says_what_it_is_for_and_where_to_ask() -> None:
    assert {"alertmanager", "on-call"} <= set(PROJECT["keywords"])
    assert {"Homepage", "Documentation", "Changelog", "Issues"} == set(PROJECT["urls"])
    assert "Typing :: Typed" in PROJECT["classifiers"]
    assert (ROOT / "gateway/py.typed").exists()


def test_the_classifiers_name_no_version_that_is_refused() -> None:
    oldest = tuple(map(int, PROJECT["requires-python"].removeprefix(">=").split(".")))
    named = re.findall(r"Python :: (3\.\d+)", " ".join(PROJECT["classifiers"]))
    assert oldest == min(tuple(map(int, version.split("."))) for version in named)


def test_what_the_package_is_built_from_is_in_the_image_too() -> None:
    let_in = (ROOT / ".dockerignore").read_text("utf-8")
    for file in (PROJECT["readme"], *PROJECT["license-files"]):
        assert f"!{file}\n" in let_in
        assert re.search(rf"^COPY .*\b{file}\b", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)


@pytest.mark.long
def test_the_wheel_has_the_starter_set_and_the_licence(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "gateway/rules/starter/starter.yaml" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


# The unit of systemd


def test_every_variable_of_the_unit_is_a_setting() -> None:
    named = {assignment.partition("=")[0] for assignment in of_the_unit("Environment")}
    assert {name.removesuffix("_FILE") for name in named} <= ALIASES


def test_every_credential_of_the_unit_is_read_by_a_setting() -> None:
    loaded = {credential.partition(":")[0] for credential in of_the_unit("LoadCredential")}
    read = {
        path.removeprefix("%d/") for path in re.findall(r"^Environment=.*_FILE=(.*)$", UNIT, re.MULTILINE)
    }
    assert loaded == read


def test_the_unit_lets_the_gateway_stop_its_store_itself_and_restarts_no_wrong_setting() -> None:
    assert of_the_unit("KillMode") == ["mixed"]
    assert of_the_unit("RestartPreventExitStatus") == [str(USAGE)]
    assert of_the_unit("SuccessExitStatus") == [str(TERMINATED)]


def test_the_unit_gives_no_rights_that_are_not_needed() -> None:
    for name in ("DynamicUser", "NoNewPrivileges", "PrivateTmp", "ProtectHome", "RestrictSUIDSGID"):
        assert of_the_unit(name) == ["yes"]
    assert of_the_unit("ProtectSystem") == ["strict"]
    assert of_the_unit("CapabilityBoundingSet") == [""]
