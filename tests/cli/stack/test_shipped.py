"""The shipped files as the stack runs them: faster than life, at addresses of this machine, and otherwise as they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from gateway.cli.stack.gateway_rules import WAITS, gateway_rules
from gateway.cli.stack.shipped import NEWER, OLDER, RULES, sped_up, with_addresses, write_rules
from gateway.rules.compiled import load_or_refuse
from tests.support.stack import run, stack_of

FILES = sorted(
    {OLDER.prometheus, OLDER.alertmanager, NEWER.prometheus, NEWER.alertmanager, *RULES.glob("*.yml")}
)


class TestSpedUp:
    @pytest.mark.parametrize(
        ("shipped", "run"),
        [
            pytest.param("for: 2m", "for: 6000ms", id="a wait of a rule"),
            pytest.param("scrape_interval: 5s", "scrape_interval: 250ms", id="an interval"),
            pytest.param("group_wait: 0s", "group_wait: 1ms", id="nothing is the least that there is"),
            pytest.param("{interval: 1h}", "{interval: 180000ms}", id="in braces"),
            pytest.param("rate(x[5m])", "rate(x[15000ms])", id="a window"),
            pytest.param("count(up offset 1m)", "count(up offset 3000ms)", id="an offset"),
            pytest.param(
                "labels: {window: 5m}", "labels: {window: 5m}", id="a label that is called a window"
            ),
            pytest.param("summary: for five minutes", "summary: for five minutes", id="a text"),
        ],
    )
    def test_durations_alone_are_divided(self, shipped: str, run: str) -> None:
        assert sped_up(shipped, 20) == run

    @pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
    def test_nothing_but_durations_is_changed(self, path: Path) -> None:
        durations = re.compile(r"\d+(?:ms|s|m|h|d)\b")
        shipped = path.read_text("utf-8")
        assert durations.sub("", sped_up(shipped, 20)) == durations.sub("", shipped)

    def test_prometheus_takes_the_rules(self, tmp_path: Path) -> None:
        write_rules(tmp_path / "rules", 20)
        files = [str(path) for path in (tmp_path / "rules").iterdir()]
        assert len(files) == len([*RULES.glob("*.yml")])
        code, said = run(stack_of("older").promtool, "check", "rules", *files)
        assert code == 0, said


def test_a_list_of_targets_takes_several_addresses() -> None:
    text = with_addresses('targets: ["gateway:9096"]', {"gateway:9096": ("a:1", "b:2")})
    assert text == 'targets: ["a:1", "b:2"]'


class TestGatewayRules:
    def test_the_gateway_takes_them(self, tmp_path: Path) -> None:
        (tmp_path / "rules.yaml").write_text(gateway_rules(20), "utf-8")
        assert load_or_refuse(tmp_path / "rules.yaml", 0).rules.watchdogs

    def test_their_intervals_are_those_of_the_shipped_alertmanager(self) -> None:
        route = yaml.safe_load(OLDER.alertmanager.read_text("utf-8"))["route"]
        assert route["group_interval"] == f"{WAITS['GROUP_INTERVAL']}s"
        assert route["repeat_interval"] == f"{WAITS['REPEAT_INTERVAL'] // 60}m"
