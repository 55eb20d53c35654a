"""An end that is no recovery is said with its reason, in words."""

from __future__ import annotations

import pytest

from gateway.decisions.delivery.ended_because import all_ended_because, ended_because


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("Paused", "its rule was paused"),
        ("Updated", "its rule was changed"),
        ("RuleDeleted", "its rule was deleted"),
        ("MissingSeries", "its series is gone"),
        ("NoData", "its query gives no data"),
        ("Error", "its query fails"),
        ("NoData, KeepLast", "its query gives no data and its last state was kept"),
        ("paused", "its rule was paused"),
        ("SomethingNew", "its sender says SomethingNew"),
        ("", ""),
        (" , ", ""),
    ],
)
def test_each_reason_has_its_words(reason: str, words: str) -> None:
    assert ended_because(reason) == words


@pytest.mark.parametrize(
    ("reasons", "words"),
    [
        pytest.param(["Paused", "Paused"], "its rule was paused", id="all for one reason"),
        pytest.param(["Paused", "Error"], "its rule was paused, or its query fails", id="for several"),
        pytest.param(["Paused", ""], "", id="one of them recovered"),
        pytest.param([], "", id="nothing ended"),
    ],
)
def test_an_incident_has_a_reason_only_where_nothing_of_it_recovered(reasons: list[str], words: str) -> None:
    assert all_ended_because(reasons) == words
