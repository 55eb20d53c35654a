"""Draw the dashboards from a week of data in a real Prometheus: a small page with uPlot in headless Chromium.

There is no package of Grafana to run. The page reads the shipped JSON and asks the queries that are in it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from gateway.sandbox.server import LocalServer
from tests.dashboards.shipped import BOARDS, job_of
from tests.dashboards.tools import modules
from tests.dashboards.week import Week, week
from tests.support.browser import Browser

HERE = Path(__file__).parent
WIDTH = 1400


@asynccontextmanager
async def gallery(folder: Path) -> AsyncIterator[str]:
    """Serve the page, which draws `/?board=UID`, until the block ends; `folder` is for this run alone."""
    async with week(folder) as history:
        server = LocalServer()
        async with server.running(_app(history), 0):
            yield server.url


def _app(history: Week) -> Starlette:
    uplot = modules() / "uplot/dist"

    async def given(request: Request) -> Response:
        board, window = BOARDS[request.query_params["board"]], history.window
        return JSONResponse(
            {
                "board": board,
                "prometheus": history.prometheus.url,
                "start": window.start,
                "end": window.end,
                "step": window.step,
                "vars": window.values(job_of(board)),
            }
        )

    def file(path: Path) -> Route:
        async def send(request: Request) -> Response:
            return FileResponse(path)

        return Route("/" if path.suffix == ".html" else f"/{path.name}", send)

    shown = (
        HERE / "dashboard.html",
        HERE / "dashboard.js",
        uplot / "uPlot.iife.min.js",
        uplot / "uPlot.min.css",
    )
    return Starlette(routes=[Route("/given", given), *map(file, shown)])


async def draw(tab: Browser, url: str, uid: str) -> list[str]:
    """Open a dashboard in the tab, as tall as it is, and return what could not be drawn."""
    await tab.sized(WIDTH, 1000)
    await tab.open(f"{url}/?board={uid}")
    await tab.until("drawn")
    await tab.sized(WIDTH, await tab.value("document.body.scrollHeight"))
    return list(await tab.value("troubles")) + tab.troubles
