"""Every query of every dashboard, those of last week and the marks among them, on a week of data and the week before."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.dashboards.asking import ask_all, faults
from tests.dashboards.shipped import BOARDS, job_of, queries
from tests.dashboards.week import Week, week
from tests.support.stack import stack_of

pytestmark = [pytest.mark.dashboards, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def history(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Week]:
    async with week(tmp_path_factory.mktemp("week")) as served:
        yield served


@pytest.mark.parametrize("board", BOARDS)
async def test_every_query_returns_numbers_and_prometheus_remarks_nothing(history: Week, board: str) -> None:
    asked = list(queries(BOARDS[board]))
    answers = await ask_all(history.prometheus.url, history.window, asked, job_of(BOARDS[board]))
    found = faults(answers)
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("gateway_webhook_total", "no data"),
        ("0 / (0 * up)", "not a number"),
        ("sum by (without) (up)", "parse error"),
        ("rate(gateway_agenda_subjects[1h])", "might not be a counter"),
    ],
)
async def test_what_is_wrong_with_a_query_is_seen(history: Week, query: str, fault: str) -> None:
    if fault == "might not be a counter":
        stack_of("newer")  # older ones remark nothing
    answers = await ask_all(history.prometheus.url, history.window, [("here", query)], "gateway")
    assert fault in " ".join(faults(answers))
