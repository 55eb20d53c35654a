"""Each dashboard is drawn from a week of data by a real browser, and there is something in every panel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests.dashboards.shipped import BOARDS, panels
from tests.pictures.dashboards import draw, gallery
from tests.support.browser import Browser, browsing

pytestmark = [pytest.mark.dashboards, pytest.mark.asyncio(loop_scope="module")]
PANELS_WITH_SOMETHING = """[...document.querySelectorAll('.panel')].filter((panel) =>
  panel.querySelector('canvas') || panel.querySelector('.bar') || panel.querySelector('.stat')?.textContent).length"""


@dataclass
class Gallery:
    tab: Browser
    url: str


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shown(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gallery]:
    async with (
        gallery(tmp_path_factory.mktemp("week")) as url,
        browsing(tmp_path_factory.mktemp("profile")) as tab,
    ):
        yield Gallery(tab, url)


@pytest.mark.parametrize("board", BOARDS)
async def test_a_dashboard_is_drawn_whole(shown: Gallery, board: str) -> None:
    assert await draw(shown.tab, shown.url, board) == []
    assert await shown.tab.value(PANELS_WITH_SOMETHING) == len(panels(BOARDS[board]))
    text = await shown.tab.value("document.body.innerText")
    assert not {"NaN", "undefined", "Infinity", "null"} & set(text.replace("/", " ").split())
