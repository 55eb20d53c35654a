"""Routers of rule files as people write them."""

from __future__ import annotations

from pathlib import Path

from gateway.decisions.calendar import Calendar
from gateway.decisions.route import Router
from gateway.rules.files import load_rules
from tests.support.build import START


def router_of(folder: Path, rules: str) -> Router:
    """The routes of one file, as it is written."""
    (folder / "rules.yaml").write_text(rules, "utf-8")
    loaded = load_rules(folder, START)
    assert loaded.rulebook is not None, [str(finding) for finding in loaded.findings]
    return Router(loaded.rulebook, Calendar({}))
