"""A new token is shown once, and written into the file of people's tokens without a change of anything else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.config.new_token import add_token
from gateway.config.tokens_file import TokensFile, hash_of, parse_tokens
from gateway.errors import BadSettings
from gateway.model.people import Role

HASH = hash_of("a token")


def test_a_token_is_shown_once_and_its_hash_alone_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "new/tokens"
    first, second = add_token(path, "Ann Lee", Role.ACT), add_token(path, "wall", Role.SEE)
    text = path.read_text()
    assert first not in text
    assert second not in text
    assert [(token.name, token.role, token.hash) for token in TokensFile(path).issued] == [
        ("Ann Lee", Role.ACT, hash_of(first)),
        ("wall", Role.SEE, hash_of(second)),
    ]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_line_of_somebodys_own_hand_and_its_rights_stay(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"# ours\n\nann act {HASH}")
    path.chmod(0o640)
    add_token(path, "bob", Role.ADMINISTER)
    assert path.read_text().startswith(f"# ours\n\nann act {HASH}\nbob administer sha256:")
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_token_may_be_bound_to_a_slack_user_and_lines_of_the_version_before_are_read(
    tmp_path: Path,
) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"Ann Lee act {HASH}\n")
    add_token(path, "Bob Miller", Role.ACT, slack="U024BE7LH")
    assert [(token.name, token.slack) for token in TokensFile(path).issued] == [
        ("Ann Lee", ""),
        ("Bob Miller", "U024BE7LH"),
    ]
    path.write_text(f"Ann Lee act {HASH} W012A3CDE\n")
    assert [(token.name, token.hash, token.slack) for token in TokensFile(path).issued] == [
        ("Ann Lee", HASH, "W012A3CDE")
    ]


@pytest.mark.parametrize("user", ["ann", "u024be7lh", "T024/U024BE7LH", "U", "U024 BE7LH"])
def test_what_is_no_slack_user_is_refused(tmp_path: Path, user: str) -> None:
    with pytest.raises(BadSettings, match="no id of a Slack user"):
        add_token(tmp_path / "tokens", "ann", Role.ACT, slack=user)
    assert parse_tokens(f"ann act {HASH} {user}\n")[1]


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone gives files away")
def test_root_writes_for_the_user_that_has_the_directory(tmp_path: Path) -> None:
    os.chown(tmp_path, 10_001, 10_001)
    path = tmp_path / "tokens"
    for name in ("ann", "bob"):
        add_token(path, name, Role.ACT)
        assert (path.stat().st_uid, path.stat().st_mode & 0o777) == (10_001, 0o600)
