"""Says which releases the whole stack ran on, and how long each step took."""

from __future__ import annotations

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)]
    for report in reports:
        for name, said in report.user_properties:
            if name == "stack" and report.when == "call":
                terminalreporter.write_line(str(said))
