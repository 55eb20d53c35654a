"""Matchers, read in three modes and meant as Alertmanager reads and means them.

The cases are those of Alertmanager's own suites (matcher/parse, matcher/compat, pkg/labels) and what `amtool`
answers.
"""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.matchers import CACHE_SIZE, Matcher, MatcherError, Mode, parse_matchers

MODES: tuple[Mode, ...] = ("fallback", "utf8", "classic")


def read(text: str, mode: Mode = "fallback") -> list[tuple[str, str, str]]:
    return [(one.name, str(one.op), one.value) for one in parse_matchers(text, mode)]


def refused(text: str, mode: Mode = "fallback") -> MatcherError:
    with pytest.raises(MatcherError) as caught:
        parse_matchers(text, mode)
    return caught.value


def holds(text: str, **labels: str) -> bool:
    return all(matcher.matches(labels) for matcher in parse_matchers(text))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("text", "triples"),
    [
        pytest.param("foo=bar", [("foo", "=", "bar")], id="equal"),
        pytest.param("foo!=bar", [("foo", "!=", "bar")], id="not equal"),
        pytest.param("foo=~[a-z]+", [("foo", "=~", "[a-z]+")], id="a pattern without quotes"),
        pytest.param("foo!~[a-z]+", [("foo", "!~", "[a-z]+")], id="a negated pattern"),
        pytest.param('foo="bar"', [("foo", "=", "bar")], id="the value in quotes"),
        pytest.param('foo=""', [("foo", "=", "")], id="the empty value in quotes"),
        pytest.param("{foo=bar}", [("foo", "=", "bar")], id="in braces"),
        pytest.param("{foo=bar,}", [("foo", "=", "bar")], id="a trailing comma in braces"),
        pytest.param("foo=bar,", [("foo", "=", "bar")], id="a trailing comma without braces"),
        pytest.param("foo=bar,bar!=baz", [("foo", "=", "bar"), ("bar", "!=", "baz")], id="several in the order written"),
        pytest.param('foo="bar",foo=~"b.*"', [("foo", "=", "bar"), ("foo", "=~", "b.*")], id="one label twice"),
        pytest.param('{a = "b" , c !~ "d" , }', [("a", "=", "b"), ("c", "!~", "d")], id="blanks wherever they may be"),
        pytest.param('foo="bar,quux", job="j"', [("foo", "=", "bar,quux"), ("job", "=", "j")], id="a comma in quotes parts nothing"),
        pytest.param('foo="{a}=~!"', [("foo", "=", "{a}=~!")], id="reserved characters in quotes"),
        pytest.param("foo=🙂bar", [("foo", "=", "🙂bar")], id="a value of any script without quotes"),
        pytest.param(r'foo="\"bar\""', [("foo", "=", '"bar"')], id="escaped quotes"),
        pytest.param(r'foo="bar\\"', [("foo", "=", "bar\\")], id="an escaped backslash at the end"),
        pytest.param(r'foo="a\nb"', [("foo", "=", "a\nb")], id="an escaped line feed"),
        pytest.param(r'foo="a\\",b=c', [("foo", "=", "a\\"), ("b", "=", "c")], id="an escaped backslash ends no quote"),
        pytest.param('q="She: \\"Hi, you! It\'s…\\""', [("q", "=", 'She: "Hi, you! It\'s…"')], id="a whole sentence"),
        pytest.param("_a:B9=x", [("_a:B9", "=", "x")], id="a name with underscore, colon and digit"),
        pytest.param("{}", [], id="empty braces"),
        pytest.param("", [], id="nothing"),
        pytest.param("  ", [], id="blanks alone"),
    ],
)  # fmt: skip
def test_what_every_mode_reads_alike(text: str, mode: Mode, triples: list[tuple[str, str, str]]) -> None:
    assert read(text, mode) == triples


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(",", id="a comma alone"),
        pytest.param("{,}", id="a comma alone in braces"),
        pytest.param("foo=bar,,a=b", id="two commas"),
        pytest.param("foo", id="a name alone"),
        pytest.param("=bar", id="no name"),
        pytest.param("foo!bar", id="half an operator"),
        pytest.param("foo ! = bar", id="an operator in two pieces"),
        pytest.param('foo="bar', id="a quote that is not closed"),
        pytest.param('foo=bar"', id="a quote that is not opened"),
        pytest.param('foo=b"ar', id="a quote in the middle"),
        pytest.param('foo="a"b', id="a word after the quoted value"),
        pytest.param('foo="a\\"', id="the closing quote is escaped"),
        pytest.param('"foo="bar""', id="quotes around everything"),
        pytest.param("{{foo=bar}}", id="two braces"),
        pytest.param('foo=~"in[valid"', id="a pattern that is none"),
        pytest.param('foo="\ud800"', id="a lone surrogate, which is no UTF-8"),
    ],
)
def test_what_every_mode_refuses(text: str, mode: Mode) -> None:
    assert isinstance(refused(text, mode), ValueError)


@pytest.mark.parametrize(
    ("text", "triples"),
    [
        pytest.param('"foo"="bar"', [("foo", "=", "bar")], id="a name in quotes"),
        pytest.param(
            '{"foo bar"!="baz",}', [("foo bar", "!=", "baz")], id="a name that only quotes can hold"
        ),
        pytest.param(r'"a\"b\n"=c', [('a"b\n', "=", "c")], id="escapes in a name"),
        pytest.param(
            "foo🙂=bar,b=baz🙂", [("foo🙂", "=", "bar"), ("b", "=", "baz🙂")], id="a name of any script"
        ),
        pytest.param(
            '{name-with-dashes = "bar"}', [("name-with-dashes", "=", "bar")], id="a name with dashes"
        ),
        pytest.param("0foo=bar", [("0foo", "=", "bar")], id="a name that begins with a digit"),
        pytest.param("a.b/c=d", [("a.b/c", "=", "d")], id="a name with dots and slashes"),
        pytest.param("\u2003foo\u00a0=\u2028bar\x85", [("foo", "=", "bar")], id="the blanks of Unicode"),
    ],
)
def test_names_that_only_the_utf8_syntax_takes(text: str, triples: list[tuple[str, str, str]]) -> None:
    assert read(text, "utf8") == triples
    assert read(text, "fallback") == triples
    refused(text, "classic")


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        pytest.param(r'"\xf0\x9f\x99\x82"', "🙂", id="bytes of UTF-8"),
        pytest.param(r'"\360\237\231\202"', "🙂", id="octal bytes"),
        pytest.param(r'"\U0001f642"', "🙂", id="a code point in eight digits"),
        pytest.param(r'"\u20AC"', "€", id="a code point in four digits"),
        pytest.param(r'"\a\b\f\n\r\t\v\\\""', '\a\b\f\n\r\t\v\\"', id="the short escapes"),
        pytest.param('"a\tb"', "a\tb", id="a tab as it is"),
    ],
)
def test_quotes_in_the_utf8_syntax_hold_the_escapes_of_go(literal: str, value: str) -> None:
    assert read(f"foo={literal}", "utf8") == [("foo", "=", value)]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(r'foo="bar\w"', id="an unknown escape"),
        pytest.param(r'foo="it\'s"', id="an escaped single quote"),
        pytest.param(r'foo="\x4"', id="too few hexadecimal digits"),
        pytest.param(r'foo="\x4g"', id="no hexadecimal digit"),
        pytest.param(r'foo="\08"', id="no octal digit"),
        pytest.param(r'foo="\400"', id="an octal escape over one byte"),
        pytest.param(r'foo="\ud800"', id="half a surrogate pair"),
        pytest.param(r'foo="\U00110000"', id="beyond Unicode"),
        pytest.param(r'foo="\xf0\x9f"', id="half a character"),
        pytest.param('foo="a\nb"', id="a line feed as it is"),
        pytest.param(r"foo=bar\n", id="an escape without quotes"),
        pytest.param("foo='bar'", id="single quotes"),
        pytest.param("foo=`bar`", id="backticks"),
        pytest.param("foo=", id="no value"),
        pytest.param("foo==bar", id="two operators"),
        pytest.param("foo=bar baz", id="two words"),
        pytest.param('{foo=:"bar"}', id="a word before the quotes"),
        pytest.param("foo=bar}", id="a brace that was not opened"),
        pytest.param("{foo=bar", id="a brace that is not closed"),
        pytest.param("{", id="an opening brace alone"),
        pytest.param("}", id="a closing brace alone"),
        pytest.param("{foo=bar}}", id="one brace too many"),
        pytest.param("{foo=bar}x", id="something after the brace"),
    ],
)
def test_what_the_utf8_syntax_refuses(text: str) -> None:
    refused(text, "utf8")


@pytest.mark.parametrize(
    ("text", "triples"),
    [
        pytest.param("job=", [("job", "=", "")], id="no value is the empty one"),
        pytest.param("{foo=bar", [("foo", "=", "bar")], id="either brace may be left out"),
        pytest.param("{", [], id="half of empty braces"),
        pytest.param("{foo=bar}}", [("foo", "=", "bar}")], id="one brace is taken off"),
        pytest.param("{foo=bar} ", [("foo", "=", "bar}")], id="a brace before a blank is part of the value"),
        pytest.param("{foo=}b", [("foo", "=", "}b")], id="a brace within"),
        pytest.param("{foo=,bar=}}", [("foo", "=", ""), ("bar", "=", "}")], id="an empty value before a comma"),
        pytest.param("foo=a b", [("foo", "=", "a b")], id="a blank in a value without quotes"),
        pytest.param("foo='", [("foo", "=", "'")], id="a single quote is a character"),
        pytest.param("tricky=~~~", [("tricky", "=~", "~~")], id="the longest operator first"),
        pytest.param(r"tricky==\\=\=\"", [("tricky", "=", '=\\=\\="')], id="escapes without quotes"),
        pytest.param(r"foo=bar\n", [("foo", "=", "bar\n")], id="a line feed without quotes"),
        pytest.param(r"foo=\t", [("foo", "=", r"\t")], id="an unknown escape is two characters"),
        pytest.param("foo=bar\\", [("foo", "=", "bar\\")], id="a backslash at the end"),
        pytest.param('foo="a\nb"', [("foo", "=", "a\nb")], id="a line feed as it is"),
        pytest.param(r"foo=a\,b=c", [("foo", "=", "a\\"), ("b", "=", "c")], id="a backslash keeps no comma"),
        pytest.param("foo=a\u00a0,b=c", [("foo", "=", "a\u00a0"), ("b", "=", "c")], id="only ASCII blanks go before a comma"),
        pytest.param("foo=a\u00a0", [("foo", "=", "a")], id="any blank goes at the end"),
        pytest.param("foo=a\x1c", [("foo", "=", "a\x1c")], id="a control character is no blank"),
    ],
)  # fmt: skip
def test_what_the_classic_syntax_forgives(text: str, triples: list[tuple[str, str, str]]) -> None:
    assert read(text, "classic") == triples
    assert read(text, "fallback") == triples


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(' {foo="bar"}', id="a blank before the brace"),
        pytest.param(r'"foo"="bar"', id="a name in quotes"),
        pytest.param(r'foo="a\,",b=c', id="an escape that reaches across a comma to the quote"),
        pytest.param("foo\u2003=bar", id="a blank that is not ASCII before the operator"),
        pytest.param("foo=bar,{", id="a brace as a matcher"),
    ],
)
def test_what_the_classic_syntax_refuses(text: str) -> None:
    refused(text, "classic")


@pytest.mark.parametrize(
    ("text", "classic", "utf8"),
    [
        pytest.param(r'foo="\xf0\x9f\x99\x82"', r"\xf0\x9f\x99\x82", "🙂", id="bytes"),
        pytest.param(r'foo="\u20ac"', r"\u20ac", "€", id="a code point"),
        pytest.param(r'foo="a\tb"', r"a\tb", "a\tb", id="a tab"),
        pytest.param("{foo=bar} ", "bar}", "bar", id="a blank after the brace"),
    ],
)
def test_where_the_syntaxes_disagree_the_classic_one_wins(text: str, classic: str, utf8: str) -> None:
    assert read(text, "utf8") == [("foo", "=", utf8)]
    assert read(text, "classic") == [("foo", "=", classic)]
    assert read(text, "fallback") == [("foo", "=", classic)]


def test_fallback_is_the_mode_unless_another_is_asked_for() -> None:
    assert parse_matchers("foo🙂=bar") == parse_matchers("foo🙂=bar", "fallback")
    assert parse_matchers("job=") == parse_matchers("job=", "fallback")


@pytest.mark.parametrize(
    ("text", "mode", "offset"),
    [
        pytest.param("{foo=bar} x", "utf8", 10, id="what follows the brace"),
        pytest.param("foo bar", "utf8", 4, id="where the operator should be"),
        pytest.param("a=b, =c", "utf8", 5, id="where the name should be"),
        pytest.param("🙂=b, =c", "utf8", 5, id="in characters, not bytes"),
        pytest.param("{foo=bar", "utf8", 8, id="where the brace should be"),
        pytest.param(r'foo="\U12', "utf8", 9, id="where an escape breaks off"),
        pytest.param("foo!bar", "classic", 0, id="the matcher that is none"),
        pytest.param("{a=b,foo!bar}", "classic", 5, id="the second matcher"),
        pytest.param('{a=b,foo=b"ar}', "classic", 10, id="the quote"),
        pytest.param('foo="bar', "classic", 8, id="where the closing quote should be"),
    ],
)
def test_an_error_says_where(text: str, mode: Mode, offset: int) -> None:
    assert refused(text, mode).offset == offset


LABELS = {"foo": "foo-bar"}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        pytest.param('foo="foo-bar"', True, id="the same value"),
        pytest.param('foo="bar"', False, id="another value"),
        pytest.param('foo!="bar"', True, id="not another value"),
        pytest.param('foo!="foo-bar"', False, id="not the same value"),
        pytest.param('foo=~"bar"', False, id="a pattern is anchored at its beginning"),
        pytest.param('foo=~"foo"', False, id="and at its end"),
        pytest.param('foo=~"foo|bar"', False, id="each alternative of it"),
        pytest.param('foo=~"x|foo-bar"', True, id="any alternative will do"),
        pytest.param('foo=~"(x|foo-bar)"', True, id="in brackets as well"),
        pytest.param('foo=~".*bar"', True, id="a pattern of the whole value"),
        pytest.param('foo!~".*bar"', False, id="and its negation"),
        pytest.param('foo!~"bar"', True, id="a negated pattern is anchored too"),
        pytest.param('foo=~"FOO.BAR"', False, id="capitals count"),
        pytest.param('foo=~"(?i)FOO.BAR"', True, id="unless they are told not to"),
        pytest.param(r'foo=~"foo\\.bar"', False, id="an escaped dot is a dot"),
        pytest.param('foo=~""', False, id="the empty pattern is the empty value alone"),
        pytest.param('foo!~""', True, id="and its negation is any other"),
        pytest.param('foo=~"|x"', False, id="an empty alternative matches no value"),
    ],
)
def test_what_a_value_satisfies(text: str, matches: bool) -> None:
    assert holds(text, **LABELS) is matches


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        pytest.param('gone=""', True, id="equal to nothing"),
        pytest.param('gone!=""', False, id="different from nothing"),
        pytest.param('gone!="x"', True, id="different from something"),
        pytest.param('gone="x"', False, id="equal to something"),
        pytest.param('gone=~".*"', True, id="a pattern that takes nothing"),
        pytest.param('gone=~".+"', False, id="a pattern that wants something"),
        pytest.param('gone!~".+"', True, id="the negation of one that wants something"),
        pytest.param('gone!~".*"', False, id="the negation of one that takes nothing"),
        pytest.param('gone=~"x|"', True, id="an empty alternative"),
    ],
)
def test_a_missing_label_matches_as_the_empty_string(text: str, matches: bool) -> None:
    assert holds(text, **LABELS) is matches
    assert holds(text, **LABELS, gone="") is matches


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        pytest.param("foo.bar", "foo\nbar", False, id="a dot is no line feed"),
        pytest.param("(?s)foo.bar", "foo\nbar", True, id="unless the s flag says so"),
        pytest.param("a(?s:.)b", "a\nb", True, id="also in a group of its own"),
        pytest.param("bar", "bar\n", False, id="the end is the end, not the last line feed"),
        pytest.param("(?m)^bar$", "foo\nbar", False, id="the m flag undoes no anchor"),
        pytest.param("[[:alpha:]]+", "abc", True, id="a POSIX class"),
        pytest.param("[[:alpha:]]+", "äbc", False, id="which is of ASCII alone"),
        pytest.param(r"\pN+", "12٣", True, id="a Unicode class in one letter"),
        pytest.param(r"\p{Greek}+", "αβγ", True, id="a script"),
        pytest.param(r"\PN", "1", False, id="what is not of a class"),
        pytest.param(r"\d", "٣", False, id="a digit is of ASCII"),
        pytest.param(r"\w", "é", False, id="a word character too"),
        pytest.param(".", "🙂", True, id="a dot is one character, not one byte"),
        pytest.param(r"\Qa.b\E", "a.b", True, id="a quoted text"),
        pytest.param(r"\Qa.b\E", "axb", False, id="in which a dot is a dot"),
        pytest.param(r"bar\z", "bar", True, id="the end of the text"),
        pytest.param(r"(?P<name>b)ar", "bar", True, id="a named group"),
        pytest.param(r"\x{1F642}", "🙂", True, id="a code point"),
        pytest.param(r"\\C", r"\C", True, id="an escaped backslash before a C"),
        pytest.param("(a+)+b", "a" * 5000, False, id="a pattern that would blow up elsewhere"),
    ],
)
def test_a_pattern_means_what_it_means_in_re2(pattern: str, value: str, matches: bool) -> None:
    assert Matcher("foo", "=~", pattern).matches({"foo": value}) is matches
    assert Matcher("foo", "!~", pattern).matches({"foo": value}) is not matches


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param("[a", id="a class without end"),
        pytest.param("(a", id="a group without end"),
        pytest.param("a)", id="a group without beginning"),
        pytest.param("*", id="nothing to repeat"),
        pytest.param("a++", id="possessive repetition"),
        pytest.param("a{1001}", id="over a thousand repetitions"),
        pytest.param("a(?=b)", id="look ahead"),
        pytest.param("(?<!a)b", id="look behind"),
        pytest.param(r"(a)\1", id="a reference back"),
        pytest.param(r"a\Z", id="an anchor of Python's"),
        pytest.param(r"\pX", id="an unknown class"),
        pytest.param(r"\C", id="a single byte"),
        pytest.param("\ud800", id="a lone surrogate"),
    ],
)
def test_a_pattern_that_alertmanager_does_not_take_is_refused(pattern: str) -> None:
    with pytest.raises(MatcherError, match="pattern"):
        Matcher("foo", "=~", pattern)
    assert Matcher("foo", "=", pattern).matches({"foo": pattern})


def test_a_value_that_is_no_unicode_satisfies_no_pattern_and_every_negation() -> None:
    labels = {"foo": "a\ud800"}
    assert not Matcher("foo", "=~", "a.*").matches(labels)
    assert Matcher("foo", "!~", "a.*").matches(labels)
    assert Matcher("foo", "=", "a\ud800").matches(labels)


def test_an_unknown_operator_is_no_matcher() -> None:
    with pytest.raises(ValueError, match="=="):
        Matcher("foo", "==", "bar")


def test_values_without_end_are_not_all_remembered() -> None:
    matcher = Matcher("pod", "=~", "web-[0-9]+")
    answers = [matcher.matches({"pod": f"web-{number}"}) for number in range(3 * CACHE_SIZE)]
    assert all(answers)
    assert len(matcher._remembered) <= CACHE_SIZE


def test_matchers_are_equal_by_what_they_say() -> None:
    assert Matcher("a", "=", "b") == parse_matchers('{ a = "b" }')[0]
    assert len({Matcher("a", op, "b") for op in ("=", "!=", "=~", "!~")}) == 4
    assert Matcher("a", "=", "b") != "a=b"


@pytest.mark.parametrize(
    ("matcher", "text"),
    [
        pytest.param(Matcher("foo", "!=", "bar"), 'foo!="bar"', id="plainly"),
        pytest.param(Matcher("foo", "=", "back\\slash"), r'foo="back\\slash"', id="a backslash"),
        pytest.param(Matcher("foo", "=", 'double"quote'), r'foo="double\"quote"', id="a quote"),
        pytest.param(Matcher("foo", "=", "new\nline"), r'foo="new\nline"', id="a line feed"),
        pytest.param(Matcher("foo", "=", "tab\tstop"), 'foo="tab\tstop"', id="a tab stays"),
        pytest.param(Matcher("foo🙂", "=", "bar"), 'foo🙂="bar"', id="a name of any script"),
        pytest.param(Matcher("foo!", "!=", "bar"), '"foo!"!="bar"', id="a reserved character in the name"),
        pytest.param(Matcher("foo bar", "=", "baz"), '"foo bar"="baz"', id="a blank in the name"),
    ],
)
def test_a_matcher_is_written_as_alertmanager_writes_it(matcher: Matcher, text: str) -> None:
    assert str(matcher) == text


texts = st.text(st.characters(codec="utf-8") | st.sampled_from("\\\"'`{}=!~, \n\t\xa0xuU0"), max_size=12)


@given(
    matchers=st.lists(st.builds(Matcher, texts, st.sampled_from(["=", "!="]), texts), max_size=3).map(tuple)
)
def test_what_is_written_is_read_back(matchers: tuple[Matcher, ...]) -> None:
    text = ",".join(map(str, matchers))
    assert parse_matchers(text) == parse_matchers(text, "utf8") == matchers


@given(text=texts)
def test_any_text_is_read_or_refused_with_a_place_inside_it(text: str) -> None:
    for mode in MODES:
        with suppress(MatcherError):
            parse_matchers(text, mode)
            continue
        assert 0 <= refused(text, mode).offset <= len(text)


@given(text=texts)
def test_fallback_is_the_classic_reading_wherever_there_is_one(text: str) -> None:
    try:
        expected = read(text, "classic")
    except MatcherError:
        try:
            expected = read(text, "utf8")
        except MatcherError:
            refused(text)
            return
    assert read(text) == expected
