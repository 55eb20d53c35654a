"""What docs/monitoring.md says of the causal-evaluation service is so."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from evaluation.switches import Wanted
from tests.support.evaluation_service import service
from tests.support.stack import ROOT, read_yaml, shipped_alerts

PAGE = (ROOT / "docs/monitoring.md").read_text("utf-8")
SERVICE = PAGE[PAGE.index("## The causal-evaluation service") :]


def test_every_switch_is_documented_with_the_alert_that_it_makes_fire() -> None:
    switches = dict(
        re.findall(r"^\| `(\w+)`[^|]*\|[^|]*\| `(High\w+|ServiceDown)` \|$", SERVICE, re.MULTILINE)
    )
    assert switches.keys() == {field.name for field in msgspec.structs.fields(Wanted)}
    assert set(switches.values()) <= shipped_alerts().keys()


async def test_every_metric_and_every_endpoint_is_documented(tmp_path: Path) -> None:
    async with service(tmp_path) as running:
        text = (await running.client.get("/metrics")).text
        documented = re.findall(r"`(?:GET |POST )?(/[a-z/]+)`", SERVICE)
        assert {"/evaluate", "/switches"} <= set(documented)
        answers = {path: (await running.client.options(path)).status_code for path in documented}
    assert set(answers.values()) == {405}  # 404 is what nobody has
    metrics = [
        name for name in re.findall(r"^# TYPE (\w+)", text, re.MULTILINE) if not name.endswith("_created")
    ]
    assert [name for name in metrics if f"\n| `{name}` |" not in SERVICE] == []


@pytest.mark.parametrize("name", ["evaluation.yml", "gateway.yml"])
def test_every_alert_is_in_the_table_of_alerts(name: str) -> None:
    (group,) = read_yaml(ROOT / "deploy/prometheus/rules" / name)["groups"]
    for rule in group["rules"]:
        alert = rule["alert"]
        assert re.search(rf"\n\| `{alert}` \| {rule['labels']['severity']} \|", PAGE), alert
