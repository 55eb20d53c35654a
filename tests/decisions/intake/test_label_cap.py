"""Labels are kept to 32 KiB: what is cut, what is not, and that alerts stay apart."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.decisions.intake.label_cap import MAX_LABEL_BYTES, within_cap
from gateway.decisions.intake.normalise import Normaliser
from gateway.model.alert import Observation
from gateway.model.fingerprint import fingerprint
from gateway.model.matchers import parse_matchers
from gateway.model.rules.rulebook import LabelRules
from gateway.model.webhook import WireAlert

KIB = 1024


def size(labels: dict[str, str]) -> int:
    texts = (*labels, *labels.values())
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)


def test_labels_within_the_cap_are_as_they_were_sent() -> None:
    labels = {"alertname": "Down", "stack": "x" * 15_000, "query": "y" * 15_000}
    assert within_cap(labels) == labels


def test_the_longest_are_cut_to_a_kib_and_no_more_of_them_than_it_takes() -> None:
    labels = {"alertname": "Down", "a": "x" * 16_000, "b": "y" * 15_000, "c": "z" * 14_000, "team": "pay"}
    kept = within_cap(labels)
    assert {name for name in labels if kept[name] != labels[name]} == {"a"}
    assert len(kept["a"].encode()) == KIB
    assert kept["a"].startswith("x" * 900)
    assert size(kept) <= MAX_LABEL_BYTES


def test_values_that_differ_at_their_end_alone_stay_different() -> None:
    one, other = ({"alertname": "Down", "a": "x" * 16_000 + end, "b": "y" * 17_000} for end in "12")
    assert within_cap(one)["a"] != within_cap(other)["a"]
    assert within_cap(one)["b"] == within_cap(other)["b"]


def test_a_cut_leaves_whole_characters() -> None:
    kept = within_cap({"a": "€" * 16_000, "b": "é" * 16_000})
    assert all(set(value) <= set("€é…0123456789abcdef") for value in kept.values())
    assert size(kept) <= MAX_LABEL_BYTES


@settings(deadline=None, max_examples=50)
@given(
    lengths=st.lists(st.integers(1, 16_000), min_size=1, max_size=256), character=st.sampled_from("xé€\ud800")
)
def test_whatever_is_sent_fits_and_is_cut_alike_in_any_order(lengths: list[int], character: str) -> None:
    labels = {f"label{number:03}": character * length for number, length in enumerate(lengths)}
    kept = within_cap(labels)
    assert size(kept) <= MAX_LABEL_BYTES
    assert kept.keys() == labels.keys()
    assert within_cap(dict(reversed(labels.items()))) == kept
    assert within_cap(kept) == kept


def normalised(labels: dict[str, str], rules: LabelRules | None = None) -> Observation:
    alert = WireAlert(labels=labels, fingerprint=fingerprint(labels), status="firing")
    seen = Normaliser(rules or LabelRules()).normalise(alert, "firing", 0)
    assert isinstance(seen, Observation)
    return seen


@pytest.mark.parametrize("length", [5_000, 16_000])
def test_identity_and_rules_see_what_is_kept_and_the_key_is_of_what_was_sent(length: int) -> None:
    labels = {"alertname": "Down", **{f"l{number}": f"{number}" + "x" * length for number in range(4)}}
    seen = normalised(labels)
    kept = within_cap(labels)
    assert seen.labels == kept
    assert seen.cut == sum(kept[name] != labels[name] for name in labels)
    assert seen.copy == f"default/{fingerprint(labels)}"
    (matcher,) = parse_matchers('l3=~"3x+…[0-9a-f]+"')
    assert matcher.matches(seen.labels) is (kept["l3"] != labels["l3"])
    assert normalised(labels).alert == seen.alert
    assert normalised({**labels, "l0": labels["l0"] + "y"}).alert != seen.alert
