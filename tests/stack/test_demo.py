"""`make demo ARGS="--stack --exit"`: the stack on this machine, broken and healed once."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.stack import ROOT, stack_of

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("newer")]  # the older pair takes longer
SUMMARY = re.compile(r"demo: 1 page in \d+ s; 0 pages left open, books off by 0")


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


def test_it_is_broken_told_healed_and_told_and_leaves_nothing_behind(tmp_path: Path) -> None:
    stack_of("older")
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "demo", "--stack", "--exit"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)},
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
    assert [*tmp_path.iterdir()] == []
    assert not processes_in(tmp_path)
