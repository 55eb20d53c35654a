"""The file of people's tokens: read again when it changes, refused as a whole."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from structlog.testing import capture_logs

from gateway.config.new_token import add_token
from gateway.config.tokens_file import TokensFile, four_eyes_problem, hash_of, parse_tokens
from gateway.model.people import Role

HASH = hash_of("a token")


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
