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
        ("slack", Unanswered("timeout"), "timeout; is SLACK_API_URL right, and can it be reached from here?"),
        ("slack", Refused("unavailable", "its name is not known"), "unavailable: its name is not known; is SLACK_API_URL right, and can it be reached from here?"),
        ("webhook", Unanswered("timeout"), "timeout; is THE_SECRET right, and can it be reached from here?"),
        ("email", Refused("sender", "550 no"), "sender: 550 no; allow the address in `from` at the server, or name another"),
    ],
)  # fmt: skip
def test_a_trouble_names_its_remedy(kind: str, answer: Refused | Unanswered, said: str) -> None:
    assert DESTINATION_KINDS[kind].trouble(answer, "THE_SECRET") == said
