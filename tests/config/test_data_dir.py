"""The data directory is readable by its user alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.config.data_dir import keep_files_private, narrow


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    ("before", "after"), [(0o755, 0o700), (0o777, 0o700), (0o750, 0o700), (0o710, 0o700)]
)
def test_a_data_directory_that_exists_with_wider_rights_is_narrowed_and_said(
    before: int, after: int, tmp_path: Path
) -> None:
    tmp_path.chmod(before)
    with capture_logs() as said:
        narrow(tmp_path)
    assert mode(tmp_path) == after
    assert [(line["event"], line["before"]) for line in said] == [("data_dir_narrowed", f"{before:o}")]


def test_one_that_is_narrow_or_not_there_yet_is_left_in_silence(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with capture_logs() as said:
        narrow(tmp_path)
        narrow(tmp_path / "none")
    assert said == []
    assert not (tmp_path / "none").exists()


def test_a_directory_of_all_users_stays_theirs_and_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    with capture_logs() as said:
        narrow(tmp_path)
    assert mode(tmp_path) == 0o1777
    assert [line["event"] for line in said] == ["data_dir_open"]


def test_a_directory_that_holds_folders_of_others_stays_open_to_them_and_is_said(tmp_path: Path) -> None:
    for name in ("appendonlydir", "lost+found"):
        (tmp_path / name).mkdir()
    tmp_path.chmod(0o755)
    with capture_logs() as said:
        narrow(tmp_path)
        assert mode(tmp_path) == 0o700
        tmp_path.chmod(0o755)
        (tmp_path / "postgresql").mkdir()
        narrow(tmp_path)
    assert mode(tmp_path) == 0o755
    assert [line["event"] for line in said] == ["data_dir_narrowed", "data_dir_open"]
    assert "postgresql" in said[1]["error"]


def test_what_is_created_is_readable_by_its_user_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        keep_files_private()
        (tmp_path / "store").mkdir()
        (tmp_path / "file").touch()
    finally:
        os.umask(before)
    assert (mode(tmp_path / "store"), mode(tmp_path / "file")) == (0o700, 0o600)
