"""What `gateway demo --stack` says where it cannot run; tests/stack has it run."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.demo import demo
from gateway.cli.exit_codes import USAGE
from gateway.cli.stack import shipped


def said_by_the_demo(*more: str) -> tuple[int, str]:
    found = CliRunner().invoke(demo, ["--stack", "--exit", *more])
    return found.exit_code, found.output


def test_without_the_source_tree_a_checkout_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(shipped, "DEPLOY", tmp_path / "deploy")
    code, said = said_by_the_demo()
    assert code == USAGE
    assert "take a checkout, and call `make demo ARGS=--stack` there" in said


def test_programs_that_are_missing_are_named_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    code, said = said_by_the_demo()
    assert code == USAGE
    assert "apt-get install --no-install-recommends prometheus prometheus-alertmanager" in said


def test_a_speed_that_the_programs_cannot_keep_up_with_is_refused() -> None:
    code, said = said_by_the_demo("--speed", "31")
    assert code == USAGE
    assert "--speed 31: the stack keeps up with 30 and less" in said
