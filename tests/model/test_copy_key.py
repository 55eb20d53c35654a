"""The key of a copy: no two label sets share one, whatever fingerprint their sender writes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.model.copy_key import as_sent, copy_key
from gateway.model.fingerprint import fingerprint, identity

DOWN = {"alertname": "Down", "cluster": "eu-1"}
LABEL_SETS = st.dictionaries(st.text(min_size=1, max_size=5), st.text(min_size=1, max_size=5), min_size=1)
SENT = st.sampled_from(["", "0" * 16, fingerprint(DOWN), fingerprint({"alertname": "Down"})])


def test_the_fingerprint_of_the_labels_stands_alone() -> None:
    assert copy_key("eu", fingerprint(DOWN), DOWN) == f"eu/{fingerprint(DOWN)}"


def test_a_missing_fingerprint_is_computed() -> None:
    assert copy_key("eu", "", DOWN) == f"eu/{fingerprint(DOWN)}"


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
