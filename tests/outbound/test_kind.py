"""What a refusal of a vendor is shown as: with the remedy that fits it best."""

from __future__ import annotations

import pytest

from gateway.model.notification import Refused, Unanswered
from gateway.outbound.registry import DESTINATION_KINDS


@pytest.mark.parametrize(
    ("kind", "answer", "said"),
    [
        ("slack", Refused("not_found", "not_in_channel", permanent=True), "not_found not_in_channel; invite the bot to the channel"),
        ("slack", Refused("auth", "invalid_auth", permanent=True), "auth invalid_auth; is THE_SECRET right?"),
        ("slack", Refused("rate_limited", retry_after=1), "rate_limited; try again later"),
        ("slack", Refused("invalid", "invalid_blocks", permanent=True), "invalid invalid_blocks; what it says was refused, not the destination: news of it goes out by itself, and `gateway dead-letters --retry` tries the same again"),
        ("slack", Refused("removed", "the message is removed again and again", permanent=True), "removed: the message is removed again and again; find the bot, the rule or the person that removes it, or name another channel"),
        ("pagerduty", Refused("no_destination", "no rule names this destination any more", permanent=True), "no_destination: no rule names this destination any more; what people were told there stays open: end it by hand, or name the destination in the rules again"),
        ("slack", Unanswered("timeout"), "timeout; is SLACK_API_URL right, and can it be reached from here?"),
        ("slack", Refused("unavailable", "its name is not known"), "unavailable: its name is not known; is SLACK_API_URL right, and can it be reached from here?"),
        ("webhook", Unanswered("timeout"), "timeout; is THE_SECRET right, and can it be reached from here?"),
        ("email", Refused("sender", "550 no"), "sender: 550 no; allow the address in `from` at the server, or name another"),
    ],
)  # fmt: skip
def test_a_trouble_names_its_remedy(kind: str, answer: Refused | Unanswered, said: str) -> None:
    assert DESTINATION_KINDS[kind].trouble(answer, "THE_SECRET") == said
