"""Dashboards are imported by Grafana's HTTP API, and what it refuses is said with a remedy."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from dashboards_as_code.__main__ import main
from gateway.sandbox.server import LocalServer
from tests.dashboards.shipped import BOARDS

TOKEN = "glsa_the-token-of-a-service-account"


@dataclass
class Grafana:
    """A double of `POST /api/dashboards/db`.

    https://grafana.com/docs/grafana/latest/developers/http_api/dashboard/#create--update-dashboard
    """

    server: LocalServer = field(default_factory=LocalServer)
    taken: dict[str, dict[str, Any]] = field(default_factory=dict)
    answer: Response | None = None

    async def _import(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return JSONResponse({"message": "Invalid API key"}, 401)
        if self.answer is not None:
            return self.answer
        body = await request.json()
        uid = body["dashboard"]["uid"]
        if uid in self.taken and not body["overwrite"]:
            said = "The dashboard has been changed by someone else"
            return JSONResponse({"message": said, "status": "version-mismatch"}, 412)
        self.taken[uid] = body
        shown = f"/d/{uid}/shown"
        return JSONResponse({"id": 1, "uid": uid, "url": shown, "status": "success", "version": 1})

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/api/dashboards/db", self._import, methods=["POST"])])


@pytest.fixture
async def grafana() -> AsyncIterator[Grafana]:
    double = Grafana()
    async with double.server.running(double.app(), 0):
        yield double


async def imported(folder: Path, url: str, *more: str, token: str = TOKEN) -> Result:
    """Run the command in a thread: the double answers in this one."""
    (folder / "token").write_text(f"{token}\n", "utf-8")
    arguments = ["import", "--url", url, "--token-file", str(folder / "token"), *more]
    return await asyncio.to_thread(CliRunner().invoke, main, arguments)


async def test_all_dashboards_are_imported_into_the_folder(grafana: Grafana, tmp_path: Path) -> None:
    result = await imported(tmp_path, grafana.server.url, "--folder-uid", "on-call")
    assert result.exit_code == 0, result.output
    assert grafana.taken.keys() == BOARDS.keys()
    for uid, body in grafana.taken.items():
        assert body == {"dashboard": {**BOARDS[uid], "id": None}, "overwrite": False, "folderUid": "on-call"}
        assert f"/d/{uid}/shown" in result.output


async def test_without_a_folder_they_go_to_the_root(grafana: Grafana, tmp_path: Path) -> None:
    await imported(tmp_path, grafana.server.url)
    assert all("folderUid" not in body for body in grafana.taken.values())


async def test_a_grafana_below_a_path_is_reached(tmp_path: Path) -> None:
    double = Grafana()
    routes = [Route("/grafana/api/dashboards/db", double._import, methods=["POST"])]
    async with double.server.running(Starlette(routes=routes), 0):
        result = await imported(tmp_path, f"{double.server.url}/grafana/")
    assert result.exit_code == 0, result.output


async def test_what_is_there_already_stays_unless_it_may_be_overwritten(
    grafana: Grafana, tmp_path: Path
) -> None:
    assert (await imported(tmp_path, grafana.server.url)).exit_code == 0
    refused = await imported(tmp_path, grafana.server.url)
    assert refused.exit_code == 1
    assert "412" in refused.output
    assert "--overwrite replaces it" in refused.output
    assert (await imported(tmp_path, grafana.server.url, "--overwrite")).exit_code == 0


async def test_a_wrong_token_is_said_and_not_shown(grafana: Grafana, tmp_path: Path) -> None:
    refused = await imported(tmp_path, grafana.server.url, token="glsa_wrong")
    assert refused.exit_code == 1
    assert "401 Invalid API key" in refused.output
    assert "glsa_wrong" not in refused.output
    assert not grafana.taken


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (JSONResponse({"message": "Access denied"}, 403), "needs the role Editor"),
        (JSONResponse({"message": "folder not found"}, 400), "does the folder of --folder-uid exist"),
        (PlainTextResponse("<html>", 502), "is this the address of a Grafana"),
        (PlainTextResponse("<html>", 200), "is this the address of a Grafana"),
        (PlainTextResponse("", 302, {"location": "/login"}), "is this the address of a Grafana"),
        (JSONResponse(["strange"], 200), "is this the address of a Grafana"),
    ],
)
async def test_other_answers_end_the_import_with_a_remedy(
    grafana: Grafana, tmp_path: Path, answer: Response, said: str
) -> None:
    grafana.answer = answer
    refused = await imported(tmp_path, grafana.server.url)
    assert refused.exit_code == 1
    assert said in refused.output


async def test_a_password_in_the_address_is_refused_and_not_repeated(tmp_path: Path) -> None:
    refused = await imported(tmp_path, "https://admin:hunter2@grafana.example.org")
    assert refused.exit_code == 1
    assert "--token-file" in refused.output
    assert "hunter2" not in refused.output


@pytest.mark.parametrize(
    "address",
    [
        "grafana.example.org",
        "ftp://admin:hunter2@grafana.example.org",
        "http://",
        "http://grafana:three-thousand",
    ],
)
async def test_what_is_no_address_is_refused(tmp_path: Path, address: str) -> None:
    refused = await imported(tmp_path, address)
    assert refused.exit_code == 1
    assert "is no address" in refused.output
    assert "hunter2" not in refused.output


async def test_another_machine_is_shown_no_token_without_tls_unless_that_is_asked_for(tmp_path: Path) -> None:
    refused = await imported(tmp_path, "http://grafana.invalid:3000")
    assert refused.exit_code == 1
    assert "grafana.invalid is another machine" in refused.output
    asked = await imported(tmp_path, "http://grafana.invalid:3000", "--insecure")
    assert "did not answer" in asked.output


async def test_a_grafana_that_is_away_is_named(tmp_path: Path) -> None:
    refused = await imported(tmp_path, "http://127.0.0.1:1")
    assert refused.exit_code == 1
    assert "http://127.0.0.1:1" in refused.output
    assert TOKEN not in refused.output


@pytest.mark.parametrize("token", ["", "two tokens", "one\nper line", "no-ASCII-ä"])
async def test_a_file_that_holds_no_token_is_refused(tmp_path: Path, token: str) -> None:
    refused = await imported(tmp_path, "http://127.0.0.1:1", token=token)
    assert refused.exit_code == 2
    assert "one token and nothing else" in refused.output


def test_rendering_writes_one_file_for_each_dashboard(tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["render", "--folder", str(tmp_path)]).exit_code == 0
    assert {json.loads(path.read_text("utf-8"))["uid"] for path in tmp_path.iterdir()} == BOARDS.keys()
