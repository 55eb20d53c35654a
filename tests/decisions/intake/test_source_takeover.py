"""Alerts of a source that the rules list no more are taken over by the source that may send them now."""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.intake.source_takeover import take_over
from gateway.model.alert import Alert, Copy
from gateway.model.changes import Cell, Changes, Table
from gateway.model.rules.origin import BUILT_IN, SecretName
from gateway.model.rules.rulebook import Rulebook
from gateway.model.rules.source import Source
from tests.decisions.cases import alert
from tests.support.build import START, match

OLD = Copy(True, START)
EU = Source("eu", BUILT_IN, match('region="eu"'), SecretName("EU"))
US = Source("us", BUILT_IN, match('region="us"'), SecretName("US"))
ANY = Source("any", BUILT_IN)


def held(copies: dict[str, Copy], *, firing: bool = True) -> Alert:
    found = alert(region="eu", ended=None if firing else 1)
    return msgspec.structs.replace(found, copies=copies, spoken_by="default/1")


def taken(known: Alert, *sources: Source) -> tuple[Alert, Changes]:
    changes = Changes()
    return take_over(
        known, Rulebook(listed_sources={source.name: source for source in sources}), changes
    ), changes


def test_a_copy_moves_with_its_pointer_and_its_annotations() -> None:
    after, changes = taken(held({"default/1": OLD}), EU, US)
    assert (after.copies, after.spoken_by) == ({"eu/1": OLD}, "eu/1")
    assert changes.drop == [Cell(Table.COPIES, "default/1")]
    assert changes.put == {Cell(Table.COPIES, "eu/1"): after.id.encode()}


@pytest.mark.parametrize(
    ("known", "sources"),
    [
        pytest.param(held({"default/1": OLD}), (), id="no source is listed"),
        pytest.param(held({"eu/1": OLD}), (EU,), id="its source is listed still"),
        pytest.param(held({"gateway/1": OLD}), (ANY,), id="it is one of our own"),
        pytest.param(held({"default/1": OLD}, firing=False), (EU,), id="it fires no more"),
        pytest.param(held({"default/1": OLD}), (US,), id="no listed source may send it"),
    ],
)
def test_nothing_moves_where(known: Alert, sources: tuple[Source, ...]) -> None:
    after, changes = taken(known, *sources)
    assert after is known
    assert changes == Changes()


def test_the_source_without_a_token_of_its_own_comes_first() -> None:
    after, _ = taken(held({"default/1": OLD}), EU, ANY)
    assert list(after.copies) == ["any/1"]


@pytest.mark.parametrize(
    ("moving", "there", "kept"),
    [
        pytest.param(
            Copy(True, START),
            Copy(False, START, START + 1),
            Copy(True, START),
            id="the one that fires is kept",
        ),
        pytest.param(
            Copy(False, START, START + 1), Copy(True, START), Copy(True, START), id="whichever it is"
        ),
    ],
)
def test_where_the_new_source_has_the_copy_already(moving: Copy, there: Copy, kept: Copy) -> None:
    after, _ = taken(held({"default/1": moving, "eu/1": there}), EU)
    assert after.copies == {"eu/1": kept}
