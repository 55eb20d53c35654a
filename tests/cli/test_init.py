"""`gateway init` writes rules that are right as they stand, and never over anything that is there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import validate

from gateway.rules.files import load_rules, rules_schema
from tests.support.command_line import Gateway, written

ROOT = Path(__file__).parents[2]
NOW = 1_800_000_000_000


def test_it_writes_what_the_repository_has_in_rules(gateway: Gateway) -> None:
    done = gateway("init", "new/rules")
    assert (done.code, "gateway check new/rules" in done.out) == (0, True)
    there = {path.name: path.read_text("utf-8") for path in Path("new/rules").iterdir()}
    assert there == {path.name: path.read_text("utf-8") for path in (ROOT / "rules").iterdir()}


@pytest.mark.parametrize(
    ("arguments", "rules", "run"),
    [
        pytest.param((), "rules", "run gateway serve", id="rules/ is found by itself"),
        pytest.param(("./rules",), "rules", "run gateway serve", id="rules/ by another name"),
        pytest.param((), "set", "run gateway serve", id="the setting names it already"),
        pytest.param(("new",), "rules", "run GATEWAY_RULES=new gateway serve", id="another folder is named"),
        pytest.param(("a b",), "rules", "run GATEWAY_RULES='a b' gateway serve", id="as a shell reads it"),
    ],
)
def test_the_next_step_serves_the_rules_that_were_written(
    arguments: tuple[str, ...], rules: str, run: str, gateway: Gateway
) -> None:
    assert gateway("init", *arguments, GATEWAY_RULES=rules).out.splitlines()[-1].endswith(run)


def test_what_it_writes_has_no_findings_and_is_what_its_schema_takes(gateway: Gateway) -> None:
    gateway("init")
    assert load_rules(Path("rules"), NOW).findings == ()
    text = Path("rules/starter.yaml").read_text("utf-8")
    schema = text.partition("\n")[0].rpartition("$schema=")[2]
    validate(yaml.safe_load(text), json.loads((Path("rules") / schema).read_text("utf-8")))


def test_what_is_commented_out_is_right_too(gateway: Gateway) -> None:
    """Whoever takes the # away must not meet an error."""
    gateway("init")
    kept, _, more = Path("rules/starter.yaml").read_text("utf-8").partition("# What often comes next")
    taken_out = "\n".join(line.removeprefix("# ").removeprefix("#") for line in more.splitlines()[1:])
    written("rules/starter.yaml", kept + taken_out)
    assert load_rules(Path("rules"), NOW).errors == ()
    validate(
        yaml.safe_load(
            taken_out.replace("2026-12-01T22:00:00+01:00", '"x"').replace("2026-12-02T02:00:00+01:00", '"x"')
        ),
        rules_schema(),
    )


@pytest.mark.parametrize("there", ["rules/mine.yaml", "rules/team/mine.yml"])
def test_rules_that_are_there_are_not_joined_by_the_starters(gateway: Gateway, there: str) -> None:
    Path(there).parent.mkdir(parents=True)
    Path(there).write_text("routes: []\n", "utf-8")
    done = gateway("init")
    assert (done.code, f"{there} is there already" in done.err) == (2, True)
    assert [str(path) for path in Path("rules").rglob("*") if path.is_file()] == [there]


def test_it_follows_the_setting_of_the_rules_folder(gateway: Gateway) -> None:
    assert gateway("init", GATEWAY_RULES="elsewhere").code == 0
    assert Path("elsewhere/starter.yaml").exists()


def test_a_folder_that_cannot_be_made_is_a_line_for_people(gateway: Gateway) -> None:
    Path("file").write_text("", "utf-8")
    done = gateway("init", "file/rules")
    assert (done.code, "cannot be written: Not a directory" in done.err) == (2, True)
