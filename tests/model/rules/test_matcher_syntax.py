"""The two syntaxes of matchers, each by itself: triples, or the place at which the text is none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.model.rules.matcher_syntax import MatcherError, Triple, classic_matchers
from gateway.model.rules.matcher_syntax_utf8 import utf8_matchers


@pytest.mark.parametrize("read", [classic_matchers, utf8_matchers])
@pytest.mark.parametrize(
    ("text", "triples"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("{}", [], id="empty braces"),
        pytest.param('a="b"', [("a", "=", "b")], id="a quoted value"),
        pytest.param("a=b", [("a", "=", "b")], id="a bare value"),
        pytest.param(
            '{a=~"x.*", b!="1",}',
            [("a", "=~", "x.*"), ("b", "!=", "1")],
            id="several, with a comma at the end",
        ),
        pytest.param('a="x,y"', [("a", "=", "x,y")], id="a comma inside of quotes"),
        pytest.param(r'a="x\"y"', [("a", "=", 'x"y')], id="an escaped quote"),
    ],
)
def test_what_both_syntaxes_read_alike(
    read: Callable[[str], list[Triple]], text: str, triples: list[Triple]
) -> None:
    assert read(text) == triples


@pytest.mark.parametrize(
    ("read", "text", "offset"),
    [
        pytest.param(classic_matchers, 'a="b",c', 6, id="classic: a part without an operator"),
        pytest.param(classic_matchers, 'a="b', 4, id="classic: quotes that are not closed"),
        pytest.param(classic_matchers, "ü=b", 0, id="classic: a name of other letters"),
        pytest.param(utf8_matchers, 'a="b",c', 7, id="UTF-8: a part without an operator"),
        pytest.param(utf8_matchers, '{a="b"', 6, id="UTF-8: a brace that is not closed"),
        pytest.param(utf8_matchers, r'a="\q"', 5, id="UTF-8: an escape that Go does not know"),
        pytest.param(utf8_matchers, 'a="b" c="d"', 6, id="UTF-8: two without a comma"),
    ],
)
def test_an_error_has_the_place_in_the_text(
    read: Callable[[str], list[Triple]], text: str, offset: int
) -> None:
    with pytest.raises(MatcherError) as caught:
        read(text)
    assert caught.value.offset == offset


def test_only_the_utf8_syntax_takes_names_of_other_letters() -> None:
    assert utf8_matchers('ü="1"') == [("ü", "=", "1")]
    assert utf8_matchers('"a b"="1"') == [("a b", "=", "1")]
