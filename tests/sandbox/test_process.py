"""The vendors as a process of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from typing import cast

import pytest
from click.testing import CliRunner

from gateway.sandbox.__main__ import main


@pytest.fixture
def addresses() -> Iterator[dict[str, str]]:
    arguments = ["--channel", "alerts", "--service", f"{'r' * 32}=payments"]
    with subprocess.Popen(
        [sys.executable, "-m", "gateway.sandbox", *arguments], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        yield cast("dict[str, str]", json.loads(process.stdout.readline()))
        process.terminate()
        assert process.wait(5) == 0


def test_the_first_line_tells_where_to_find_them(addresses: dict[str, str]) -> None:
    with urllib.request.urlopen(addresses["slack_page"] + "_sandbox/state") as answer:
        assert [channel["name"] for channel in json.load(answer)["channels"]] == ["alerts"]
    with urllib.request.urlopen(addresses["pagerduty_page"] + "_sandbox/state") as answer:
        assert json.load(answer)["incidents"] == []
    for page in ("webhook_page", "mail_page"):
        with urllib.request.urlopen(addresses[page] + "_sandbox/state") as answer:
            assert json.load(answer)["received"] == []
    assert addresses["smtp_url"].startswith("smtp://127.0.0.1:")


def test_a_service_without_a_name_is_a_clear_error() -> None:
    result = CliRunner().invoke(main, ["--service", "abc"])
    assert result.exit_code == 2
    assert "ROUTING_KEY=NAME" in result.output
