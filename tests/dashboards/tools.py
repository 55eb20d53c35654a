"""What scripts/install-dashboard-tools and scripts/install-newer-stack have fetched."""

from __future__ import annotations

from pathlib import Path

from tests.support.missing import missing
from tests.support.stack import FETCHED, ROOT


def modules() -> Path:
    """Return the folder of npm's modules; where it is missing, a test fails in CI and elsewhere skips with the remedy."""
    found = ROOT / ".cache/dashboards/node_modules"
    if not (found / "@grafana/schema").exists():
        missing("npm's modules are not installed: scripts/install-dashboard-tools")
    return found


def has_newer_prometheus() -> bool:
    """Return whether there is a Prometheus 3.5 beside the machine's own."""
    suite = FETCHED / "suite"
    return suite.exists() and suite.read_text("utf-8").strip() == "forky"
