"""`make demo ARGS="--stack --exit"`: the stack on this machine, broken and healed once."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.stack import ROOT, stack_of

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("newer")]  # the older pair takes longer
SUMMARY = re.compile(r"demo: \d+ pages? out; 0 pages left open, books off by 0")


def processes_in(folder: Path) -> list[str]:
    """Return the command lines of processes that were started with this folder in them, or work in it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            said = (process / "cmdline").read_bytes() + os.fsencode((process / "cwd").readlink())
        except OSError:
            continue
        found += [said.decode("utf-8", "replace")] if os.fsencode(folder) in said else []
    return found


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short name: the path of the store's socket must not be too long for the kernel."""
    with TemporaryDirectory(prefix="gw") as name:
        yield Path(name)


def test_it_is_broken_told_healed_and_told_and_leaves_nothing_behind(folder: Path) -> None:
    stack_of("older")
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "demo", "--stack", "--exit"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(folder)},
        timeout=200,
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout + done.stderr
    assert SUMMARY.fullmatch(lines[-1]), lines[-1]
    for page in ("Slack", "PagerDuty", "Gateway", "Prometheus", "Alertmanagers", "Evaluation"):
        assert any(line.startswith(f"  {page} ") and "http://127.0.0.1:" in line for line in lines), page
    assert sum("/switches -d" in line for line in lines) == 5
    told = [line for line in lines if "HighErrorRate" in line]
    assert any(line.startswith("  PagerDuty  triggered") for line in told)
    assert any(line.startswith("  PagerDuty  resolved") for line in told)
    assert any("✅ Resolved" in line for line in told)
    assert [*folder.iterdir()] == []
    assert not processes_in(folder)
