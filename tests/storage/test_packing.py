"""What the scripts are sent: every field that one reads, by its name, and binary values apart from the
fields.
"""

from __future__ import annotations

import re

import msgspec
import pytest

from gateway.model.agenda import Share, Subject
from gateway.model.changes import (
    Cell,
    Changes,
    Claim,
    LogEntry,
    QuarantineEntry,
    Query,
    Release,
    Table,
)
from gateway.model.lanes import LaneRule, Pace
from gateway.model.topics import Topics
from gateway.storage.lua import SCRIPTS
from gateway.storage.packing import packed_changes, packed_claim, packed_query

ALERT, LEDGER = Cell(Table.ALERTS, "a1"), Cell(Table.LEDGERS, "i1|chat")
OTHER = Cell(Table.ALERTS, "a2")


@pytest.mark.parametrize(
    ("script", "argument", "packed"),
    [
        ("commit", "change", packed_changes(Changes())[0]),
        (
            "commit",
            r"change\.topics",
            msgspec.msgpack.encode(msgspec.msgpack.decode(packed_changes(Changes())[0])["topics"]),
        ),
        ("claim", "ask", packed_claim(1, 1, LaneRule())),
        ("gather", "ask", packed_query(Query(), {})),
    ],
)
def test_a_script_reads_the_fields_that_it_is_sent_and_no_others(
    script: str, argument: str, packed: bytes
) -> None:
    read = set(re.findall(rf"\b{argument}\.(\w+)", SCRIPTS[script].text.decode()))
    assert read == set(msgspec.msgpack.decode(packed))


def test_versions_are_one_text_and_values_follow_it_table_by_table() -> None:
    changes = Changes(
        expect={ALERT: b"8 bytes!", LEDGER: b"", OTHER: b"8 others"},
        put={ALERT: b"1", LEDGER: b"\xff", OTHER: b""},
        keep=[QuarantineEntry("q1", b"raw")],
    )
    fields, versions, *blobs = packed_changes(changes)
    sent = msgspec.msgpack.decode(fields)
    assert versions == b"8 bytes!" + b"8 others" + bytes(8)
    assert blobs == [b"1", b"", b"\xff", b"raw"]
    assert sent["expect"] == sent["put"] == [1, ["a1", "a2"], 6, ["i1|chat"]]
    assert sent["keep"] == ["q1", 7]


def test_records_are_flat_and_in_the_order_of_the_scripts_header() -> None:
    plan, end = Subject.plan("i1"), Subject.deliver("chat", "i1")
    changes = Changes(
        drop=[ALERT],
        count={"received": 2},
        agenda={plan: (7, 3), end: (8, 2)},
        shares={end: Share.ENDS},
        releases=[Release(Claim(plan, "t", 0), None), Release(Claim(plan, "t", 0), 9, hold=True)],
        log=[LogEntry("i1", "resolved", {"a": 1})],
        topics=Topics(add=[("p", "a1")], subscribe=[("p", plan)], seen={"q": ""}),
    )
    sent = msgspec.msgpack.decode(packed_changes(changes)[0])
    assert (sent["drop"], sent["count"]) == ([1, ["a1"]], ["received", 2])
    assert sent["agenda"] == ["plan:i1", 7, 3, 0, "deliver:chat|i1", 8, 2, 2]
    assert sent["release"] == ["plan:i1", "t", -1, 0, "plan:i1", "t", 9, 1]
    assert sent["log"] == ["i1", "resolved", '{"a": 1}']
    assert sent["topics"] == {
        "add": ["p", "a1"],
        "remove": [],
        "subscribe": ["p", "plan:i1"],
        "unsubscribe": [],
        "seen": ["q", ""],
    }


def test_a_pace_is_sent_with_what_it_allows_behind_the_news() -> None:
    sent = msgspec.msgpack.decode(
        packed_claim(4, 20_000, LaneRule({"chat": Pace(1_000, 3, "slack ")}, width=2))
    )
    assert (sent["limit"], sent["lease"], sent["width"]) == (4, 20_000, 2)
    assert sent["paces"] == {"chat": [1_000, 3, "slack ", 2, 10_000]}
