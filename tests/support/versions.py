"""Other versions of the gateway: the next one, as far as a store can tell, and the one before a change of the
store's code.
"""

from __future__ import annotations

import ast
import io
import shutil
import subprocess
import tarfile
from pathlib import Path

from tests.support.missing import missing

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "gateway"
ADDED = '    of_the_next_version: str = "yes"\n'
# A version whose scripts are sent their fields by position, and that knows GATEWAY_SLOTS alone.
BEFORE_NAMED_FIELDS = "d3a9e5945df7a7e3a5cbf2864f0917ff41dede48"
# A version that knows a copy by its fingerprint as sent alone.
BEFORE_HASHED_KEYS = "fd1fcdba35629e6e6d2ff6ba5fe43104c7af311b"
# A version that has no index of the agenda by lane, and whose `now` is the store's time, or that of the last commit.
BEFORE_LANES = "18f096a80e41642b8e76d639d88221dcadd66172"


def next_version(folder: Path) -> Path:
    """Make a folder in which `python -m gateway` is the next version: every record has a field more."""
    shutil.copytree(PACKAGE, folder / "gateway", ignore=shutil.ignore_patterns("__pycache__"))
    grown = sum(_grow(path) for path in (folder / "gateway" / "model").glob("*.py"))
    assert grown > 10, "records are msgspec structs with array_like=True"
    return folder


def version_of(commit: str, folder: Path) -> Path:
    """Make a folder in which `python -m gateway` is the version of a commit.

    Where the clone does not have the commit, the test fails in CI and elsewhere skips with the remedy.
    """
    archive = subprocess.run(
        ["git", "archive", commit, "gateway"], cwd=ROOT, capture_output=True, check=False
    )
    if archive.returncode:
        missing(f"commit {commit} is not in this clone: git fetch --unshallow")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder


def _grow(path: Path) -> int:
    """Append a field to each record of this file, as a release would. Returns how many there are."""
    lines = path.read_text("utf-8").splitlines(keepends=True)
    records = [
        node for node in ast.parse("".join(lines)).body if isinstance(node, ast.ClassDef) and _is_record(node)
    ]
    for record in reversed(records):
        last = max(field.end_lineno or 0 for field in record.body if isinstance(field, ast.AnnAssign))
        lines.insert(last, ADDED)
    path.write_text("".join(lines), "utf-8")
    return len(records)


def _is_record(node: ast.ClassDef) -> bool:
    return any(keyword.arg == "array_like" for keyword in node.keywords)
