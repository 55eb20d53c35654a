"""What people see of a hidden value is a hash that nobody can find the value by, and what is stored stays whole."""

from __future__ import annotations

import re
from dataclasses import replace
from hashlib import blake2b

from gateway.model.changes import Table
from gateway.model.durations import MINUTE
from gateway.model.records import load_alert
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from gateway.model.rules.rulebook import LabelRules, Rulebook
from tests.support.build import pager, rulebook, seen, slack
from tests.support.world import World

EMAIL = "ann@example.com"


def rules() -> Rulebook:
    made = rulebook(
        Route("everything", BUILT_IN, notify=("chat",), page=("pager",)), destinations=(slack(), pager())
    )
    return replace(made, labels=LabelRules(redact=frozenset({"customer_email"})))


async def shown(key: bytes) -> set[str]:
    world = World(rules())
    world.secrets.redact_key = key
    await world.webhook(seen(service="shop", customer_email=EMAIL))
    await world.until(MINUTE)
    texts = [repr(sent.notification) for sent in (*world.slack.sent, *world.pagerduty.sent)]
    assert texts
    assert EMAIL not in "".join(texts)
    (row,) = world.store.rows[Table.ALERTS].values()
    assert load_alert(row.value).labels["customer_email"] == EMAIL
    return set(re.findall(r"redacted-[0-9a-f]{8}", "".join(texts)))


async def test_a_redacted_label_is_shown_by_a_keyed_hash_and_stored_as_it_came() -> None:
    found = await shown(b"of this store")
    assert len(found) == 1
    assert found == await shown(b"of this store")
    assert found.isdisjoint(await shown(b"of another store"))
    assert "redacted-" + blake2b(EMAIL.encode(), digest_size=4).hexdigest() not in found
