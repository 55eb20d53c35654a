"""Which silences people may change and end, and which one is meant."""

from __future__ import annotations

import msgspec

from gateway.decisions.suppression.silences import (
    MAX_SILENCES,
    approve,
    end,
    extend,
    silence_meant,
    with_silence,
)
from gateway.model.controls import Controls, Rejection, Silence
from gateway.model.durations import HOUR, MINUTE
from gateway.model.people import Identity
from gateway.model.rules.silence_policy import SilencePolicy
from tests.support.build import START

MADE = Silence("s1", ('service="db"',), START, START + HOUR, "anna")


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
