"""`gateway token add`, and the words about people who are wanted and not known."""

from __future__ import annotations

from pathlib import Path

from gateway.config.tokens_file import TokensFile, hash_of
from tests.support.command_line import RULES, Gateway, written
from tests.support.people import tokens_of

FOUR_EYES = RULES + "policy: {silences: {critical: four_eyes}}\n"


def test_a_token_is_printed_alone_so_that_a_script_can_take_it(gateway: Gateway, tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    done = gateway("token", "add", "Ann Lee", "act", GATEWAY_TOKENS_FILE=str(path))
    (token,) = done.out.split()
    assert (done.code, token in done.err, str(path) in done.err) == (0, False, True)
    assert [issued.hash for issued in TokensFile(path).issued] == [hash_of(token)]


def test_a_second_token_of_the_same_person_is_said_to_be_one_and_the_day_stands_above_each(
    gateway: Gateway, tmp_path: Path
) -> None:
    path = tmp_path / "tokens"
    first, second = (gateway("token", "add", "ann", "act", GATEWAY_TOKENS_FILE=str(path)) for _ in range(2))
    assert "still valid" not in first.err
    assert f"ann has 1 other token, still valid: take the older line out of {path}" in second.err
    assert [line[:9] for line in path.read_text().splitlines()[2:]] == ["# made 20", "ann act s"] * 2


def test_a_token_is_bound_to_a_slack_user(gateway: Gateway, tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    bound = ("token", "add", "ann", "act", "--slack")
    assert gateway(*bound, "U024BE7LH", GATEWAY_TOKENS_FILE=str(path)).code == 0
    assert [issued.slack for issued in TokensFile(path).issued] == ["U024BE7LH"]
    refused = gateway(*bound, "@ann", GATEWAY_TOKENS_FILE=str(path))
    assert (refused.code, "no id of a Slack user" in refused.err) == (2, True)


def test_what_cannot_be_added_is_a_line_for_people(gateway: Gateway, tmp_path: Path) -> None:
    path = str(tmp_path / "tokens")
    assert "GATEWAY_TOKENS_FILE is not set" in gateway("token", "add", "ann", "act").err
    for name, role, said in (
        ("ann", "god", "administer"),
        ("a\nb", "act", "can be seen"),
        ("", "see", "can be seen"),
    ):
        done = gateway("token", "add", name, role, GATEWAY_TOKENS_FILE=path)
        assert (done.code, said in done.err) == (2, True), name
    (tmp_path / "tokens").write_text("nonsense")
    assert "line 1" in gateway("token", "add", "ann", "act", GATEWAY_TOKENS_FILE=path).err


def test_check_and_doctor_say_that_four_eyes_cannot_be_satisfied_and_name_the_file(
    gateway: Gateway, tmp_path: Path
) -> None:
    rules, path = written("rules.yaml", FOUR_EYES), tmp_path / "tokens"
    for more, said in (
        ({}, "GATEWAY_TOKENS_FILE is not set"),
        ({"GATEWAY_TOKENS_FILE": str(path)}, f"{path} names 0 of them"),
    ):
        checked = gateway("check", rules, **more)
        assert (checked.code, "cannot be satisfied" in checked.out, said in checked.out) == (0, True, True)
        looked = gateway("doctor", GATEWAY_RULES=rules, GATEWAY_URL="http://127.0.0.1:9", **more)
        (line,) = [line for line in looked.out.splitlines() if "four_eyes" in line]
        assert (line.startswith("FAIL  tokens: "), said in line) == (True, True)
    tokens_of(path, ann="act", bob="act")
    checked = gateway("check", rules, GATEWAY_TOKENS_FILE=str(path))
    assert "cannot be satisfied" not in checked.out
