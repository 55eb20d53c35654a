"""The reader takes texts, names, durations, matchers and secrets, and says at which place something else
stands.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.rule_files import (
    SMALLEST,
    book,
    errors_of,
    load,
    matchers,
    routes,
    said,
    warnings_of,
    write,
)


def test_a_bad_matcher_is_shown_at_the_place_inside_of_its_quotes(tmp_path: Path) -> None:
    loaded = load(tmp_path, routes("""{name: a, notify: [chat], match: ['team="x', 'a="b"']}"""))
    (line,) = said(loaded, tmp_path)
    assert line.startswith('a.yaml:4:47: bad matcher `team="x`: ')


SECRETS = [
    pytest.param("xoxb-1234-secret", id="in the place of the name"),
    pytest.param("{env: xoxb-1234-secret}", id="as the variable's name"),
    pytest.param("{env: 0123456789}", id="as a number"),
    pytest.param("{xoxb-1234-secret}", id="as a key"),
    pytest.param("{env: A, xoxb-1234-secret: b}", id="beside the name"),
    pytest.param("[xoxb-1234-secret]", id="in a list"),
    pytest.param("{env: a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6}", id="as a routing key that could be a name"),
]


@pytest.mark.parametrize("written", SECRETS)
def test_a_literal_secret_is_refused_and_not_shown(written: str, tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        routes(
            "{name: a, notify: [c]}",
            above=f"destinations:\n  c: {{slack: {{channel: C1, token: {written}}}}}\n",
        ),
    )
    (line,) = [str(one) for one in loaded.errors]
    assert "secret" in line
    assert not any(part in line for part in ("1234", "0123456789", "a1b2c3"))


@pytest.mark.parametrize(
    "text",
    [
        "destinations:\n  a:\n    slack:\n      channel: #ops\nroutes: []\n",
        "destinations:\n  a: {slack: {channel: #ops}}\nroutes: []\n",
        "destinations:\n  a: {slack: {channel: C1, allow: [#ops]}}\nroutes: []\n",
    ],
    ids=["on a line of its own", "in braces", "in brackets"],
)
def test_a_channel_without_quotes_is_told_to_be_a_comment(text: str, tmp_path: Path) -> None:
    assert ": `#` begins a comment: write '#ops'" in errors_of(text, tmp_path)[0]


def test_a_value_in_single_quotes_matches_nothing_and_is_warned_of(tmp_path: Path) -> None:
    matchers_given = """["team='pay'", 'zone="eu"']"""
    text = routes(f"{{name: a, notify: [chat], match: {matchers_given}}}")
    (warning,) = warnings_of(text, tmp_path)
    assert warning.endswith('holds only for a value with single quotes: write team="pay"')


def test_anchors_and_aliases_are_as_good_as_written_out(tmp_path: Path) -> None:
    text = (
        SMALLEST
        + "  - {name: b, parent: everything, match: &m ['x=\"1\"']}\ncorrelate:\n  - {name: c, match: *m}\n"
    )
    assert book(write(tmp_path, a=text)).correlate[0].match == matchers('x="1"')


ERRORS = [
    pytest.param(
        routes("{name: a, notify: [chat], group_wait: soon}"),
        "4:43: `soon` is no duration: write it like 90s, 15m, 2h30m or 7d",
        id="a bad duration",
    ),
    pytest.param(
        routes("{name: a, notify: [chat], group_wait: 10}"),
        "4:43: `10` is no duration: write it like 90s, 15m, 2h30m or 7d",
        id="a duration without a unit",
    ),
    pytest.param(
        routes("{name: a, notify: [chat], match: [5]}"),
        "4:39: a text is needed, not a number: quote it, '5'",
        id="a number where a text is needed",
    ),
    pytest.param(
        "labels: {ignore: [null]}\n",
        "1:19: a text is needed, not nothing: quote it, 'null'",
        id="nothing where a text is needed",
    ),
    pytest.param("routes: null\n", "1:9: a list is needed, not nothing", id="an empty section"),
    pytest.param(
        "routes: {name: a}\n", "1:9: a list is needed, not a mapping", id="a mapping where a list is needed"
    ),
    pytest.param("- a\n", "1:1: a mapping is needed, not a list", id="a file that is a list"),
    pytest.param("labels: {}\nlabels: {}\n", "2:1: `labels` stands here twice", id="a key twice"),
    pytest.param(
        routes('{name: "", notify: [chat]}'),
        "4:12: `` is not possible here: a name is needed",
        id="an empty name",
    ),
    pytest.param(
        routes('{name: a, parent: "", notify: [chat]}'),
        "4:23: `` is not possible here: a name is needed",
        id="an empty parent",
    ),
    pytest.param(
        routes('{name: a, notify: [""]}'),
        "4:24: `` is not possible here: a name is needed",
        id="an empty reference",
    ),
]


@pytest.mark.parametrize(("text", "expected"), ERRORS)
def test_an_error_names_its_place_and_the_remedy(text: str, expected: str, tmp_path: Path) -> None:
    assert errors_of(text, tmp_path) == [expected]
