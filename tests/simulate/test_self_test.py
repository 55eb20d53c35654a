"""The self-test says which steps of the path work with rules, and leaves no trace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.rules.compiled import CompiledRules, load_or_refuse
from gateway.simulate import self_test
from gateway.simulate.self_test import PathTested, try_the_path

NOW = 1_795_428_005_000  # 2026-11-23T10:00:05Z
EVERY_KIND = """destinations:
  chat:  {slack: {channel: "#alerts"}}
  pager: {pagerduty: {routing_key: {env: PAGERDUTY_ROUTING_KEY}}}
  hook:  {webhook: {url: {env: HOOK_URL}}}
  post:  {email: {to: [ops@example.org], from: gateway@example.org}}
routes:
  - {name: shop, match: ['namespace="shop"'], notify: [chat], page: [pager]}
"""


def compiled(folder: Path, text: str = EVERY_KIND) -> CompiledRules:
    (folder / "rules.yaml").write_text(text, "utf-8")
    return load_or_refuse(folder / "rules.yaml", NOW)


async def test_each_step_works_with_rules_that_route_no_alert_of_others(tmp_path: Path) -> None:
    rules = compiled(tmp_path)
    assert await try_the_path(rules, NOW) == PathTested(True, True, True, True)
    assert not rules.unknown_severities


async def test_a_fault_in_a_step_is_that_step_and_those_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: Any) -> None:
        raise ZeroDivisionError

    rules = compiled(tmp_path)
    monkeypatch.setattr(self_test, "_render", broken)
    assert await try_the_path(rules, NOW) == PathTested(True, True, True, False)
    monkeypatch.setattr(self_test, "plan", broken)
    assert await try_the_path(rules, NOW) == PathTested(True, True, False, False)
    monkeypatch.setattr(self_test, "parse", broken)
    assert await try_the_path(rules, NOW) == PathTested()


async def test_the_rules_that_come_with_the_gateway_pass() -> None:
    rules = load_or_refuse(Path(__file__).parents[2] / "rules", NOW)
    assert await try_the_path(rules, NOW) == PathTested(True, True, True, True)
