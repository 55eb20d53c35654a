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


def test_a_panel_without_a_type_an_unknown_key_and_a_text_for_a_number_are_found(tmp_path: Path) -> None:
    broken = {name: copy.deepcopy(BOARDS["causal-evaluation"]) for name in ("untyped", "unknown", "text")}
    del broken["untyped"]["panels"][1]["type"]
    broken["unknown"]["panels"][1]["tittle"] = "Evaluations"
    broken["text"]["schemaVersion"] = "41"
    said = compiled(broken, tmp_path)
    assert all(f"{name}.ts(" in said for name in broken), said
