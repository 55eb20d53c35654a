"""Grafana's own types take the shipped dashboards: TypeScript's compiler says so."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.dashboards.shipped import BOARDS
from tests.dashboards.tools import modules

pytestmark = pytest.mark.dashboards
TYPES = Path(__file__).with_name("shipped.ts")
STRICT = (
    "--noEmit",
    "--strict",
    "--target",
    "es2022",
    "--module",
    "nodenext",
    "--moduleResolution",
    "nodenext",
)


def compiled(boards: Mapping[str, Any], folder: Path) -> str:
    """Return what the compiler says of the dashboards, and nothing where they are right."""
    (folder / "node_modules").symlink_to(modules())
    (folder / "package.json").write_text('{"type": "module"}', "utf-8")
    shutil.copy(TYPES, folder)
    for uid, board in boards.items():
        text = f"import type {{ Shipped }} from './shipped.js';\nexport const board: Shipped = {json.dumps(board)};\n"
        (folder / f"{uid}.ts").write_text(text, "utf-8")
    files = [f"{uid}.ts" for uid in boards]
    compiler = str(folder / "node_modules/typescript/bin/tsc")
    done = subprocess.run(
        ["node", compiler, *STRICT, *files], cwd=folder, capture_output=True, text=True, check=False
    )
    assert (done.returncode == 0) is (not done.stdout), done.stdout + done.stderr
    return done.stdout


def test_the_shipped_dashboards_are_dashboards_to_grafana(tmp_path: Path) -> None:
    assert compiled(BOARDS, tmp_path) == ""


def of_kind(board: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return the first panel of a kind."""
    return next(panel for panel in board["panels"] if panel["type"] == kind)


def test_what_grafana_would_not_understand_is_found(tmp_path: Path) -> None:
    names = (
        "untyped",
        "unknown_key",
        "text_for_a_number",
        "colour_mode",
        "line_width",
        "heat_unit",
        "format",
    )
    broken = {name: copy.deepcopy(BOARDS["causal-evaluation"]) for name in names}
    del of_kind(broken["untyped"], "stat")["type"]
    of_kind(broken["unknown_key"], "stat")["tittle"] = "Evaluations"
    broken["text_for_a_number"]["schemaVersion"] = "41"
    of_kind(broken["colour_mode"], "stat")["options"]["colorMode"] = "purple"
    of_kind(broken["line_width"], "timeseries")["fieldConfig"]["defaults"]["custom"]["lineWidth"] = "thick"
    of_kind(broken["heat_unit"], "heatmap")["options"]["yAxis"]["unit"] = 5
    of_kind(broken["format"], "heatmap")["targets"][0]["format"] = "buckets"
    said = compiled(broken, tmp_path)
    assert [name for name in names if f"{name}.ts(" not in said] == []
