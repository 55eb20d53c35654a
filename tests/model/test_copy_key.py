"""The key of a copy: no two label sets share one, whatever fingerprint their sender writes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.copy_key import MAX_SENT, as_sent, copy_key, plain_key, suffix_of
from gateway.model.fingerprint import fingerprint, identity

DOWN = {"alertname": "Down", "cluster": "eu-1"}
LABEL_SETS = st.dictionaries(st.text(min_size=1, max_size=5), st.text(min_size=1, max_size=5), min_size=1)
SENT = st.sampled_from(["", "0" * 16, fingerprint(DOWN), fingerprint({"alertname": "Down"})])


def test_the_fingerprint_of_the_labels_stands_alone() -> None:
    assert copy_key("eu", fingerprint(DOWN), DOWN) == f"eu/{fingerprint(DOWN)}"


@pytest.mark.parametrize("sent", ["", "host42", "0123456789ABCDEF", "0123456789abcdef0", "a#b@c"])
def test_what_is_no_fingerprint_stands_behind_the_computed_one(sent: str) -> None:
    key = copy_key("eu", sent, DOWN)
    assert key == f"eu/{fingerprint(DOWN)}@{sent}"
    assert (plain_key(key), as_sent(key)) == (f"eu/{fingerprint(DOWN)}", f"eu/@{sent}")
    assert f"{plain_key(key)}{suffix_of(key)}" == key


def test_what_is_sent_in_place_of_a_fingerprint_is_bounded_and_can_be_stored() -> None:
    key = copy_key("eu", "x" * 1_000 + "\ud800", DOWN)
    assert len(suffix_of(key)) == 1 + MAX_SENT
    copy_key("eu", "\ud800", DOWN).encode()


def test_a_fingerprint_of_other_labels_has_the_hash_of_the_labels_behind_it() -> None:
    before_the_relay = fingerprint({"alertname": "Down"})
    key = copy_key("eu", before_the_relay, DOWN)
    assert key == f"eu/{before_the_relay}#{identity(DOWN)}"
    assert as_sent(key) == f"eu/{before_the_relay}"


@given(LABEL_SETS, LABEL_SETS, SENT, SENT)
def test_two_label_sets_never_share_a_key(
    one: dict[str, str], other: dict[str, str], sent: str, also: str
) -> None:
    assert (copy_key("eu", sent, one) == copy_key("eu", also, other)) <= (one == other)
