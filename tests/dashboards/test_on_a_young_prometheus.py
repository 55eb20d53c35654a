"""Every query of every dashboard on a real Prometheus of both ages, which scraped two gateways and the evaluation
service under load: there is data, all of it numbers, and Prometheus has nothing to remark.

What needs history (last week, and what happens once in a while) is asked of a week of data in test_on_a_week.py.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from tests.dashboards.asking import Window, ask_all, faults
from tests.dashboards.load import Observed, observed
from tests.dashboards.shipped import BOARDS, job_of, panels, queries
from tests.dashboards.tools import has_newer_prometheus
from tests.support.prometheus import Prometheus, prometheus
from tests.support.stack import PROMETHEUS_FILES, ROOT, stack_of

pytestmark = [pytest.mark.dashboards, pytest.mark.asyncio(loop_scope="module")]
LOAD_SECONDS = 80  # the statistics are made a minute after the start
FEATURES = {"older": "exemplar-storage", "newer": "exemplar-storage,native-histograms"}
WEEK = "offset 1w"


def configured(age: str, folder: Path, gateways: list[str], evaluation: str) -> str:
    """Return the shipped configuration with our addresses and without Alertmanagers, which looks each second."""
    text = PROMETHEUS_FILES[age].read_text("utf-8")
    text = re.sub(r"(scrape|evaluation)_interval: \d+s", r"\1_interval: 1s", text)
    text = re.sub(r"alerting:\n(?:  .*\n)+", "", text)
    text = re.sub(r"  - job_name: (?:alertmanager|prometheus)\n(?:    .*\n)+", "", text)
    text = re.sub(r"^tracing: .*\n", "", text, flags=re.MULTILINE)
    targets = ", ".join(f'"{url.partition("//")[2]}"' for url in gateways)
    text = text.replace('"gateway:9096"', targets)
    (folder / "rules").mkdir(parents=True)
    for path in (ROOT / "deploy/prometheus/rules").glob("*.yml"):
        rules = re.sub(r"for: \d+m", "for: 0s", path.read_text("utf-8"))
        (folder / "rules" / path.name).write_text(re.sub(r"interval: \d+m", "interval: 2s", rules), "utf-8")
    return text.replace("causal-eval:8000", evaluation.partition("//")[2])


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def watched(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[Observed, dict[str, Prometheus]]]:
    """What is under load, and Prometheus of each age that is installed, once the load has gone on for a while."""
    folder = tmp_path_factory.mktemp("observed")
    async with AsyncExitStack() as parts:
        load = await parts.enter_async_context(observed(folder))
        found = {}
        for age in PROMETHEUS_FILES:
            if age == "newer" and not has_newer_prometheus():
                continue
            urls = [gateway.url for gateway in load.gateways]
            text = configured(age, folder / age, urls, load.evaluation.url)
            watcher = prometheus(
                folder / age,
                text,
                binary=stack_of(age).prometheus,
                options=[f"--enable-feature={FEATURES[age]}"],
            )
            found[age] = await parts.enter_async_context(watcher)
        await asyncio.sleep(LOAD_SECONDS)
        yield load, found


@pytest.mark.parametrize("age", PROMETHEUS_FILES)
@pytest.mark.parametrize("board", BOARDS)
async def test_every_query_returns_numbers_and_prometheus_remarks_nothing(
    watched: tuple[Observed, dict[str, Prometheus]], board: str, age: str
) -> None:
    stack_of(age)  # skips, or fails in CI, where it is missing
    now = time.time()
    window = Window(now - LOAD_SECONDS, now, 5, "15s")
    asked = [(where, query) for where, query in queries(BOARDS[board]) if WEEK not in query]
    assert asked
    answers = await ask_all(watched[1][age].url, window, asked, job_of(BOARDS[board]))
    found = faults(answers)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("age", PROMETHEUS_FILES)
@pytest.mark.parametrize("title", ["Answer time of webhooks", "From the first alert to the first telling"])
async def test_the_dots_of_a_panel_lead_to_traces_that_the_receiver_has(
    watched: tuple[Observed, dict[str, Prometheus]], title: str, age: str
) -> None:
    stack_of(age)
    load, prometheuses = watched
    found = [panel for board in BOARDS.values() for panel in panels(board) if panel["title"] == title]
    targets = [target for panel in found for target in panel["targets"] if target["exemplar"]]
    now = time.time()
    window = Window(now - LOAD_SECONDS, now, 5, "15s")
    for target in targets:
        query = window.written(target["expr"], "gateway")
        if age == "newer":  # keeps them with the native series that it makes of the buckets, and nowhere else
            query = query.replace("_bucket", "")
        asked = {"query": query, "start": str(window.start), "end": str(window.end)}
        series = await prometheuses[age].ask("query_exemplars", **asked)
        named = {dot["labels"]["trace_id"] for one in series for dot in one["exemplars"]}
        assert named & {span.trace_id for span in load.traces.spans}
    assert targets
