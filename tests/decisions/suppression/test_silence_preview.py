"""The preview of a silence: what it would hide, and warnings to its maker."""

from __future__ import annotations

from gateway.decisions.suppression.silence_preview import SilencePreview
from gateway.model.controls import Silence
from gateway.model.durations import DAY, HOUR
from gateway.model.rules.silence_policy import SilencePolicy
from gateway.model.severity import Severity
from tests.decisions.cases import alert
from tests.support.build import START

# Preview


def weighed(
    *episodes: object, matcher: str = 'service="db"', **policy: object
) -> tuple[SilencePreview, list[str]]:
    preview = SilencePreview(Silence("s1", (matcher,), START, START + HOUR, "anna"), START)
    for one in episodes:
        preview.add(one, hidden=preview.hides(one))  # type: ignore[arg-type]
    return preview, preview.warnings(SilencePolicy(**policy))  # type: ignore[arg-type]


def others(count: int) -> list[object]:
    return [alert(service=f"web{number}", severity=Severity.WARNING) for number in range(count)]


def test_what_fires_and_what_fired_within_a_week_is_counted() -> None:
    recent = alert("Past", service="db", ended=-DAY, severity=Severity.WARNING)
    ancient = alert("Old", service="db", ended=-8 * DAY, severity=Severity.WARNING)
    preview, _ = weighed(alert(service="db", severity=Severity.WARNING), recent, ancient, *others(2))
    assert (preview.firing, preview.firing_hidden, preview.recent, preview.recent_hidden) == (3, 1, 4, 2)
    assert preview.names == {"HighErrorRate": 1, "Past": 1}


def test_critical_alerts_under_it_are_a_warning() -> None:
    _, warnings = weighed(alert(service="db"), alert("Past", service="db", ended=-DAY), *others(20))
    assert warnings == ["it covers critical alerts: 1 fire, 2 in the last 7 days"]


def test_with_four_eyes_the_warning_says_whose_consent_it_takes() -> None:
    _, warnings = weighed(alert(service="db"), *others(20), four_eyes=True)
    assert "second person" in warnings[0]


def test_a_large_share_is_a_warning_and_a_small_one_is_not() -> None:
    hidden = [alert(name, service="db", severity=Severity.INFO) for name in ("A", "B")]
    _, many = weighed(*hidden, *others(2))
    assert many == ["it covers 2 of the 4 alerts of the last 7 days (50%; policy.silences.warn_share is 20%)"]
    _, few = weighed(*hidden, *others(8))
    assert few == []


def test_a_label_that_no_alert_has_is_a_warning() -> None:
    _, warnings = weighed(*others(3), matcher='servcie="db"')
    assert warnings == ["no alert of the last 7 days has the label servcie: a slip of the pen?"]


def test_a_value_that_no_alert_has_is_a_warning() -> None:
    _, warnings = weighed(*others(3))
    assert warnings == ["it matches nothing that fired in the last 7 days"]
