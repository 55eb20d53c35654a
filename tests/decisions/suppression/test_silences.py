"""Which silences people may make, change and end."""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.suppression.silences import (
    MAX_SILENCES,
    SilenceRequest,
    approve,
    end,
    extend,
    propose,
    silence_meant,
    with_silence,
)
from gateway.model.controls import Controls, Rejection, Silence
from gateway.model.durations import DAY, HOUR, MINUTE
from gateway.model.people import Identity
from gateway.model.rules.silence_policy import SilencePolicy
from tests.support.build import START

MADE = Silence("s1", ('service="db"',), START, START + HOUR, "anna")


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


# Changing and ending a silence


def test_an_ended_silence_cannot_be_changed() -> None:
    late = START + 2 * HOUR
    found = [
        extend(MADE, Identity("anna", token=True), late + HOUR, SilencePolicy(), late),
        approve(MADE, Identity("bob", token=True), late),
        end(MADE, "bob", late),
    ]
    assert all(isinstance(one, Rejection) for one in found)


def test_an_extension_counts_from_now() -> None:
    policy = SilencePolicy(longest=2 * HOUR)
    assert isinstance(
        extend(
            MADE, Identity("anna", token=True), START + 2 * HOUR + 30 * MINUTE, policy, START + 50 * MINUTE
        ),
        Silence,
    )
    assert isinstance(
        extend(MADE, Identity("anna", token=True), START + 3 * HOUR, policy, START + 50 * MINUTE), Rejection
    )


def test_the_oldest_ended_silences_make_room_and_live_ones_never_do() -> None:
    full = Controls(
        1,
        tuple(
            msgspec.structs.replace(MADE, id=f"s{number}", ends_at=START + number)
            for number in range(MAX_SILENCES)
        ),
    )
    made = msgspec.structs.replace(MADE, id="new")
    after = with_silence(full, made, START + HOUR)
    assert isinstance(after, Controls)
    assert len(after.silences) == MAX_SILENCES
    assert after.silences[0].id == "s1"
    assert isinstance(with_silence(full, made, START - HOUR), Rejection)


def test_the_first_characters_name_a_silence_where_no_other_begins_so() -> None:
    held = Controls(
        1, tuple(msgspec.structs.replace(MADE, id=name) for name in ("6e09aaaa", "6e1", "6e1bbbbb"))
    )
    for begun, meant in (("6e0", "6e09aaaa"), ("6e1", "6e1"), ("6e1b", "6e1bbbbb")):
        found = silence_meant(held, begun)
        assert isinstance(found, Silence)
        assert found.id == meant
    unclear = silence_meant(held, "6e")
    assert isinstance(unclear, Rejection)
    assert unclear.error.startswith("which? silence 6e09aaaa by anna, silence 6e1 by anna, ")
    assert not unclear.missing
    for begun in ("", "7"):
        missing = silence_meant(held, begun)
        assert isinstance(missing, Rejection)
        assert missing.missing
