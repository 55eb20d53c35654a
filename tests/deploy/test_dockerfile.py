"""The Dockerfile is written as those who write many of them advise; tests/deploy/test_image.py has what comes out of it."""

from __future__ import annotations

import pytest

from tests.support.deploy_tools import ROOT, run, tool


@pytest.mark.long
def test_hadolint_finds_nothing_wrong_with_the_dockerfile() -> None:
    done = run(tool("python/bin/hadolint"), "--failure-threshold", "style", ROOT / "Dockerfile")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == ""
