"""A record says at two places when its alert's source spoke, and nothing else may be taken for these."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from gateway.model.alert import Copy
from gateway.model.records import dump, load_alert
from gateway.model.time_places import places_of_time, with_time
from tests.decisions.cases import alert
from tests.support.records import AT


def test_the_two_places_of_when_an_alert_s_source_spoke_are_found_and_only_these() -> None:
    spoke, again = AT + 7, AT + 60_007
    known = replace(alert(), copies={"eu/1": Copy(True, AT, None, spoke, keyed=True)}, last_seen=spoke)
    places = places_of_time(dump(known), spoke)
    assert places is not None
    later = load_alert(with_time(dump(known), places, again))
    said = replace(known.copies["eu/1"], said_at=again)
    assert later == replace(known, copies={"eu/1": said}, last_seen=again)


@pytest.mark.parametrize(
    "began",
    [pytest.param(AT, id="a third time is the same"), pytest.param(None, id="it stands once")],
)
def test_a_time_that_does_not_stand_at_two_places_has_none(began: int | None) -> None:
    copy = Copy(True, AT - 5, None, AT if began else AT - 1, keyed=True)
    assert (
        places_of_time(dump(replace(alert(), copies={"eu/1": copy}, started_at=began, last_seen=AT)), AT)
        is None
    )


def test_a_time_that_is_written_shorter_has_no_places() -> None:
    assert places_of_time(dump(replace(alert(), last_seen=1_000)), 1_000) is None
