"""The exit codes of `gateway`, for scripts and supervisors."""

from __future__ import annotations

from typing import Final

FINDINGS: Final = 1  # a check, a test or the store says that something is wrong
USAGE: Final = 2  # the command line or the settings are wrong, or no gateway answers
INTERRUPTED: Final = 130  # Ctrl-C, as shells report SIGINT
TERMINATED: Final = 143  # as shells report SIGTERM
