"""The dashboards as they are shipped, and what is in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from dashboards_as_code.boards import FOLDER, every_board

BOARDS = {
    board.uid: json.loads((FOLDER / board.file).read_text("utf-8")) if (FOLDER / board.file).exists() else {}
    for board in every_board()
}


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the panels without the headings of rows."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def queries(board: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each query with where it stands."""
    for panel in panels(board):
        for target in panel["targets"]:
            yield f"{board['title']} / {panel['title']} / {target['refId']}", target["expr"]
    for annotation in board["annotations"]["list"]:
        yield f"{board['title']} / annotation {annotation['name']}", annotation["expr"]


def job_of(board: dict[str, Any]) -> str:
    """Return the job that is chosen at first; a dashboard about all jobs has no choice."""
    variables = {variable["name"]: variable for variable in board["templating"]["list"]}
    return str(variables["job"]["current"]["value"]) if "job" in variables else ""


EVERY_QUERY = [found for board in BOARDS.values() for found in queries(board)]
