"""What systemd itself says of the unit: nothing is wrong with it, and it gives away little."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.support.deploy_tools import ROOT, run
from tests.support.servers import program

UNIT = ROOT / "deploy/systemd/alert-gateway.service"
INSTALLED = "/opt/alert-gateway/bin/gateway"
MOST_EXPOSED = 1.5  # of 10; docs/operations.md names it


def verified(folder: Path, text: str) -> tuple[int, str]:
    """Let systemd look at a unit whose program is one that this machine has."""
    unit = folder / UNIT.name
    unit.write_text(text.replace(INSTALLED, str(shutil.which("true"))), "utf-8")
    done = run(program("systemd-analyze", "systemd"), "verify", "--man=no", unit)
    return done.returncode, done.stderr


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    assert verified(tmp_path, UNIT.read_text("utf-8")) == (0, "")


@pytest.mark.parametrize("line", ["WatchdogSecs=60", "Type=notifies"])
def test_a_key_or_a_value_that_systemd_does_not_know_would_be_said(line: str, tmp_path: Path) -> None:
    _, said = verified(tmp_path, UNIT.read_text("utf-8").replace("[Service]\n", f"[Service]\n{line}\n"))
    assert line.partition("=")[0] in said or line.partition("=")[2] in said


def test_the_service_is_as_little_exposed_as_is_documented() -> None:
    command = ("security", "--offline=true", "--no-pager", f"--threshold={MOST_EXPOSED * 10:.0f}", UNIT)
    done = run(program("systemd-analyze", "systemd"), *command)
    assert done.returncode == 0, done.stdout
    (exposed,) = re.findall(r"exposure level for \S+: ([\d.]+)", done.stdout)
    assert f"exposure level {exposed} of 10" in (ROOT / "docs/operations.md").read_text("utf-8")
