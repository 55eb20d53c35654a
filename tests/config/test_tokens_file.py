"""The file of people's tokens: written by a command, read again when it changes, refused as a whole."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from structlog.testing import capture_logs

from gateway.config.environment import Environment
from gateway.config.tokens_file import TokensFile, add_token, four_eyes_problem, hash_of, parse_tokens
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


@pytest.mark.parametrize(
    "line",
    [
        "ann act",
        "ann",
        f"ann god {HASH}",
        "ann act sha256:12",
        f"ann act {HASH[:-1]}g",
        "ann act hunter2-hunter2",
        f"act {HASH}",
        f"ann\x1b[2J act {HASH}",
        f"x (admin token) act {HASH}",
    ],
)
def test_a_line_that_is_none_is_named_by_its_number_and_never_shown(line: str) -> None:
    issued, problems = parse_tokens(f"bob see {hash_of('b')}\n{line}\n")
    assert len(issued) == 1
    assert problems[0].startswith("line 2")
    assert not any(word in problems[0] for word in ("hunter2", HASH, "\x1b"))


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


def test_one_token_is_one_persons() -> None:
    assert parse_tokens(f"ann act {HASH}\nbob act {HASH}\n")[1][0].startswith(
        "line 2 has the hash of an earlier"
    )


@pytest.mark.parametrize("wrong", ["a line that is none", "a directory"])
def test_a_file_with_an_error_lets_nobody_in_at_the_start_until_it_is_mended(
    tmp_path: Path, wrong: str
) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"ann act {HASH}\nnonsense\n") if "line" in wrong else path.mkdir()
    tokens = TokensFile(path)
    assert (tokens.issued, len(tokens.problems), tokens.configured) == ((), 1, True)
    path.unlink() if path.is_file() else path.rmdir()
    path.write_text(f"ann act {HASH}\n")
    tokens.look()
    assert [token.name for token in tokens.issued] == ["ann"]


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can be another user for a while")
def test_a_file_of_another_user_is_named_with_who_has_to_read_it_and_counts_once_its_rights_are_mended(
    tmp_path: Path,
) -> None:
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "tokens"
        path.write_text(f"ann act {HASH}\n")
        path.chmod(0o600)
        os.seteuid(65_534)
        try:
            tokens = TokensFile(path)
        finally:
            os.seteuid(0)
        assert tokens.issued == ()
        assert "make it readable by the user that the gateway runs as (here: uid 65534)" in tokens.problems[0]
        path.chmod(0o644)
        tokens.look()
        assert [token.name for token in tokens.issued] == ["ann"]


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone gives files away")
def test_root_writes_for_the_user_that_has_the_directory(tmp_path: Path) -> None:
    os.chown(tmp_path, 10_001, 10_001)
    path = tmp_path / "tokens"
    for name in ("ann", "bob"):
        add_token(path, name, Role.ACT)
        assert (path.stat().st_uid, path.stat().st_mode & 0o777) == (10_001, 0o600)


def test_a_file_with_an_error_leaves_what_was_in_force(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"ann act {HASH}\n")
    tokens = TokensFile(path)
    path.write_text("nonsense again\n")
    with capture_logs() as lines:
        tokens.look()
        tokens.look()
    assert [line["event"] for line in lines] == ["tokens_rejected"]
    assert ([token.name for token in tokens.issued], len(tokens.problems)) == (["ann"], 1)
    path.unlink()
    tokens.look()
    assert [token.name for token in tokens.issued] == ["ann"]


def test_a_token_that_was_added_or_taken_out_counts_at_the_next_look(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    tokens = TokensFile(path)
    assert (tokens.issued, "gateway token add" in tokens.problems[0]) == ((), True)
    add_token(path, "ann", Role.ACT)
    tokens.look()
    assert ([token.name for token in tokens.issued], tokens.problems) == (["ann"], ())
    path.write_text("# nobody\n")
    tokens.look()
    assert tokens.issued == ()


def test_two_people_who_may_act_can_satisfy_four_eyes(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    assert "GATEWAY_TOKENS_FILE is not set" in four_eyes_problem(TokensFile(None), heard_in_slack=False)
    for name, role in (("ann", Role.ACT), ("Ann ", Role.ADMINISTER), ("wall", Role.SEE)):
        add_token(path, name, role)
        assert f"{path} names 1 of them" in four_eyes_problem(TokensFile(path), heard_in_slack=False)
    add_token(path, "bob", Role.ACT)
    assert four_eyes_problem(TokensFile(path), heard_in_slack=False) == ""
    assert four_eyes_problem(TokensFile(None), heard_in_slack=True) == ""


def test_with_peoples_tokens_other_machines_may_connect_without_an_admin_token(tmp_path: Path) -> None:
    exposed = {"GATEWAY_LISTEN": "0.0.0.0:9096", "GATEWAY_WEBHOOK_TOKEN": "hook"}
    with pytest.raises(BadSettings, match="GATEWAY_ADMIN_TOKEN"):
        Environment(exposed).demand_tokens()
    Environment({**exposed, "GATEWAY_TOKENS_FILE": str(tmp_path / "tokens")}).demand_tokens()
