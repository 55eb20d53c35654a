"""The index over all rules' matchers answers as matching each rule by itself would, at a bounded cost in
memory.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decisions.rule_index import (
    MAX_CACHED_ANSWERS,
    MAX_CACHED_CHARACTERS,
    MAX_CACHED_VALUES,
    RuleIndex,
)
from gateway.model.matchers import Matcher, parse_matchers

Rules = tuple[tuple[Matcher, ...], ...]

NAMES = ["team", "env", "pod", "näme", ""]
VALUES = ["", "a", "b", "ab", "web-1", "web-23", "a\nb", "é", "🙂", "a\ud800", "\udfff", "A", " "]
PATTERNS = ["", "a", "a|b", "(a|web-1)", "a|", ".*", ".+", "web-[0-9]+", "(?i)a", "(?s)a.b", "a.b", "[[:alpha:]]+", r"\pL", r"[^a]*", "^a$"]  # fmt: skip

literal = st.builds(Matcher, st.sampled_from(NAMES), st.sampled_from(["=", "!="]), st.sampled_from(VALUES))
pattern = st.builds(Matcher, st.sampled_from(NAMES), st.sampled_from(["=~", "!~"]), st.sampled_from(PATTERNS))
rule_sets = st.lists(st.lists(literal | pattern, max_size=4).map(tuple), max_size=12).map(tuple)
label_sets = st.dictionaries(
    st.sampled_from([*NAMES, "unseen"]), st.sampled_from(VALUES) | st.text(max_size=4), max_size=5
)


def rules(*texts: str) -> Rules:
    return tuple(parse_matchers(text) for text in texts)


def naively(all_rules: Rules, labels: dict[str, str]) -> tuple[int, ...]:
    return tuple(at for at, matchers in enumerate(all_rules) if all(one.matches(labels) for one in matchers))


@given(all_rules=rule_sets, many=st.lists(label_sets, min_size=1, max_size=6))
def test_it_agrees_with_matching_each_rule_by_itself(all_rules: Rules, many: list[dict[str, str]]) -> None:
    index = RuleIndex(all_rules)
    for labels in [*many, *many]:
        expected = naively(all_rules, labels)
        assert index.matching(labels) == expected
        assert index.first(labels) == (expected[0] if expected else None)


@pytest.mark.parametrize(
    ("texts", "labels", "found"),
    [
        pytest.param([], {"a": "1"}, (), id="no rules match nothing"),
        pytest.param(["", "a=1", ""], {}, (0, 2), id="an empty rule matches everything"),
        pytest.param(
            ["a=1,b=2", "a=1,b=3"], {"a": "1", "b": "2"}, (0,), id="all matchers of a rule have to hold"
        ),
        pytest.param(["a=2", "a=1", "a!=2"], {"a": "1"}, (1, 2), id="every rule that matches, in order"),
        pytest.param(["a=1,a=2", "a=1,a=1"], {"a": "1"}, (1,), id="two equalities on one label"),
        pytest.param(['a=~"1|2",a=~"2|3"'], {"a": "2"}, (0,), id="two alternations that meet"),
        pytest.param(['a=~"1|2",a=~"2|3"'], {"a": "1"}, (), id="two alternations that do not meet"),
        pytest.param(['a=~"web.*",a!="web-1"'], {"a": "web-1"}, (), id="a pattern with an exception"),
        pytest.param(['a=~"web.*",a!="web-1"'], {"a": "web-2"}, (0,), id="a pattern beside the exception"),
        pytest.param(
            ['a!~"web.*",a!~"db.*"'], {"a": "db-1"}, (), id="two negated patterns, one of which fails"
        ),
        pytest.param(['a!~"web.*",a!~"db.*"'], {"a": "mq-1"}, (0,), id="two negated patterns that hold"),
        pytest.param(
            ['a=""', 'a!=""', 'a=~".*"', 'a=~".+"', 'a!~".+"'],
            {},
            (0, 2, 4),
            id="a missing label is the empty string",
        ),
        pytest.param(
            ['a=~"(?s)x.y"', 'a=~"x.y"'], {"a": "x\ny"}, (0,), id="a flag stays in the pattern that sets it"
        ),
        pytest.param(['a=~"b|c.*"', 'a=~".*b|c"'], {"a": "xb"}, (1,), id="each alternative is anchored"),
    ],
)
def test_which_rules_match(texts: list[str], labels: dict[str, str], found: tuple[int, ...]) -> None:
    assert RuleIndex(rules(*texts)).matching(labels) == found


def test_the_first_is_the_first_as_written() -> None:
    index = RuleIndex(rules("a=2", 'a=~"1.*"', "a=1"))
    assert index.first({"a": "1"}) == 1
    assert index.first({"a": "3"}) is None


def test_more_rules_than_a_machine_word_has_bits() -> None:
    index = RuleIndex(tuple(parse_matchers(f'pod=~"web-{at}|any"') for at in range(200)))
    assert index.matching({"pod": "web-127"}) == (127,)
    assert index.matching({"pod": "any"}) == tuple(range(200))


def test_a_value_that_is_no_unicode_hides_no_rule() -> None:
    all_rules = rules('a=~"x.*"', 'a!~"x.*"', 'a!="x"', "")
    assert (
        RuleIndex(all_rules).matching({"a": "x\ud800"}) == naively(all_rules, {"a": "x\ud800"}) == (1, 2, 3)
    )


def test_labels_that_no_rule_looks_at_cost_no_memory() -> None:
    index = RuleIndex(rules("team=a"))
    for number in range(100):
        index.matching({"team": "a", "pod": f"web-{number}"})
    assert len(index._answers) == 1


def test_label_churn_fills_no_memory_and_changes_no_answer() -> None:
    index = RuleIndex(rules('pod=~"web-.*"', 'pod!~"web-.*"', 'pod="web-7"'))
    found = [
        index.matching({"pod": f"web-{number}"}) for number in range(MAX_CACHED_ANSWERS + MAX_CACHED_VALUES)
    ]
    assert found.count((0,)) == len(found) - 1
    assert found[7] == index.matching({"pod": "web-7"}) == (0, 2)
    assert len(index._answers) <= 2 * MAX_CACHED_ANSWERS
    assert len(index._columns["pod"]._kept) <= 2 * MAX_CACHED_VALUES


def test_large_patterns_and_many_are_matched_like_small_ones() -> None:
    all_rules = tuple(
        (Matcher("pod", op, pattern),)
        for at in range(24)
        for op in ("=~", "!~")
        for pattern in (rf"{at}[\pL]{{20}}.*", rf"{at}[a-zé]{{2{at}}}.*", f"x{at}.*", f"{at}[^a]{{200}}")
    )
    index = RuleIndex(all_rules)
    assert len(index._columns["pod"]._patterns) > 5
    for value in ("7" + "é" * 201, "x7", "3" + "é" * 23, "", "7\ud800"):
        assert index.matching({"pod": value}) == naively(all_rules, {"pod": value})


def test_what_an_answer_costs_is_known_beforehand_and_an_answer_that_is_remembered_costs_nothing() -> None:
    index = RuleIndex(rules('pod=~".*x.{500}"', "team=a"))
    assert index.cost({"pod": "a" * 1_000}) > index.cost({"pod": "a"}) > 0
    index.matching({"pod": "a" * 1_000})
    assert index.cost({"pod": "a" * 1_000}) == 0
    assert RuleIndex(rules("team=a")).cost({"team": "b" * 1_000}) == 0


def test_long_values_are_remembered_up_to_a_number_of_characters() -> None:
    index = RuleIndex(rules('pod=~"web-.*"'))
    for number in range(2 * MAX_CACHED_CHARACTERS // 1_000_000 + 10):
        index.matching({"pod": f"{number}" + "x" * 1_000_000})
        assert index.cost({"pod": f"{number}" + "x" * 1_000_000}) == 0
    assert len(index._answers) * 1_000_000 <= 2 * MAX_CACHED_CHARACTERS + 2_000_000
