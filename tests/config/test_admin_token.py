"""The admin token that is made where none is set, and who may read it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.config.admin_token import keep_admin_token, read_admin_token
from gateway.config.environment import Environment


def test_a_token_is_made_once_and_kept_for_its_owner_alone(tmp_path: Path) -> None:
    first, again = keep_admin_token(tmp_path / "data"), keep_admin_token(tmp_path / "data")
    assert (first.token, first.path, first.problem) == (again.token, tmp_path / "data/admin-token", "")
    assert (first.path.stat().st_mode & 0o777, len(first.token) >= 32) == (0o600, True)
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert [path.name for path in first.path.parent.iterdir()] == ["admin-token"]
    assert read_admin_token(tmp_path / "data") == first.token


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602])
def test_a_token_that_others_may_have_read_or_written_is_made_anew(tmp_path: Path, mode: int) -> None:
    first = keep_admin_token(tmp_path)
    first.path.chmod(mode)
    again = keep_admin_token(tmp_path)
    assert again.token != first.token
    assert again.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "short", "a token of several words, and none of ours", "x" * 5_000])
def test_a_file_that_holds_no_token_of_ours_is_replaced(tmp_path: Path, text: str) -> None:
    path = tmp_path / "admin-token"
    path.write_text(text)
    path.chmod(0o600)
    kept = keep_admin_token(tmp_path)
    assert path.read_text().strip() == kept.token != text


def test_a_link_that_somebody_laid_there_is_replaced_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_text("t" * 40)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/admin-token").symlink_to(theirs)
    kept = keep_admin_token(tmp_path / "data")
    assert (kept.path.is_symlink(), theirs.read_text()) == (False, "t" * 40)
    assert kept.token != "t" * 40


def test_where_nothing_can_be_written_the_token_is_known_to_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    first, second = (keep_admin_token(tmp_path / "file/data") for _ in range(2))
    assert first.problem
    assert first.token != second.token
    assert read_admin_token(tmp_path / "file/data") is None


def test_none_is_made_where_one_is_set_or_other_machines_can_connect(tmp_path: Path) -> None:
    for more in ({"GATEWAY_ADMIN_TOKEN": "set"}, {"GATEWAY_LISTEN": "0.0.0.0:9096"}):
        assert Environment({"GATEWAY_DATA_DIR": str(tmp_path), **more}).make_admin_token() is None
    assert not os.listdir(tmp_path)  # noqa: PTH208


def test_a_token_that_was_made_stands_in_no_log_line(tmp_path: Path) -> None:
    environment = Environment({"GATEWAY_DATA_DIR": str(tmp_path), "GATEWAY_ADMIN_TOKEN": ""})
    hidden = environment.secrets()
    kept = environment.make_admin_token()
    assert kept is not None
    assert kept.token in hidden


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://127.0.0.1:9096", True),
        ("http://localhost:9200", True),
        ("http://[::1]:9096", True),
        ("http://gateway.example:9096", False),
        ("http://127.0.0.1.evil.example", False),
        ("https://10.0.0.7", False),
    ],
)
def test_a_command_shows_the_token_of_this_machine_to_this_machine_alone(
    tmp_path: Path, url: str, shown: bool
) -> None:
    kept = keep_admin_token(tmp_path)
    environment = Environment({"GATEWAY_DATA_DIR": str(tmp_path), "GATEWAY_URL": url})
    assert environment.token_to_show() == (kept.token if shown else None)


def test_a_token_that_is_set_is_shown_in_place_of_that_of_the_file(tmp_path: Path) -> None:
    keep_admin_token(tmp_path)
    environment = Environment({"GATEWAY_DATA_DIR": str(tmp_path), "GATEWAY_ADMIN_TOKEN": "new,old"})
    assert environment.token_to_show() == "new"
