"""The scripts as they are put together: shared pieces stand in them once, and their first lines say what a
full server runs.
"""

from __future__ import annotations

import re

import pytest

from gateway.storage.lua import FOLDER, KEY_NAMES, SCRIPTS, assemble
from gateway.storage.packing import TABLE_NUMBER

TEXTS = {name: script.text.decode() for name, script in SCRIPTS.items()}
RENAMED = {"JOIN_KEYS": "keys", "TOPICS": "posts"}  # a key's name never changes, what the scripts call it may


def test_an_include_line_is_replaced_by_the_text_of_the_piece() -> None:
    assert assemble("#!lua\n-- include: numbers\nreturn digits(1)") == (
        "#!lua\n" + (FOLDER / "include" / "numbers.lua").read_text("utf-8").rstrip() + "\nreturn digits(1)"
    )


def test_a_piece_that_is_not_there_is_an_error() -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.lua"):
        assemble("-- include: none\n")


@pytest.mark.parametrize("name", TEXTS)
def test_every_script_begins_with_its_flags_and_includes_nothing_twice_or_unresolved(name: str) -> None:
    lines = TEXTS[name].splitlines()
    assert re.fullmatch(r"#!lua( flags=(allow-oom|no-writes))?", lines[0])
    assert not [line for line in lines if line.startswith(("-- include:", "#!")) and line is not lines[0]]
    functions = re.findall(r"^local function (\w+)", TEXTS[name], re.MULTILINE)
    assert len(functions) == len(set(functions))


def test_what_makes_history_grow_is_refused_by_a_full_server_and_differs_in_nothing_else() -> None:
    flags, _, body = TEXTS["commit"].partition("\n")
    growing_flags, _, growing_body = TEXTS["commit_grow"].partition("\n")
    assert (flags, growing_flags) == ("#!lua flags=allow-oom", "#!lua")
    assert body == growing_body


def test_the_scripts_name_the_keys_in_the_order_in_which_they_are_given() -> None:
    text = (FOLDER / "include" / "keys.lua").read_text("utf-8")
    (named,) = re.findall(r"^local\s+(.+?) = unpack\(KEYS\)$", text, re.MULTILINE | re.DOTALL)
    assert [RENAMED.get(name, name.lower()) for name in re.split(r",\s+", named)] == list(KEY_NAMES)
    assert {table.value: number for table, number in TABLE_NUMBER.items()} == {
        "alerts": 1,
        "past": 2,
        "copies": 3,
        "incidents": 4,
        "keys": 5,
        "ledgers": 6,
        "meta": 7,
        "tombstones": 19,
        "events": 20,
    }
