"""Secrets are looked up when they are needed, so that one may go and come."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.config.environment import Environment
from gateway.config.secrets import KEY_BYTES, EnvironmentSecrets, mark_key
from gateway.ports import Store


def test_a_secret_whose_file_has_gone_is_missing_and_no_fault(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("open-sesame")
    secrets = EnvironmentSecrets(Environment({"PAY_KEY_FILE": str(tmp_path / "key")}), b"k")
    assert secrets.secret("PAY_KEY", "webhook") == "open-sesame"
    (tmp_path / "key").unlink()
    assert secrets.secret("PAY_KEY", "webhook") is None


@pytest.mark.parametrize("value", ["<your key>", "first,abc...", "  "])
def test_a_secret_that_only_a_rule_names_and_cannot_be_meant_is_missing_and_no_fault(value: str) -> None:
    assert EnvironmentSecrets(Environment({"PAY_KEY": value}), b"k").secret("PAY_KEY", "webhook") is None


def test_that_a_file_has_gone_and_is_back_is_logged_once_each(tmp_path: Path) -> None:
    path = tmp_path / "key"
    secrets = EnvironmentSecrets(Environment({"PAY_KEY_FILE": str(path)}), b"k")
    with capture_logs() as lines:
        for there in (False, True, False, True):
            path.write_text("open-sesame") if there else path.unlink(missing_ok=True)
            for _ in range(5):
                secrets.secret("PAY_KEY", "webhook")
    assert [line["event"] for line in lines] == ["secret_unreadable", "secret_readable_again"] * 2
    assert "sesame" not in str(lines)


def test_a_mark_tells_that_a_secret_has_changed_and_not_what_it_is() -> None:
    secrets = EnvironmentSecrets(Environment({}), b"key-of-one-store")
    elsewhere = EnvironmentSecrets(Environment({}), b"key-of-another")
    assert secrets.mark("open-sesame") == secrets.mark("open-sesame")
    assert len({secrets.mark("open-sesame"), secrets.mark("open-barley"), elsewhere.mark("open-sesame")}) == 3
    assert "sesame" not in secrets.mark("open-sesame")


async def test_the_key_of_marks_is_made_once_per_store(store: Store) -> None:
    key = await mark_key(store)
    assert len(key) == KEY_BYTES
    assert await mark_key(store) == key
