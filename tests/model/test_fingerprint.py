"""The two hashes of a label set: Prometheus' fingerprint over all labels, and the identity over those that
count.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.fingerprint import fingerprint, identity

texts = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(
    ["", "\x00", "\xff", "ÿ", "=", ",", "🙂", "a"]
)
label_sets = st.dictionaries(texts, texts, max_size=4)


@pytest.mark.parametrize(
    ("labels", "number"),
    [
        pytest.param({}, 14695981039346656037, id="no labels are the offset basis"),
        pytest.param({"x": "y"}, 8241431561484471700, id="one label"),
        pytest.param({"a": "bb", "b": "c"}, 3016285359649981711, id="two labels"),
        pytest.param({"a": "b", "bb": "c"}, 7122421792099404749, id="the same letters, parted otherwise"),
        pytest.param({"name": "garland, briggs", "fear": "love is not enough"}, 5799056148416392346, id="names out of order"),
        pytest.param({"first_name": "electro", "occupation": "robot", "manufacturer": "westinghouse"}, 5911716720268894962, id="three labels"),
        pytest.param({"first-label": "first-label-value"}, 5146282821936882169, id="a long label"),
        pytest.param({f"{n}-label": f"{n}-label-value" for n in ("first", "second")}, 3195800080984914717, id="two long labels"),
        pytest.param({f"{n}-label": f"{n}-label-value" for n in ("first", "second", "third")}, 13843036195897128121, id="three long labels"),
    ],
)  # fmt: skip
def test_the_fingerprint_is_the_one_that_prometheus_publishes(labels: dict[str, str], number: int) -> None:
    assert fingerprint(labels) == f"{number:016x}"


def published(data: bytes) -> str:
    """FNV-1a with 64 bits, as its authors describe it."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return f"{value:016x}"


@pytest.mark.parametrize(
    ("labels", "hashed"),
    [
        pytest.param({"b": "2", "a": "1"}, b"a\xff1\xffb\xff2\xff", id="sorted by name, a separator after each part"),
        pytest.param({"a": ""}, b"a\xff\xff", id="an empty value counts"),
        pytest.param({"ä": "ö"}, b"\xc3\xa4\xff\xc3\xb6\xff", id="the bytes of UTF-8"),
        pytest.param({"Z": "1", "a": "2", "_": "3"}, b"Z\xff1\xff_\xff3\xffa\xff2\xff", id="capitals before the underscore before the rest"),
        pytest.param({"𐀀": "1", "\uffff": "2"}, b"\xef\xbf\xbf\xff2\xff\xf0\x90\x80\x80\xff1\xff", id="sorted by bytes, not by UTF-16"),
    ],
)  # fmt: skip
def test_what_is_hashed(labels: dict[str, str], hashed: bytes) -> None:
    assert fingerprint(labels) == published(hashed)


def test_a_small_number_keeps_its_zeros() -> None:
    found = [fingerprint({"n": str(number)}) for number in range(300)]
    assert any(one.startswith("0") for one in found)
    assert {len(one) for one in found} == {16}


@given(labels=label_sets)
def test_both_hashes_are_of_one_form_and_do_not_see_the_order(labels: dict[str, str]) -> None:
    backwards = dict(reversed(labels.items()))
    assert fingerprint(labels) == fingerprint(backwards)
    assert identity(labels) == identity(backwards)
    assert re.fullmatch("[0-9a-f]{16}", fingerprint(labels))
    assert re.fullmatch("[0-9a-f]{32}", identity(labels))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"a": "bb", "b": "c"}, {"a": "b", "bb": "c"}, id="a letter goes over to the next name"),
        pytest.param({"a": "b"}, {"ab": ""}, id="the value goes over to the name"),
        pytest.param({"a": "1", "b": "2"}, {"a": "2", "b": "1"}, id="values change places"),
        pytest.param({"a": "b"}, {"b": "a"}, id="name and value change places"),
        pytest.param({"a": ""}, {}, id="an empty value is not a missing label"),
        pytest.param({"a": "1ÿbÿ2"}, {"a": "1", "b": "2"}, id="the letter whose number is the separator's"),
        pytest.param({"a": "1\x00b\x002"}, {"a": "1", "b": "2"}, id="zero characters"),
        pytest.param({"a": '1",b="2'}, {"a": "1", "b": "2"}, id="what a printed label set looks like"),
        pytest.param({"a": "1), (b, 2"}, {"a": "1", "b": "2"}, id="what a list of pairs looks like"),
        pytest.param({"a": "é"}, {"a": "e\u0301"}, id="two ways to write one letter"),
        pytest.param({"a": "x" * 31}, {"a": "x" * 32}, id="lengths at which the packing changes"),
    ],
)
def test_nothing_that_shifts_a_separator_makes_two_alerts_one(
    one: dict[str, str], other: dict[str, str]
) -> None:
    assert identity(one) != identity(other)
    assert fingerprint(one) != fingerprint(other)


@given(one=label_sets, other=label_sets)
def test_two_label_sets_are_one_alert_only_where_they_are_equal(
    one: dict[str, str], other: dict[str, str]
) -> None:
    assert (identity(one) == identity(other)) is (one == other)


@given(labels=label_sets, ignored=st.sets(texts, max_size=3))
def test_what_is_ignored_is_no_part_of_the_identity(labels: dict[str, str], ignored: set[str]) -> None:
    counted = {name: value for name, value in labels.items() if name not in ignored}
    with_noise = {**labels, **dict.fromkeys(ignored, "noise")}
    assert identity(labels, ignored) == identity(counted) == identity(with_noise, ignored)


def test_two_replicas_are_one_alert_with_two_fingerprints() -> None:
    one, other = ({"alertname": "Down", "prometheus_replica": replica} for replica in "ab")
    assert identity(one, {"prometheus_replica"}) == identity(other, {"prometheus_replica"})
    assert fingerprint(one) != fingerprint(other)


def test_only_the_whole_name_is_ignored() -> None:
    assert identity({"pod_name": "a"}, {"pod"}) == identity({"pod_name": "a"})
    assert identity({"a": "pod"}, {"pod"}) == identity({"a": "pod"})


def test_a_label_that_counts_makes_another_alert() -> None:
    base = {"alertname": "Down", "instance": "a"}
    assert identity({**base, "instance": "b"}) != identity(base)
    assert identity({**base, "job": "x"}) != identity(base)
