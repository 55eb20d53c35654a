"""Exit codes are what scripts and supervisors rely on."""

from __future__ import annotations

from gateway.cli import exit_codes


def test_exit_codes_stay() -> None:
    """Scripts and supervisors of users compare them."""
    found = {name: value for name, value in vars(exit_codes).items() if name.isupper()}
    assert found == {"FINDINGS": 1, "USAGE": 2, "INTERRUPTED": 130, "TERMINATED": 143}
