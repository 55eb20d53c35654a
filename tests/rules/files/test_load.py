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
from tests.support.rule_files import EVERYTHING, NOW, SMALLEST, book, errors_of, matchers, names, write

KEYS = st.sampled_from(
    ["within", "labels", "destinations", "routes", "correlate", "policy", "name", "parent", "match", "notify", "page", "page_when",
     "any", "all", "severity", "alerts", "slack", "channel", "allow", "token", "env", "pagerduty", "routing_key", "fallback", "map",
     "by", "window", "stop_values", "max_values", "remind", "continue", "chat", "storm", "<<"]
)  # fmt: skip
SCALARS = st.sampled_from(
    [
        "chat",
        "a",
        '""',
        "~",
        "1",
        "-1",
        "1e9",
        "true",
        "10m",
        "'x=\"1\"'",
        "'x=~\"(\"'",
        '"#{team}"',
        "2026-01-01",
    ]
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.lists(st.tuples(KEYS, inner), max_size=4).map(
            lambda items: f"{{{', '.join(f'{k}: {v}' for k, v in items)}}}"
        ),
    ),
    max_leaves=25,
)
SECTIONS = st.lists(st.tuples(KEYS, TREES), max_size=4).map(
    lambda items: "\n".join(f"{key}: {value}" for key, value in items)
)


def load_bytes(folder: Path, content: bytes) -> Loaded:
    (folder / "a.yaml").write_bytes(content)
    return load_rules(folder, NOW)


def test_a_file_that_is_not_utf8_says_at_which_byte(tmp_path: Path) -> None:
    (finding,) = load_bytes(tmp_path, b"labels: \xff\n").findings
    assert str(finding) == f"{tmp_path}/a.yaml:1:1: not UTF-8: byte 8"


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "a.yaml").open("wb") as file:
        file.truncate((16 << 20) + 1)
    assert [str(one) for one in load_rules(tmp_path, NOW).findings] == [
        f"{tmp_path}/a.yaml:1:1: the file is over 16 MiB"
    ]


def test_a_path_that_does_not_exist_is_a_finding(tmp_path: Path) -> None:
    (finding,) = load_rules(tmp_path / "gone", NOW).findings
    assert finding.message == "there is no such file or folder: `gateway init` writes a starter set"


def test_a_folder_without_rules_is_a_finding(tmp_path: Path) -> None:
    (finding,) = load_rules(tmp_path, NOW).findings
    assert finding.message == "no *.yaml or *.yml file in this folder: `gateway init` writes a starter set"


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    assert load_bytes(tmp_path, b"\xef\xbb\xbfpolicy: {closed_by_hand: 1h}\r\n").errors == ()


def test_a_file_name_that_is_not_utf8_is_read_all_the_same(tmp_path: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.yaml")).write_text("x: 1\n", "utf-8")
    except OSError:
        pytest.skip("this file system takes no such name")
    (finding,) = load_rules(tmp_path, NOW).findings
    assert finding.message == "unknown key `x`"


def test_one_broken_file_hides_no_finding_of_another(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("rotues: []\n", "utf-8")
    assert [one.place.file[-6:] for one in load_bytes(tmp_path, b"[").findings] == ["a.yaml", "b.yaml"]


@given(
    st.one_of(
        st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))
    )
)
@settings(max_examples=150)
def test_random_bytes_never_raise(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        loaded = load_bytes(Path(folder), content)
    assert (loaded.rulebook is None) == bool(loaded.errors)


@given(SECTIONS)
@settings(max_examples=300)
def test_random_trees_of_the_languages_own_words_never_raise(text: str) -> None:
    with TemporaryDirectory() as folder:
        loaded = load_bytes(Path(folder), text.encode())
    assert (loaded.rulebook is None) == bool(loaded.errors)
    assert all(one.place.line >= 1 and one.place.column >= 1 for one in loaded.findings)


@pytest.mark.long
def test_ten_thousand_rules_load_in_seconds(tmp_path: Path) -> None:
    lines = "".join(
        f"  - {{name: r{at}, match: ['team=\"t{at}\"', 'env=~\"a|b\"'], notify: [chat]}}\n"
        for at in range(10_000)
    )
    begun = monotonic()
    loaded = load_bytes(
        tmp_path, f"destinations:\n  chat: {{slack: {{channel: C1}}}}\nroutes:\n{lines}".encode()
    )
    assert loaded.findings == ()
    assert monotonic() - begun < 20


ERRORS = [
    pytest.param("routes:\n\t- name: a\n", "2:1: not YAML: a tab; write spaces in its place", id="a tab"),
    pytest.param(
        "routes: [\n", "2:1: not YAML: did not find expected node content", id="a bracket that is not closed"
    ),
    pytest.param(
        "labels: {}\n---\nlabels: {}\n", "2:1: not YAML: but found another document", id="a second document"
    ),
]


@pytest.mark.parametrize(("text", "expected"), ERRORS)
def test_an_error_names_its_place_and_the_remedy(text: str, expected: str, tmp_path: Path) -> None:
    assert errors_of(text, tmp_path) == [expected]


def test_siblings_are_read_by_path_bytewise_then_by_line(tmp_path: Path) -> None:
    def two(first: str, second: str) -> str:
        return "routes:\n" + "".join(
            f"  - {{name: {name}, match: ['x=\"{name}\"']}}\n" for name in (first, second)
        )

    folder = write(tmp_path, b=two("b1", "b2"), a__z=two("az2", "az1"), Z=two("Z1", "Z2"), é=two("e1", "e2"))
    assert names(book(folder)) == ["Z1", "Z2", "az2", "az1", "b1", "b2", "e1", "e2"]


def test_tests_and_hidden_files_are_no_rules(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        a=SMALLEST,
        tests__t="- no rules\n",
        team__tests__t="- no rules\n",
        **{"..data__a": "- no rules\n"},
    )
    assert load_rules(folder, NOW).findings == ()


@pytest.mark.parametrize("own", ["_folder.yaml", "_folder.yml"])
def test_within_of_folders_accumulates_downwards(own: str, tmp_path: Path) -> None:
    folder = write(
        tmp_path, a__b__r="within: ['c=\"3\"']\nroutes:\n  - {name: deep}\n", z="routes:\n  - {name: top}\n"
    )
    (folder / "a" / own).write_text("within: ['a=\"1\"']\n", "utf-8")
    (folder / "a" / "b" / own).write_text("within: ['b=\"2\"']\n", "utf-8")
    assert [one.match for one in book(folder).routes] == [matchers('a="1"', 'b="2"', 'c="3"'), ()]


def test_a_rule_knows_the_file_and_line_it_stands_in(tmp_path: Path) -> None:
    rules = book(write(tmp_path, a=EVERYTHING))
    assert str(rules.routes[1].origin) == "a.yaml:18"


def test_a_rule_of_a_sub_folder_is_named_from_the_rules_folder(tmp_path: Path) -> None:
    write(tmp_path, a=EVERYTHING)
    (tmp_path / "teams").mkdir()
    (tmp_path / "teams" / "pay.yaml").write_text(
        "routes:\n  - {name: pay, parent: everything, notify: [ops-slack]}\n"
    )
    routes = {route.name: route for route in book(tmp_path).routes}
    assert routes["pay"].described == "pay (teams/pay.yaml:2)"


def test_one_file_is_a_rule_set_too(tmp_path: Path) -> None:
    assert names(book(write(tmp_path, a=SMALLEST, b="- broken") / "a.yaml")) == ["everything"]


def test_the_revision_is_of_names_and_text_wherever_the_folder_stands(tmp_path: Path) -> None:
    here, there = write(tmp_path / "1", a=SMALLEST), write(tmp_path / "2", a=SMALLEST)
    changed, renamed = write(tmp_path / "3", a=SMALLEST + "# new\n"), write(tmp_path / "4", b=SMALLEST)
    revisions = [book(one).revision for one in (here, there, changed, renamed)]
    assert revisions[0] == revisions[1]
    assert len({*revisions}) == 3
    assert all(len(one) == 16 for one in revisions)


# A file alone, and files without rules


def test_a_teams_file_alone_says_that_another_file_may_have_what_it_names(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(SMALLEST, "utf-8")
    team = tmp_path / "team.yaml"
    team.write_text(
        "routes:\n  - {name: pay, parent: everything, match: ['team=\"pay\"'], notify: [chat]}\n", "utf-8"
    )
    whole = f"if another file has it, check the whole set: gateway check {tmp_path}"
    assert [finding.message for finding in load_rules(team, NOW).errors] == [
        f"unknown parent `everything`; {whole}",
        f"unknown destination `chat`; {whole}",
    ]
    assert load_rules(tmp_path, NOW).findings == ()
    team.write_text(
        "destinations: {chats: {slack: {channel: C0}}}\nroutes:\n  - {name: pay, notify: [chat]}\n", "utf-8"
    )
    (near,) = load_rules(team, NOW).errors
    assert near.message == f"unknown destination `chat`; did you mean `chats`? I{whole[1:]}"


def test_a_file_that_is_the_only_one_has_no_other_to_look_into(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("routes:\n  - {name: pay, notify: [chat]}\n", "utf-8")
    assert [finding.message for finding in load_rules(tmp_path / "a.yaml", NOW).errors] == [
        "unknown destination `chat`"
    ]


def test_a_file_that_was_cut_to_nothing_is_noticed_and_one_of_comments_is_meant(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SMALLEST, "utf-8")
    (tmp_path / "b.yaml").write_text(" \n", "utf-8")
    (tmp_path / "c.yaml").write_text("# nothing yet\n", "utf-8")
    assert [str(finding) for finding in load_rules(tmp_path, NOW).findings] == [
        f"{tmp_path}/b.yaml:1:1: warning: the file is empty"
    ]


def test_rules_without_a_route_are_said_to_tell_nobody(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("correlate: [{name: one, by: [service]}]\n", "utf-8")
    loaded = load_rules(tmp_path, NOW)
    assert loaded.rulebook is not None
    assert [str(finding) for finding in loaded.findings] == [
        f"{tmp_path}:1:1: warning: there is no route: nobody would be told of any alert"
    ]
