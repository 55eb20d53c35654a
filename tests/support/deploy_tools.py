"""The tools that look at deploy/, as `scripts/install-deploy-tools` installs them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.support.missing import missing

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".cache/deploy"
ABSENT = TOOLS / "not-on-the-mirror"
CHART = ROOT / "deploy/helm/alert-gateway"


class Rendered(NamedTuple):
    """What `helm template` made of the chart: an exit code, the resources, and what it complained of."""

    code: int
    text: str
    said: str

    def resources(self) -> dict[str, dict[str, Any]]:
        """Return the resources by their kind: the chart has one of each."""
        return {found["kind"]: found for found in yaml.safe_load_all(self.text) if found}


def tool(name: str) -> Path:
    """Return the path of a tool. Without it the test fails in CI, and elsewhere skips with the remedy.

    What the machine's mirror does not have skips in CI too: the script has said so.
    """
    path = TOOLS / name
    if not path.exists():
        if ABSENT.exists() and name in ABSENT.read_text("utf-8").split():
            pytest.skip(f"the mirror of this machine's distribution has no {name} that is new enough")
        missing(f"{path.name} is not there: scripts/install-deploy-tools installs it")
    return path


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)


def rendered(*options: str | Path) -> Rendered:
    done = run(tool("helm"), "template", "alert-gateway", CHART, "--namespace", "alerting", *options)
    return Rendered(done.returncode, done.stdout, done.stderr)
