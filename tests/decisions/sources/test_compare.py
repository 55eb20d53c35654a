"""What is concluded from a source's silence and from what its peers say, row by row: much is believed,
nothing at once.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decisions.sources.compare import (
    CONFIRM_MISSING_AFTER,
    MIN_INFERRED_ENDS,
    POLL_INTERVAL,
    SETTLED_UPTIME,
    UNANSWERED_DOUBT_AFTER,
    Comparison,
    compare,
    max_inferred_ends,
)
from gateway.decisions.sources.infer_from_silence import infer_from_silence
from gateway.model.alert import Copy
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.rules.origin import BUILT_IN, SecretName
from gateway.model.rules.source import Source
from gateway.model.source_peers import Active, HeldCopy, PeerReport, SourceState
from tests.decisions.cases import alert
from tests.support.build import START, seen

SILENT = Source("eu", BUILT_IN, group_interval=MINUTE, repeat_interval=30 * MINUTE)  # an hour and a minute
ASKED = Source(
    "eu", BUILT_IN, alertmanager=(SecretName("A"), SecretName("B")), receiver="gateway", group_interval=MINUTE
)
NOW = START + 2 * HOUR


def held(*names: str, said: int = HOUR, disputed: bool = False) -> dict[str, HeldCopy]:
    """Copies that fire since START, last heard of `said` ms after it."""
    made = {}
    for name in names:
        one = alert(name, held=3 * HOUR if disputed else None)
        made[f"eu/{name}"] = HeldCopy(one, Copy(True, START, None, START + said))
    return made


def peer(*names: str, uptime: int = HOUR, quieted: str = "", starts: int = 0) -> PeerReport:
    return PeerReport(uptime, {f"eu/{name}": Active(seen(name, at=starts), quieted) for name in names})


def many(count: int) -> list[str]:
    return [f"n{number}" for number in range(count)]


def looked(
    said: Mapping[str, PeerReport],
    have: Mapping[str, HeldCopy],
    before: SourceState | None = None,
    at: int = NOW,
) -> Comparison:
    return compare(ASKED, have, said, before or SourceState(answered_at=at - POLL_INTERVAL), at)


def twice(said: Mapping[str, PeerReport], have: Mapping[str, HeldCopy], apart: int = MINUTE) -> Comparison:
    return looked(said, have, looked(said, have).source_state, NOW + apart)


def ends(found: Comparison) -> list[str]:
    return [one.copy for one in found.observations if not one.firing]


def opens(found: Comparison) -> list[str]:
    return [one.labels["alertname"] for one in found.observations if one.firing]


# A source that nobody can ask


def test_what_nothing_was_said_of_for_too_long_has_ended() -> None:
    found = infer_from_silence(
        SILENT, held("old", said=0) | held("new", said=HOUR + MINUTE), SourceState(), START + 61 * MINUTE
    )
    assert ends(found) == ["eu/old"]
    (end,) = found.observations
    assert (end.ends_at, end.inferred_at) == (None, START + 61 * MINUTE)
    assert end.because == "nothing was said of it for 61 minutes"


def test_it_is_looked_at_again_when_the_next_one_will_have_been_silent_for_too_long() -> None:
    assert (
        infer_from_silence(SILENT, held("a", said=0), SourceState(), START + HOUR).look_at
        == START + HOUR + POLL_INTERVAL
    )
    assert (
        infer_from_silence(SILENT, held("a", said=HOUR), SourceState(), START + HOUR).look_at
        == START + HOUR + 61 * MINUTE
    )
    assert infer_from_silence(SILENT, {}, SourceState(), START).look_at == START + 61 * MINUTE


def test_what_an_older_gateway_wrote_is_heard_of_when_its_alert_was() -> None:
    old = {"eu/a": HeldCopy(alert("a"), Copy(True, START))}
    assert ends(infer_from_silence(SILENT, old, SourceState(), START + HOUR)) == []
    assert ends(infer_from_silence(SILENT, old, SourceState(), START + 61 * MINUTE)) == ["eu/a"]


@pytest.mark.parametrize(
    ("stale", "fresh", "expected"),
    [
        pytest.param(MIN_INFERRED_ENDS, 0, MIN_INFERRED_ENDS, id="a few may end at once"),
        pytest.param(MIN_INFERRED_ENDS + 1, 0, 0, id="more than a few are doubted"),
        pytest.param(9, 81, 9, id="a tenth of many may end"),
        pytest.param(10, 80, 0, id="more than a tenth is doubted"),
    ],
)
def test_a_source_that_falls_silent_clears_nothing(stale: int, fresh: int, expected: int) -> None:
    have = held(*[f"s{n}" for n in range(stale)], said=0) | held(*many(fresh), said=2 * HOUR)
    found = infer_from_silence(SILENT, have, SourceState(), NOW)
    assert len(ends(found)) == expected
    assert bool(found.doubt) is (expected == 0)


# Ends that peers know of


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param({"A": peer(), "B": peer()}, ["eu/a"], id="no peer has it"),
        pytest.param({"A": peer()}, ["eu/a"], id="no peer that answers has it"),
        pytest.param({"A": peer(), "B": peer("a")}, [], id="one peer has it"),
        pytest.param({"A": peer("a", quieted="silence x")}, [], id="it is only silenced there"),
        pytest.param({}, [], id="nobody answers"),
        pytest.param(
            {"A": peer(uptime=2 * MINUTE - 1)}, [], id="the peer just started and knows nothing yet"
        ),
        pytest.param({"A": peer(uptime=2 * MINUTE)}, ["eu/a"], id="the peer has heard of everything by now"),
        pytest.param(
            {"A": peer(uptime=SECOND), "B": peer()},
            ["eu/a"],
            id="a peer that has been up vouches for one that has not",
        ),
    ],
)
def test_an_end_is_concluded_when_no_peer_has_the_alert_twice(
    said: Mapping[str, PeerReport], expected: list[str]
) -> None:
    assert ends(looked(said, held("a"))) == []
    assert ends(twice(said, held("a"))) == expected


def test_a_long_group_interval_keeps_a_peer_young_for_a_quarter_of_an_hour_at_most() -> None:
    slow = with_interval(group_interval=HOUR)
    before = SourceState(missing={"eu/a": NOW - MINUTE}, answered_at=NOW)
    assert ends(compare(slow, held("a"), {"A": peer(uptime=SETTLED_UPTIME - 1)}, before, NOW)) == []
    assert ends(compare(slow, held("a"), {"A": peer(uptime=SETTLED_UPTIME)}, before, NOW)) == ["eu/a"]


def with_interval(group_interval: int) -> Source:
    return Source(
        "eu", BUILT_IN, alertmanager=ASKED.alertmanager, receiver="gateway", group_interval=group_interval
    )


def test_two_looks_in_quick_succession_are_one() -> None:
    assert ends(twice({"A": peer()}, held("a"), apart=CONFIRM_MISSING_AFTER - 1)) == []
    assert ends(twice({"A": peer()}, held("a"), apart=CONFIRM_MISSING_AFTER)) == ["eu/a"]


def test_a_look_that_finds_it_or_finds_nobody_begins_the_count_anew() -> None:
    for between in ({"A": peer("a")}, {}):
        first = looked({"A": peer()}, held("a"))
        second = looked(between, held("a"), first.source_state, NOW + MINUTE)
        third = looked({"A": peer()}, held("a"), second.source_state, NOW + 2 * MINUTE)
        assert ends(third) == []


def test_what_was_heard_since_the_peers_were_asked_is_left_alone() -> None:
    fresh = held("a", said=2 * HOUR)
    assert ends(twice({"A": peer()}, fresh, apart=0)) == []
    assert looked({"A": peer()}, fresh).source_state.missing == {}


def test_a_disputed_alert_that_its_source_has_no_more_was_a_late_copy() -> None:
    assert ends(looked({"A": peer()}, held("a", disputed=True))) == ["eu/a"]


@pytest.mark.parametrize(
    ("gone", "left", "expected"),
    [
        pytest.param(MIN_INFERRED_ENDS, 0, MIN_INFERRED_ENDS, id="a few may have ended at once"),
        pytest.param(MIN_INFERRED_ENDS + 1, 3, 0, id="more than a few are doubted"),
        pytest.param(10, 90, 10, id="a tenth of many may have ended"),
        pytest.param(11, 90, 0, id="more than a tenth is doubted"),
        pytest.param(500, 0, 0, id="a wiped Alertmanager clears nothing"),
    ],
)
def test_many_at_once_are_doubted(gone: int, left: int, expected: int) -> None:
    lost, kept = [f"g{n}" for n in range(gone)], many(left)
    found = twice({"A": peer(*kept)}, held(*lost, *kept))
    assert len(ends(found)) == expected
    assert bool(found.doubt) is (expected == 0)


def test_a_peer_that_lost_much_since_the_look_before_is_not_believed_in_this_one() -> None:
    names = many(100)
    before = SourceState(missing={"eu/n0": NOW - MINUTE}, sizes={"A": 100}, answered_at=NOW)
    assert ends(looked({"A": peer(*names[60:])}, held("n0"), before)) == []
    assert ends(looked({"A": peer(*names[40:])}, held("n0"), before)) == ["eu/n0"]


def test_peers_that_answer_no_more_are_doubted_after_a_while() -> None:
    before = SourceState(answered_at=NOW)
    assert not looked({}, held("a"), before, NOW + UNANSWERED_DOUBT_AFTER - 1).doubt
    assert (
        looked({}, held("a"), before, NOW + UNANSWERED_DOUBT_AFTER).doubt
        == "no peer has answered for 10 minutes"
    )


# Alerts that were lost on the way


def waited(said: Mapping[str, PeerReport], have: Mapping[str, HeldCopy], wait: int) -> list[str]:
    return opens(twice(said, have, apart=wait))


@pytest.mark.parametrize(
    ("said", "have", "wait", "expected"),
    [
        pytest.param({"A": peer("a")}, {}, ASKED.lateness, ["a"], id="what fires there and is not known here opens"),
        pytest.param({"A": peer("a")}, {}, ASKED.lateness - 1, [], id="not before its webhook must have come"),
        pytest.param({"A": peer("a")}, held("a"), ASKED.lateness, [], id="what is known is left alone"),
        pytest.param({"A": peer("a", quieted="silence x")}, {}, HOUR, [], id="what is silenced there is not wanted here"),
        pytest.param({"A": peer("a", quieted="silence x"), "B": peer("a")}, {}, HOUR, ["a"], id="a silence that one peer has not heard of"),
        pytest.param({"A": peer("a", uptime=0)}, {}, ASKED.lateness, ["a"], id="a peer that just started is believed in what it has"),
    ],
)  # fmt: skip
def test_an_alert_that_was_lost_is_opened(
    said: Mapping[str, PeerReport], have: Mapping[str, HeldCopy], wait: int, expected: list[str]
) -> None:
    assert waited(said, have, wait) == expected


def test_an_alert_that_is_quieted_meanwhile_waits_anew() -> None:
    first = looked({"A": peer("a")}, {})
    second = looked({"A": peer("a", quieted="silence x")}, {}, first.source_state, NOW + MINUTE)
    third = looked({"A": peer("a")}, {}, second.source_state, NOW + HOUR)
    assert opens(third) == []


@pytest.mark.parametrize(
    ("active", "expected"),
    [
        pytest.param(peer("a"), ["a"], id="it fires there since the start that we know: it is no late copy"),
        pytest.param(peer("a", starts=MINUTE), [], id="another start comes by webhook"),
        pytest.param(peer("a", quieted="silence x"), [], id="quieted there: nobody is told for it"),
    ],
)
def test_a_source_settles_a_dispute(active: PeerReport, expected: list[str]) -> None:
    assert opens(looked({"A": active}, held("a", disputed=True))) == expected


def test_a_silence_at_the_source_is_noted_when_it_begins_and_when_it_ends() -> None:
    quiet, loud = {"A": peer("a", quieted="silence x")}, {"A": peer("a")}
    first = looked(quiet, held("a"))
    second = looked(quiet, held("a"), first.source_state)
    third = looked(loud, held("a"), second.source_state)
    assert [first.mute_changes, second.mute_changes, third.mute_changes] == [
        {"eu/a": "silence x"},
        {},
        {"eu/a": ""},
    ]


# Behind a relay that changes labels

RELAYED = "a#0123"


def test_a_relayed_copy_is_there_as_long_as_a_peer_lists_its_fingerprint() -> None:
    there, gone = {"A": peer("a")}, {"A": peer()}
    first = looked(there, held(RELAYED))
    assert (ends(first), opens(looked(there, held(RELAYED), first.source_state, NOW + HOUR))) == ([], [])
    missed = looked(gone, held(RELAYED))
    assert ends(looked(gone, held(RELAYED), missed.source_state, NOW + HOUR)) == [f"eu/{RELAYED}"]


def test_a_source_settles_the_dispute_of_a_relayed_copy_under_its_own_labels() -> None:
    have = held(RELAYED, disputed=True)
    (settled,) = looked({"A": peer("a")}, have).observations
    assert (settled.copy, settled.alert) == (f"eu/{RELAYED}", have[f"eu/{RELAYED}"].alert.id)


def test_a_silence_at_the_source_is_noted_for_a_relayed_copy() -> None:
    assert looked({"A": peer("a", quieted="silence x")}, held(RELAYED)).mute_changes == {
        f"eu/{RELAYED}": "silence x"
    }


# Whatever is held and whatever is said


def _of_copy(name: str, active: Active) -> Active:
    return active._replace(seen=msgspec.structs.replace(active.seen, copy=name))


NAMES = st.sampled_from(many(30))
STATEMENTS = st.builds(
    PeerReport,
    st.integers(0, HOUR),
    st.dictionaries(
        NAMES.map(lambda name: f"eu/{name}"),
        st.builds(
            Active,
            st.builds(lambda at: seen("a", at=at), st.integers(0, HOUR)),
            st.sampled_from(["", "", "silence x"]),
        ),
    ).map(lambda alerts: {name: _of_copy(name, active) for name, active in alerts.items()}),
)


@given(st.dictionaries(st.sampled_from("AB"), STATEMENTS), st.sets(NAMES), st.sets(NAMES), st.integers(0, 30))
def test_no_look_ends_what_a_peer_has_or_more_than_a_few_and_none_opens_what_is_held_or_quieted(
    said: dict[str, PeerReport], have: set[str], disputed: set[str], minutes: int
) -> None:
    holding = held(*have - disputed) | held(*disputed, disputed=True)
    source_state = SourceState(answered_at=NOW)
    for look in range(3):
        found = looked(said, holding, source_state, NOW + look * minutes * MINUTE)
        source_state = found.source_state
        present = {name for report in said.values() for name in report.alerts}
        ended = ends(found)
        assert set(ended) <= holding.keys() - present
        assert len(ended) == len(set(ended)) <= max_inferred_ends(len(holding))
        assert not (found.doubt and ended)
        for one in found.observations:
            if one.firing:
                peers = [report.alerts.get(one.copy) for report in said.values()]
                assert any(active is not None and not active.quieted for active in peers)
