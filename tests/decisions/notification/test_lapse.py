"""When a close by hand, an acknowledgement and a snooze lapse."""

from __future__ import annotations

import pytest

from gateway.decisions.incident_actions import acknowledge, close, snooze
from gateway.decisions.notification.lapse import lapse
from gateway.model.durations import HOUR, MINUTE
from gateway.model.incident import Incident
from gateway.model.severity import Severity
from tests.decisions.cases import alert, incident
from tests.support.build import START

NOW = START + MINUTE
WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL
PAIR = incident(alert(), alert("Disk", severity=WARNING))


def changed(result: Incident | str) -> Incident:
    assert isinstance(result, Incident), result
    return result


@pytest.mark.parametrize(
    ("at", "fires", "holds"),
    [
        pytest.param(NOW + HOUR - 1, WARNING, True, id="holds while its time lasts"),
        pytest.param(NOW + HOUR, WARNING, False, id="lapses when its time is over"),
        pytest.param(NOW, Severity.ERROR, False, id="lapses when something gets worse"),
        pytest.param(NOW, Severity.INFO, True, id="holds when things get better"),
        pytest.param(NOW, None, True, id="holds when nothing fires: the incident ends by itself"),
    ],
)
def test_a_close_by_hand(at: int, fires: Severity | None, holds: bool) -> None:
    shut = changed(close(PAIR, [alert(severity=WARNING)], "ann", "", HOUR, NOW))
    firing = [] if fires is None else [alert(severity=fires)]
    assert (lapse(shut, firing, at, at).closed is not None) is holds


@pytest.mark.parametrize(
    ("at", "fires", "holds"),
    [
        pytest.param(NOW + 100 * HOUR, WARNING, True, id="holds for as long as nothing is worse"),
        pytest.param(NOW, CRITICAL, False, id="lapses when something gets worse"),
    ],
)
def test_an_acknowledgement(at: int, fires: Severity, holds: bool) -> None:
    taken = changed(acknowledge(PAIR, [alert(severity=WARNING)], "ann", NOW))
    assert (lapse(taken, [alert(severity=fires)], at, at).acknowledged is not None) is holds


def test_an_ended_worse_alert_does_not_lapse_an_acknowledgement() -> None:
    """Callers pass only firing alerts to `lapse`."""
    taken = changed(acknowledge(PAIR, [alert(severity=WARNING)], "ann", NOW))
    assert lapse(taken, [ended for ended in [alert(ended=1)] if ended.firing], NOW, NOW) is taken


@pytest.mark.parametrize(
    ("at", "fires", "holds"),
    [
        pytest.param(NOW, WARNING, True, id="holds while its time lasts"),
        pytest.param(NOW + HOUR, WARNING, False, id="lapses when its time is over"),
        pytest.param(NOW, CRITICAL, False, id="lapses when something gets worse"),
        pytest.param(NOW, None, False, id="lapses when nothing fires: a new firing is news"),
    ],
)
def test_a_snooze(at: int, fires: Severity | None, holds: bool) -> None:
    quiet = changed(snooze(PAIR, [alert(severity=WARNING)], "ann", NOW + HOUR, NOW))
    firing = [] if fires is None else [alert(severity=fires)]
    assert (lapse(quiet, firing, NOW, at).snoozed is not None) is holds
