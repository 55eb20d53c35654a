"""The table of commands: each entry is what it says, and whoever only asks what commands there are waits for
none.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from gateway.cli.commands import COMMANDS
from gateway.cli.main import cli
from tests.support.command_line import Gateway

ROOT = Path(__file__).parents[2]
STARTER = str(ROOT / "rules")
AS_CONSOLE_SCRIPT = "import sys; sys.argv[0] = 'gateway'; from gateway.__main__ import main; main()"
LIST_IMPORTS = f"""
import atexit, json, sys
atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))
{AS_CONSOLE_SCRIPT}
"""


def test_the_help_says_how_words_are_completed(gateway: Gateway) -> None:
    assert 'eval "$(_GATEWAY_COMPLETE=bash_source gateway)"' in gateway("--help").out


@pytest.mark.parametrize(
    ("word", "remedy"),
    [("silances", "did you mean `gateway silence`?"), ("frobnicate", "`gateway --help` lists all")],
)
def test_a_command_that_is_none_is_answered_with_the_nearest(
    gateway: Gateway, word: str, remedy: str
) -> None:
    done = gateway(word)
    assert (done.code, f"there is no command `{word}`; {remedy}" in done.err) == (2, True)


def modules_imported_by(*arguments: str, **variables: str) -> tuple[str, set[str]]:
    """What `gateway …` prints in a process of its own, and the modules that were imported when it ended."""
    done = subprocess.run(
        [sys.executable, "-c", LIST_IMPORTS, *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **variables},
    )
    return done.stdout, set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("name", COMMANDS)
def test_an_entry_of_the_table_names_a_command_with_its_name_and_its_first_sentence(name: str) -> None:
    entry = COMMANDS[name]
    command = getattr(importlib.import_module(entry.module), entry.attribute)
    assert isinstance(command, click.Command)
    assert (command.name, command.get_short_help_str(limit=1000)) == (name, entry.help)


def test_a_command_of_the_cli_modules_is_in_the_table() -> None:
    """A command that nobody can call would be missing in `--help` and in no other test."""
    found = set()
    for path in (ROOT / "gateway/cli").glob("*.py"):
        module = importlib.import_module(f"gateway.cli.{path.stem}")
        commands = {name: value for name, value in vars(module).items() if isinstance(value, click.Command)}
        inner = {
            sub
            for group in commands.values()
            if isinstance(group, click.Group)
            for sub in group.commands.values()
        }
        found |= {
            command.name for command in commands.values() if command not in inner and command is not cli
        }
    assert found == set(COMMANDS)


def test_the_group_lists_the_table_and_knows_no_other_command() -> None:
    context = click.Context(cli)
    assert cli.list_commands(context) == sorted(COMMANDS)
    assert cli.get_command(context, "nonsense") is None


@pytest.mark.parametrize("argument", ["--version", "--help"])
def test_version_and_help_import_no_command(argument: str) -> None:
    _, modules = modules_imported_by(argument)
    assert not modules & {entry.module for entry in COMMANDS.values()}
    assert not modules & {"pydantic", "httpx", "rich", "structlog", "asyncio"}


def test_help_shows_every_command() -> None:
    printed, _ = modules_imported_by("--help", COLUMNS="200")
    assert [
        line.split()[0] for line in printed.partition("Commands:\n")[2].splitlines() if line[2] != " "
    ] == sorted(COMMANDS)


def commands_with_groups() -> list[tuple[str, ...]]:
    loaded = {
        name: getattr(importlib.import_module(entry.module), entry.attribute)
        for name, entry in COMMANDS.items()
    }
    inner = [
        (name, sub)
        for name, group in loaded.items()
        if isinstance(group, click.Group)
        for sub in group.commands
    ]
    return [*((name,) for name in COMMANDS), *inner]


@pytest.mark.parametrize("command", commands_with_groups(), ids=" ".join)
def test_the_help_of_every_command_ends_with_examples_that_name_it(
    gateway: Gateway, command: tuple[str, ...]
) -> None:
    shown = gateway(*command, "--help").out
    examples = shown.rpartition("Examples:\n")[2].splitlines()
    assert examples
    assert all(f"gateway {' '.join(command)}" in line for line in examples)
    assert all(line == line.rstrip() and len(line) <= 110 for line in examples)


def test_the_help_of_a_command_imports_that_command_and_no_server() -> None:
    printed, modules = modules_imported_by("incidents", "--help")
    assert "--ack [NAME]" in printed
    assert "gateway.cli.incidents" in modules
    assert not modules & {"gateway.app", "gateway.cli.serve", "uvicorn"}


def test_a_word_is_completed_from_the_table_without_an_import_of_a_command() -> None:
    asked = {"_GATEWAY_COMPLETE": "bash_complete", "COMP_WORDS": "gateway inc", "COMP_CWORD": "1"}
    printed, modules = modules_imported_by(**asked)
    assert printed.split() == ["plain,incidents"]
    assert not modules & {entry.module for entry in COMMANDS.values()}


def test_an_option_of_the_group_is_completed_too() -> None:
    asked = {"_GATEWAY_COMPLETE": "bash_complete", "COMP_WORDS": "gateway --ver", "COMP_CWORD": "1"}
    assert modules_imported_by(**asked)[0].split() == ["plain,--version"]


def test_an_option_of_a_command_is_completed_by_that_command() -> None:
    asked = {"_GATEWAY_COMPLETE": "bash_complete", "COMP_WORDS": "gateway incidents --st", "COMP_CWORD": "2"}
    assert modules_imported_by(**asked)[0].split() == ["plain,--state"]


# Wrong usage


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        pytest.param(["nonsense"], {}, "there is no command", id="a command that is none"),
        pytest.param(["check", "--jsno"], {}, "--jsno", id="an option that is none"),
        pytest.param(["check", "a", "b"], {}, "unexpected extra argument", id="an argument too many"),
        pytest.param(["explain"], {}, "BODY", id="an argument too few"),
        pytest.param(["explain", "nowhere.json"], {}, "nowhere.json", id="a body that is not there"),
        pytest.param(["explain", "."], {}, "is a directory", id="a body that is a folder"),
        pytest.param(["page-test"], {}, "DESTINATION", id="a test of nobody"),
        pytest.param(["demo", "--speed", "fast"], {}, "fast", id="a speed that is no number"),
        pytest.param(
            ["incidents", "--ack", "ann"], {}, "which incident?", id="an acknowledgement of nothing"
        ),
        pytest.param(["incidents", "--close", "ann"], {}, "which incident?", id="a close of nothing"),
        pytest.param(
            ["doctor"], {"GATEWAY_RULSE": "x"}, "did you mean GATEWAY_RULES?", id="a setting that is none"
        ),
        pytest.param(["check"], {"GATEWAY_LISTEN": "here"}, "GATEWAY_LISTEN", id="a setting that cannot be"),
        pytest.param(
            ["serve"],
            {"GATEWAY_LISTEN": "0.0.0.0:9", "GATEWAY_RULES": STARTER},
            "GATEWAY_WEBHOOK_TOKEN",
            id="an open door without tokens",
        ),
        pytest.param(
            ["serve"],
            {"GATEWAY_WEBHOOK_TOKEN": " , "},
            "it holds commas and no token",
            id="a token that is none",
        ),
    ],
)
def test_wrong_usage_ends_with_2_and_a_line_that_says_what(
    gateway: Gateway, arguments: list[str], variables: dict[str, str], said: str
) -> None:
    done = gateway(*arguments, **variables)
    assert (done.code, said in done.err) == (2, True)


@pytest.mark.parametrize("argument", ["--help", "-h", "--version"])
def test_help_and_version_end_with_0(gateway: Gateway, argument: str) -> None:
    done = gateway(argument)
    assert (done.code, "gateway" in done.out) == (0, True)


@pytest.mark.parametrize("speed", ["0", "-1"])
def test_a_demo_that_could_never_end_is_wrong_usage(gateway: Gateway, speed: str) -> None:
    assert gateway("demo", "--exit", "--speed", speed).code == 2
