"""An event of a recorder means the copies that bear its fingerprint, and never ends one by that alone where two
label sets share it.
"""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.intake.held_as_sent import ends_of
from gateway.model.alert import Copy
from gateway.model.fingerprint import identity
from gateway.model.source_peers import HeldCopy
from tests.decisions.cases import alert
from tests.support.build import START, seen

PLAIN = "eu/0123456789abcdef"
AT_SOURCE = {"alertname": "Down", "service": "pay"}
RELAYED = {**AT_SOURCE, "relay": "a"}
RELAYED_TWICE = {**AT_SOURCE, "relay": "b"}
CHANGED = {"alertname": "Down", "service": "shop/pay"}
ANOTHER = {"alertname": "Slow", "service": "web"}


def of(labels: dict[str, str]) -> str:
    return PLAIN if labels == AT_SOURCE else f"{PLAIN}#{identity(labels)}"


def held(*firing: dict[str, str], ended: tuple[dict[str, str], ...] = ()) -> dict[str, HeldCopy]:
    found = {}
    for labels in (*firing, *ended):
        known = msgspec.structs.replace(alert("Down"), id=identity(labels), labels=labels)
        found[of(labels)] = HeldCopy(known, Copy(labels in firing, START))
    return found


@pytest.mark.parametrize(
    ("held", "ends"),
    [
        pytest.param(held(AT_SOURCE), [AT_SOURCE], id="it came as its source has it"),
        pytest.param(held(RELAYED), [RELAYED], id="a relay added a label"),
        pytest.param(held(CHANGED), [CHANGED], id="a relay changed a label"),
        pytest.param(held(RELAYED, RELAYED_TWICE), [RELAYED, RELAYED_TWICE], id="it came over two relays"),
        pytest.param(
            held(AT_SOURCE, RELAYED), [AT_SOURCE], id="it came directly too: a relay speaks for itself"
        ),
        pytest.param(held(RELAYED, ended=(AT_SOURCE,)), [RELAYED], id="it once came directly"),
        pytest.param(held(RELAYED, ANOTHER), [RELAYED], id="another alert has the same constant"),
        pytest.param(held(CHANGED, ANOTHER), [], id="nobody can tell which of two"),
        pytest.param(
            held(ANOTHER, ended=(AT_SOURCE,)), [], id="its own copy has ended, and another one fires"
        ),
        pytest.param(held(ended=(RELAYED,)), [], id="it has ended already"),
        pytest.param(held(), [], id="nobody knows it"),
    ],
)
def test_an_event_ends_what_it_means(held: dict[str, HeldCopy], ends: list[dict[str, str]]) -> None:
    event = msgspec.structs.replace(
        seen("Down", ends=60_000), copy=PLAIN, alert=identity(AT_SOURCE), labels=AT_SOURCE
    )
    meant = ends_of(event, held)
    if not ends:
        assert meant == [event], "it is counted as the end of what nobody was told of"
        return
    assert [end.copy for end in meant] == [of(labels) for labels in ends]
    assert [end.alert for end in meant] == [identity(labels) for labels in ends]
