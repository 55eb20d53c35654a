"""Files that are damaged, hostile or huge give findings, never an exception."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.rules.files import Loaded, load_rules

KEYS = st.sampled_from(
    ["within", "labels", "destinations", "routes", "correlate", "policy", "name", "parent", "match", "notify", "page", "page_when",
     "any", "all", "severity", "alerts", "slack", "channel", "allow", "token", "env", "pagerduty", "routing_key", "fallback", "map",
     "by", "window", "stop_values", "max_values", "remind", "continue", "chat", "storm", "<<"]
)  # fmt: skip
SCALARS = st.sampled_from(
    ["chat", "a", '""', "~", "1", "-1", "1e9", "true", "10m", "'x=\"1\"'", "'x=~\"(\"'", '"#{team}"', "2026-01-01"]
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.lists(st.tuples(KEYS, inner), max_size=4).map(lambda items: f"{{{', '.join(f'{k}: {v}' for k, v in items)}}}"),
    ),
    max_leaves=25,
)
SECTIONS = st.lists(st.tuples(KEYS, TREES), max_size=4).map(lambda items: "\n".join(f"{key}: {value}" for key, value in items))
NOW = 1_800_000_000_000


def load(folder: Path, content: bytes) -> Loaded:
    (folder / "a.yaml").write_bytes(content)
    return load_rules(folder, NOW)


def test_a_file_that_is_not_utf8_says_at_which_byte(tmp_path: Path) -> None:
    (finding,) = load(tmp_path, b"labels: \xff\n").findings
    assert str(finding) == f"{tmp_path}/a.yaml:1:1: not UTF-8: byte 8"


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "a.yaml").open("wb") as file:
        file.truncate((16 << 20) + 1)
    assert [str(one) for one in load_rules(tmp_path, NOW).findings] == [f"{tmp_path}/a.yaml:1:1: the file is over 16 MiB"]


def test_a_path_that_does_not_exist_is_a_finding(tmp_path: Path) -> None:
    (finding,) = load_rules(tmp_path / "gone", NOW).findings
    assert finding.message == "there is no such file or folder"


def test_a_folder_without_rules_is_a_finding(tmp_path: Path) -> None:
    (finding,) = load_rules(tmp_path, NOW).findings
    assert finding.message == "no *.yaml file in this folder"


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    assert load(tmp_path, b"\xef\xbb\xbfpolicy: {closed_by_hand: 1h}\r\n").findings == ()


def test_a_file_name_that_is_not_utf8_is_read_all_the_same(tmp_path: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.yaml")).write_text("x: 1\n", "utf-8")
    except OSError:
        pytest.skip("this file system takes no such name")
    (finding,) = load_rules(tmp_path, NOW).findings
    assert finding.message == "unknown key `x`"


def test_one_broken_file_hides_no_finding_of_another(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("rotues: []\n", "utf-8")
    assert [one.place.file[-6:] for one in load(tmp_path, b"[").findings] == ["a.yaml", "b.yaml"]


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))))
@settings(max_examples=150, deadline=None)
def test_random_bytes_never_raise(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        loaded = load(Path(folder), content)
    assert (loaded.rulebook is None) == bool(loaded.errors)


@given(SECTIONS)
@settings(max_examples=300, deadline=None)
def test_random_trees_of_the_languages_own_words_never_raise(text: str) -> None:
    with TemporaryDirectory() as folder:
        loaded = load(Path(folder), text.encode())
    assert (loaded.rulebook is None) == bool(loaded.errors)
    assert all(one.place.line >= 1 and one.place.column >= 1 for one in loaded.findings)


@pytest.mark.long
def test_ten_thousand_rules_load_in_seconds(tmp_path: Path) -> None:
    lines = "".join(f"  - {{name: r{at}, match: ['team=\"t{at}\"', 'env=~\"a|b\"'], notify: [chat]}}\n" for at in range(10_000))
    begun = monotonic()
    loaded = load(tmp_path, f"destinations:\n  chat: {{slack: {{channel: C1}}}}\nroutes:\n{lines}".encode())
    assert loaded.findings == ()
    assert monotonic() - begun < 20
