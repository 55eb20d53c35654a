"""Where a repeat is harmless nothing is looked for, left behind or taken back."""

from __future__ import annotations

from gateway.model.ledger import Endpoint, MessageRef
from gateway.model.notification import Delivered, Found
from gateway.outbound.never_looked import NeverLooked

HOOK = Endpoint("webhook", "audit", "AUDIT_URL", "abc")
LEFT, NEWER = MessageRef("i1.1"), MessageRef("i1.2")


async def test_nothing_is_found_however_often_it_was_tried() -> None:
    notifier = NeverLooked()
    found = await notifier.look(HOOK, "s", attempts=("a1", "a2"), since=0, message_ref=LEFT)
    assert (notifier.settles_by_looking, found) == (False, Found({}))


async def test_a_message_is_neither_left_behind_nor_taken_back() -> None:
    notifier = NeverLooked()
    assert await notifier.lead_on(HOOK, "s", LEFT, NEWER, "Down") == Delivered(LEFT)
    assert await notifier.withdraw(HOOK, "s", LEFT) == Delivered(LEFT)
