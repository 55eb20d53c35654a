"""Secrets are looked up when they are needed, so that one may go and come."""

from __future__ import annotations

from pathlib import Path

from gateway.config.environment import Environment
from gateway.config.secrets import EnvironmentSecrets


def test_a_secret_whose_file_has_gone_is_missing_and_no_fault(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("open-sesame")
    secrets = EnvironmentSecrets(Environment({"PAY_KEY_FILE": str(tmp_path / "key")}), b"k")
    assert secrets.secret("PAY_KEY") == "open-sesame"
    (tmp_path / "key").unlink()
    assert secrets.secret("PAY_KEY") is None
