"""Which silences people may ask for, and for how long."""

from __future__ import annotations

import pytest

from gateway.decisions.suppression.silence_request import SilenceRequest, propose
from gateway.model.controls import Rejection, Silence
from gateway.model.durations import DAY, HOUR
from gateway.model.rules.silence_policy import SilencePolicy
from tests.support.build import START


def requested(*matchers: str, **more: object) -> SilenceRequest:
    return SilenceRequest(matchers or ('service="db"',), "anna", **{"ends_at": START + HOUR, **more})  # type: ignore[arg-type]


def proposed(asked: SilenceRequest, **policy: object) -> Silence | Rejection:
    return propose(asked, "s1", SilencePolicy(**policy), ("morning",), START)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "policy", "field"),
    [
        (requested('service="db'), {}, "matchers"),
        (requested('service=~"("'), {}, "matchers"),
        (requested('service=~".*"'), {}, "matchers"),
        (requested('service!="db"'), {}, "matchers"),
        (requested("{}"), {}, "matchers"),
        (requested(), {"reason_required": True}, "reason"),
        (requested(reason="  "), {"reason_required": True}, "reason"),
        (requested(), {"ticket": r"CHG-\d+"}, "ticket"),
        (requested(ticket="see CHG-12"), {"ticket": r"CHG-\d+"}, "ticket"),
        (requested(during=("evening",)), {}, "during"),
        (requested(during=("morning",), until_resolved=True), {}, "until_resolved"),
        (requested(ends_at=None), {}, "ends_at"),
        (requested(ends_at=START), {}, "ends_at"),
        (requested(starts_at=START + 2 * HOUR), {}, "ends_at"),
        (requested(ends_at=START + 8 * DAY), {}, "ends_at"),
        (requested(ends_at=START + 2 * HOUR), {"longest": HOUR}, "ends_at"),
        (requested(ends_at=START + 400 * DAY, during=("morning",)), {}, "ends_at"),
    ],
)
def test_a_rejected_request_names_the_faulty_field(
    asked: SilenceRequest, policy: dict[str, object], field: str
) -> None:
    found = proposed(asked, **policy)
    assert isinstance(found, Rejection)
    assert found.field == field
    assert found.error


@pytest.mark.parametrize(
    ("asked", "policy"),
    [
        (requested('service="db"', 'severity=~"info|warning"'), {}),
        (requested('service="db",job!="x"'), {}),
        (requested(reason="noisy", ticket="CHG-12"), {"reason_required": True, "ticket": r"CHG-\d+"}),
        (requested(ends_at=START + 30 * DAY, during=("morning",)), {}),
        (requested(ends_at=None, until_resolved=True), {}),
    ],
)
def test_a_valid_request_becomes_a_silence(asked: SilenceRequest, policy: dict[str, object]) -> None:
    assert isinstance(proposed(asked, **policy), Silence)


def test_an_open_end_is_as_late_as_the_policy_allows() -> None:
    found = proposed(requested(ends_at=None, until_resolved=True), longest=DAY)
    assert isinstance(found, Silence)
    assert found.ends_at == START + DAY


def test_a_start_in_the_past_is_now() -> None:
    found = proposed(requested(starts_at=START - HOUR))
    assert isinstance(found, Silence)
    assert found.starts_at == START
