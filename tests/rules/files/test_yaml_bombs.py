"""Aliases and nesting that would cost too much are refused before anything is built."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.rules.files import Loaded, load_rules

NOW = 1_800_000_000_000


def load(folder: Path, content: bytes) -> Loaded:
    (folder / "a.yaml").write_bytes(content)
    return load_rules(folder, NOW)


def laughs() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 10)}]" for at in range(1, 12)]
    return "\n".join(lines)


HOSTILE = [
    pytest.param("[" * 200_000, "1:51: nested over 50 deep", id="brackets without end"),
    pytest.param("{a: " * 100_000, "1:201: nested over 50 deep", id="mappings without end"),
    pytest.param("- " * 100_000, "1:101: nested over 50 deep", id="lists in lists on one line"),
    pytest.param(
        laughs(),
        "6:45: the aliases up to `*a4` repeat over 1,000,000 values: write them out",
        id="a billion laughs",
    ),
    pytest.param("routes: &r [*r]\n", "1:13: `*r` stands inside of what it repeats", id="a list in itself"),
    pytest.param("routes: *gone\n", "1:9: not YAML: found undefined alias", id="an alias to nothing"),
    pytest.param(
        "a: \x00",
        "1:1: not YAML: unacceptable character #x0000: control characters are not allowed",
        id="a control character",
    ),
]


@pytest.mark.parametrize(("text", "expected"), HOSTILE)
def test_a_hostile_file_is_refused_at_its_place(text: str, expected: str, tmp_path: Path) -> None:
    loaded = load(tmp_path, text.encode())
    assert [str(one) for one in loaded.findings] == [f"{tmp_path}/a.yaml:{expected}"]
