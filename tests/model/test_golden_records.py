"""Records as every released version writes them: these bytes lie in the stores of running gateways.

They were written by the version before this file was. A row is only ever added to; where today's code cannot
read one or writes it otherwise, a rolling upgrade or a rollback loses state.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import pytest

from gateway.decisions.intake.correlate import announce, named_incidents
from gateway.model import agenda, cells
from gateway.model.agenda import Subject, SubjectKind
from gateway.model.changes import Table
from gateway.model.lanes import ClosedLane, load_closed_lane
from gateway.model.ledger import NotifiedState, Part, ledger_cell
from gateway.model.quarantined import Quarantined
from gateway.model.records import (
    FORMAT,
    dump,
    load_alert,
    load_controls,
    load_incident,
    load_ledger,
    load_refusals,
    load_shipped,
    load_source_state,
    load_watchdog_state,
)
from gateway.model.rule_generation import RuleGeneration, load_rule_generation
from gateway.model.severity import Severity
from gateway.model.truncated_groups import dump_truncated, load_truncated
from gateway.model.turned_away import dump_turned_away, load_turned_away
from gateway.model.verdict import MemberStatus, Outcome, Reason
from gateway.model.watchdog import load_heartbeat
from tests.support import records


class Golden(NamedTuple):
    """What a stored value means, how it is read and written, and its bytes."""

    meaning: Any
    load: Callable[[bytes], Any]
    write: Callable[[Any], bytes]
    stored: bytes


def load_quarantined(raw: bytes) -> Quarantined:
    return msgspec.msgpack.decode(raw, type=Quarantined)


LEDGER_OF_26_FIELDS = (
    b"\x01\xdc\x00\x1a\xa2i1\xa9chat:#pay\xa4chat\x96\xa5slack\xa2C1\xafSLACK_BOT_TOKEN\xa4"
    b"5a0c\xaaHOOK_TOKEN\xa8HOOK_KEY\x99\xa6firing\x04\x82\xada1.1800000000\xc3\xa4a2.0\xc2"
    b"\xa4anna\xa3ben\xc3\xc3\x81\xa5pager\xc3\x81\xada1.1800000000\xb2silence s1 by anna"
    b"\x02\x05\xcf\x00\x00\x01\xa3\x18]:`\xcf\x00\x00\x01\xa3\x18\\P\x00\x92\xb11800000000."
    b"000100\xa2C1\x98\xa2t1\xcf\x00\x00\x01\xa3\x18\\P\x00\xa5reply\x02\x05\x99\xa6firing"
    b"\x04\x82\xada1.1800000000\xc3\xa4a2.0\xc2\xa4anna\xa3ben\xc3\xc3\x81\xa5pager\xc3\x81"
    b"\xada1.1800000000\xb2silence s1 by anna\x92\x94\xa8a2 ended\xc3\xc3\xcf\x00\x00\x01"
    b"\xa3\x18\\P\x00\x94\xa9a3 joined\xc2\xc2\x00\xc2\x91\x98\xa2t0\xcf\x00\x00\x01\xa3"
    b"\x18\\P\x00\xa7message\x01\x04\x99\xa4none\x00\x80\xa0\xa0\xc2\xc2\x80\x80\x90\xc3"
    b"\x91\x92\xa4i1.1\xa0\x91\x94\xa8a2 ended\xc3\xc3\xcf\x00\x00\x01\xa3\x18\\P\x00\x03"
    b"\xcf\x00\x00\x01\xa3\x18\\P\x00\xcf\x00\x00\x01\xa3\x18]:`\xb1channel_not_found\xa7re"
    b"fused\xcf\x00\x00\x01\xa3\x18^$\xc0\xcf\x00\x00\x01\xa3\x18_\x0f \xcf\x00\x00\x01\xa3"
    b"\x18_\xf9\x80\xcf\x00\x00\x01\xa3\x18`\xe3\xe0\xcf\x00\x00\x01\xa3\x18a\xce@\x9c\x07"
    b"\x01\x01\x02\x02\x01\x03\x02\x01\x82\xa8silenced\x02\xaagroup_wait\x02\xa4chat\x01"
    b"\x99\xa5ended\x00\x80\xa0\xa0\xc2\xc2\x80\x80"
)
NEW_LEDGER_OF_26_FIELDS = (
    b"\x01\xdc\x00\x1a\xa2i1\xa5pager\xa5pager\xc0\x99\xa4none\x00\x80\xa0\xa0\xc2\xc2\x80"
    b"\x80\x00\x00\x00\x00\xc0\xc0\x90\x90\x90\x00\x00\x00\xa0\xa0\x00\x00\x00\x00\x00\x9c"
    b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\xa0\x00\x99\xa4none\x00\x80\xa0\xa0\xc2\xc2"
    b"\x80\x80"
)
"""Ledgers as they were before updates by mail were counted."""


def with_updates(stored: bytes) -> bytes:
    """The same row with the three fields that were added: no update was sent, and none was left out."""
    return stored[:3] + b"\x1d" + stored[4:] + b"\x00\x00\x99\xa4none\x00\x80\xa0\xa0\xc2\xc2\x80\x80"


def with_way(stored: bytes) -> bytes:
    """The same row with the two fields that were added to its endpoint: it is reached as the settings say."""
    return stored.replace(b"\x96\xa5slack", b"\x98\xa5slack").replace(
        b"\xa8HOOK_KEY", b"\xa8HOOK_KEY\xa0\xa0"
    )


GOLDEN = [
    Golden(
        records.ALERT,
        load_alert,
        dump,
        b"\x01\xdc\x00\x10\xa2a1\x83\xa9alertname\xadHighErrorRate\xa7service\xa3pay\xa8severit"
        b"y\xa8critical\x81\xa7summary\xb85 % of the requests fail\x04\x82\xb3eu/0123456789abcd"
        b"ef\x94\xc3\xcf\x00\x00\x01\xa3\x18\\P\x00\xcf\x00\x00\x01\xa3\x18%a\x80\xcf\x00\x00"
        b"\x01\xa3\x18]:`\xb3us/0123456789abcdef\x94\xc2\xcf\x00\x00\x01\xa3\x18%a\x80\xcf\x00"
        b"\x00\x01\xa3\x18\\P\x00\x00\xcekI\xd2\x00\xc3\xcf\x00\x00\x01\xa3\x18\\P\x00\xcf\x00"
        b"\x00\x01\xa3\x18%a\x80\xcf\x00\x00\x01\xa3\x18]:`\xa2i1\xcf\x00\x00\x01\xa3\x18]:`"
        b"\xb3eu/0123456789abcdef\xbfhttp://prometheus.example/graph\x91\xb00123456789abcdef"
        b"\xc3",
    ),
    Golden(
        records.NEW_ALERT,
        load_alert,
        dump,
        b"\x01\xdc\x00\x10\xa2a2\x80\x80\x00\x80\x00\xc2\x00\x00\x00\xa0\xcf\x00\x00\x01\xa3\x18\\P\x00\xa0\xa0\x90\xc2",
    ),
    Golden(
        records.INCIDENT,
        load_incident,
        dump,
        b"\x01\xdc\x00\x15\xa2i1\xcf\x00\x00\x01\xa3\x18\\P\x00\xbaby service (rules.yaml:12)"
        b"\x92\x93\xa2a1\xcekI\xd2\x00\xcf\x00\x00\x01\xa3\x18\\P\x00\x93\xa2a2\x00\xcf\x00\x00"
        b"\x01\xa3\x18]:`\x92\xa2k1\xa2k2\x05\x01\xcf\x00\x00\x01\xa3\x18]:`\xcf\x00\x00\x01"
        b"\xa3\x18\x93>\x80\x81\xa4node\x92\xa2n1\xa2n2\xa2i0\xcf\x00\x00\x01\xa3\x18\xca-\x00"
        b"\x93\xa4anna\xcf\x00\x00\x01\xa3\x18]:`\x03\x95\xa3ben\xcf\x00\x00\x01\xa3\x18\x93>"
        b"\x80\xcf\x00\x00\x01\xa3\x18\xca-\x00\x04\xa5known\x04\x92\xa4chat\xa5pager\x9c\x07"
        b"\x01\x01\x02\x02\x01\x03\x02\x01\x82\xa8silenced\x02\xaagroup_wait\x02\xa4chat\x01"
        b"\xa2w1\xb9by service merges no more\x91\xb00123456789abcdef\xcf\x00\x00\x01\xa3\x18]:"
        b"`",
    ),
    Golden(
        records.UNHEARD_INCIDENT,
        load_incident,
        dump,
        b"\x01\xdc\x00\x16\xa2i1\xcf\x00\x00\x01\xa3\x18\\P\x00\xbaby service (rules.yaml:"
        b"12)\x92\x93\xa2a1\xcekI\xd2\x00\xcf\x00\x00\x01\xa3\x18\\P\x00\x93\xa2a2\x00\xcf\x00\x00\x01\xa3\x18]:`\x92\xa2k1"
        b"\xa2k2\x05\x01\xcf\x00\x00\x01\xa3\x18]:`\xcf\x00\x00\x01\xa3\x18\x93>\x80\x81\xa4node\x92\xa2n1\xa2n2\xa2i0\xcf"
        b"\x00\x00\x01\xa3\x18\xca-\x00\x93\xa4anna\xcf\x00\x00\x01\xa3\x18]:`\x03\x95\xa3ben\xcf\x00\x00\x01\xa3\x18\x93>\x80\xcf\x00"
        b"\x00\x01\xa3\x18\xca-\x00\x04\xa5known\x04\x92\xa4chat\xa5pager\x9c\x07\x01\x01\x02\x02\x01\x03\x02\x01\x82\xa8s"
        b"ilenced\x02\xaagroup_wait\x02\xa4chat\x01\xa2w1\xb9by service"
        b" merges no more\x91\xb00123456789abcdef\xcf\x00\x00\x01\xa3\x18]"
        b":`\x92\x97\xa8DiskFull\xabdead_letter\xb3chat: token_re"
        b"voked\x02\x91\xa4chat\xc3\xc3\x97\xa4Slow\xa8unrouted\xd9#no route "
        b"names a destination for it\x01\x90\xc2\xc2",
    ),
    Golden(
        records.NEW_INCIDENT,
        load_incident,
        dump,
        b"\x01\xdc\x00\x15\xa2i2\xcf\x00\x00\x01\xa3\x18\\P\x00\xa0\x90\x90\x01\x00\xcf\x00\x00"
        b"\x01\xa3\x18\\P\x00\xcf\x00\x00\x01\xa3\x18\\P\x00\x80\xa0\x00\xc0\xc0\x00\x90\x9c"
        b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\xa0\x00\xa0\xa0\x90\x00",
    ),
    Golden(records.LEDGER, load_ledger, dump, with_way(with_updates(LEDGER_OF_26_FIELDS))),
    Golden(records.NEW_LEDGER, load_ledger, dump, with_updates(NEW_LEDGER_OF_26_FIELDS)),
    Golden(
        records.CONTROLS,
        load_controls,
        dump,
        b'\x01\x94\x04\x92\x9e\xa2s1\x92\xadservice="pay"\xadenv!~dev|test\xcf\x00\x00\x01\xa3'
        b"\x18\\P\x00\xcf\x00\x00\x01\xa3\x18\x93>\x80\xa4anna\xa7upgrade\xa5OPS-1\xcf\x00\x00"
        b"\x01\xa3\x18%a\x80\x91\xacoffice-hours\xc3\xa3ben\xa4carl\xcf\x00\x00\x01\xa3\x18]:`"
        b"\x03\x9e\xa2s2\x90\xcf\x00\x00\x01\xa3\x18\\P\x00\xcf\x00\x00\x01\xa3\x18\x93>\x80"
        b"\xa3ben\xa0\xa0\x00\x90\xc2\xa0\xa0\x00\x00\x95\xa4anna\xcf\x00\x00\x01\xa3\x18\\P"
        b"\x00\xcf\x00\x00\x01\xa3\x18\x93>\x80\xa8too loud\x02\x95\xa3ben\xcf\x00\x00\x01\xa3"
        b"\x18\\P\x00\xcf\x00\x00\x01\xa3\x18]:`\xa0\x00",
    ),
    Golden(
        records.NO_CONTROLS,
        load_controls,
        dump,
        b"\x01\x94\x00\x90\xc0\xc0",
    ),
    Golden(
        records.WATCHDOG,
        load_watchdog_state,
        dump,
        b"\x01\x94\xcf\x00\x00\x01\xa3\x18\\P\x00\xcf\x00\x00\x01\xa3\x18\x93>\x80\xcf\x00\x00"
        b"\x01\xa3\x18]:`\x81\xa9alertname\xb3GatewaySourceSilent",
    ),
    Golden(
        records.NEW_WATCHDOG,
        load_watchdog_state,
        dump,
        b"\x01\x94\xcf\x00\x00\x01\xa3\x18\\P\x00\xcf\x00\x00\x01\xa3\x18\\P\x00\x00\x80",
    ),
    Golden(
        records.SOURCE,
        load_source_state,
        dump,
        b"\x01\x95\x81\xb3eu/0123456789abcdef\xcf\x00\x00\x01\xa3\x18\\P\x00\x81\xb3eu/fedcba98"
        b"76543210\xcf\x00\x00\x01\xa3\x18]:`\x81\xb3eu/0123456789abcdef\xb7silence 1 of the so"
        b"urce\x81\xb0http://am-0:9093\x0c\xcf\x00\x00\x01\xa3\x18\x93>\x80",
    ),
    Golden(
        records.NEW_SOURCE,
        load_source_state,
        dump,
        b"\x01\x95\x80\x80\x80\x80\x00",
    ),
    Golden(
        records.SHIPPED,
        load_shipped,
        dump,
        b"\x01\x95\xaf1800000000000-1*d\x02\xcf\x00\x00\x01\xa3\x18\\P\x00",
    ),
    Golden(
        records.NEW_SHIPPED,
        load_shipped,
        dump,
        b"\x01\x95\xa0\x00\xcc\xc8\x00\x00",
    ),
    Golden(
        records.REFUSALS,
        load_refusals,
        dump,
        b"\x01\x91\x81\xd9 place slack SLACK_BOT_TOKEN #pay\x9b\xa5place\xa9not_found\xae"
        b"not_in_channel\x91\xafSLACK_BOT_TOKEN\xa67 5a0c\xcf\x00\x00\x01\xa3\x18\\P\x00\xcf"
        b"\x00\x00\x01\xa3\x18]:`\xcf\x00\x00\x01\xa3\x18\x93>\x80\x02\xaci1|chat:#pay\xc3",
    ),
    Golden(
        records.NO_REFUSALS,
        load_refusals,
        dump,
        b"\x01\x91\x80",
    ),
    Golden(
        records.TRUNCATED,
        load_truncated,
        dump_truncated,
        b"\x01\x91\x81\xb3eu/0123456789abcdef\x94%\xcf\x00\x00\x01\xa3\x18\\P\x00\xcf\x00\x00\x01\xa3\x18]:`\x92\xa2i1\xa2i2",
    ),
    Golden(
        records.TURNED_AWAY,
        load_turned_away,
        dump_turned_away,
        b"\x01\x91\x92\x98\xa2eu\xa9malformed\xcf\x00\x00\x01\xa3\x18\\P\x00\xcf\x00\x00\x01\xa3\x18]:`\x03\x03"
        b"\xbaalerts[].labels: no labels\x91\x94\xa810.0.0.7\xb3Alertmanager/0.28.1\x03\xcf\x00\x00\x01\xa3\x18]:`"
        b"\x98\xa0\xacunauthorized\xcf\x00\x00\x01\xa3\x18\\P\x00\xcf\x00\x00\x01\xa3\x18\\P\x00\x01\x04\xa6POST /\x90",
    ),
    Golden(
        Quarantined("eu", "$.alerts[0].labels", "is no map", b"\xff{}", True, Reason.OUTSIDE_SOURCE, True),
        load_quarantined,
        msgspec.msgpack.encode,
        b"\x87\xa6source\xa2eu\xa5field\xb2$.alerts[0].labels\xa5error\xa9is no map\xa3raw\xc4\x03\xff{}"
        b"\xa5whole\xc3\xa6reason\xaeoutside_source\xa5event\xc3",
    ),
    Golden(
        Quarantined("eu", "", "is no JSON", b"x"),
        load_quarantined,
        msgspec.msgpack.encode,
        b"\x87\xa6source\xa2eu\xa5field\xa0\xa5error\xaais no JSON\xa3raw\xc4\x01x\xa5whole\xc2"
        b"\xa6reason\xa9malformed\xa5event\xc2",
    ),
    Golden(
        RuleGeneration(7, "abc", records.AT),
        load_rule_generation,
        RuleGeneration.dump,
        b"7 abc 1800000000000",
    ),
    Golden(records.AT, load_heartbeat, lambda at: b"%d" % at, b"1800000000000"),
    Golden(
        ClosedLane(records.AT, records.AT + 60_000),
        load_closed_lane,
        ClosedLane.dump,
        b"1800000000000 1800000060000",
    ),
    Golden(
        ("i3", "i2", "i1"),
        lambda raw: named_incidents(raw.decode()),
        lambda names: announce(names[0], names[1:]).encode(),
        b"i3 i2 i1",
    ),
]


@pytest.mark.parametrize(
    "golden", GOLDEN, ids=lambda golden: f"{type(golden.meaning).__name__}-{len(golden.stored)}"
)
def test_what_an_earlier_version_stored_is_read_and_written_byte_for_byte(golden: Golden) -> None:
    assert golden.load(golden.stored) == golden.meaning
    for written in (golden.write(golden.meaning), golden.write(golden.load(golden.stored))):
        assert without_new_fields(written, golden) == golden.stored


def without_new_fields(written: bytes, golden: Golden) -> bytes:
    """What was written, without the fields that were added behind since: an earlier version passes these
    over.
    """
    if golden.write not in (dump, dump_truncated):
        return written
    today, then = (msgspec.msgpack.decode(record[1:]) for record in (written, golden.stored))
    return FORMAT + msgspec.msgpack.encode(_without_new(today, then))


def _without_new(today: Any, then: Any) -> Any:
    """Leave out what was added behind, of records inside of records too."""
    if isinstance(today, list) and isinstance(then, list):
        return [_without_new(*pair) for pair in zip(today, then, strict=False)]
    if isinstance(today, dict) and isinstance(then, dict):
        return {name: _without_new(value, then[name]) for name, value in today.items()}
    return today


@pytest.mark.parametrize(
    ("stored", "meaning"),
    [(LEDGER_OF_26_FIELDS, records.LEDGER), (NEW_LEDGER_OF_26_FIELDS, records.NEW_LEDGER)],
    ids=["told", "new"],
)
def test_a_ledger_of_before_updates_were_counted_is_read(stored: bytes, meaning: Any) -> None:
    assert load_ledger(stored) == meaning


RECORDS = [golden for golden in GOLDEN if golden.write is dump]


@pytest.mark.parametrize(
    "golden", RECORDS, ids=lambda golden: f"{type(golden.meaning).__name__}-{len(golden.stored)}"
)
def test_a_field_that_a_newer_version_added_is_left_out(golden: Golden) -> None:
    today = msgspec.msgpack.decode(golden.write(golden.meaning)[1:])
    newer = msgspec.msgpack.encode([*today, "of the next version"])
    assert golden.load(FORMAT + newer) == golden.meaning


@pytest.mark.parametrize(
    "golden", RECORDS, ids=lambda golden: f"{type(golden.meaning).__name__}-{len(golden.stored)}"
)
def test_a_record_of_another_format_is_refused_and_its_number_named(golden: Golden) -> None:
    with pytest.raises(ValueError, match="format 02 was written by a newer gateway"):
        golden.load(b"\x02" + golden.stored[1:])


SUBJECTS = {
    "plan:i1": Subject.plan("i1"),
    "deliver:chat:#pay|i1": Subject.deliver("chat:#pay", "i1"),
    "expire:i1": Subject.expire("i1"),
    "expire:alert:a1": Subject.expire_alert("a1"),
    "audit:siem": Subject.audit("siem"),
    "poll:eu": Subject.poll("eu"),
    "watchdog:eu": Subject.watchdog("eu"),
    "sweep:rules": agenda.NEW_RULES,
    "sweep:orders": agenda.NEW_CONTROLS,
    "sweep:posts": agenda.LATE_TOPICS,
    "tend:silences": agenda.SILENCE_UPKEEP,
    "log:incidents": agenda.TOLD_IN_LOG,
    "probe:refused": agenda.REFUSED,
    "probe:unasked": agenda.UNASKED,
    "digest:payments": Subject.digest("payments"),
    "compact:2026-12-01": Subject.compact("2026-12-01"),
}


@pytest.mark.parametrize(("text", "subject"), SUBJECTS.items())
def test_a_subject_of_the_agenda_keeps_its_text(text: str, subject: Subject) -> None:
    assert str(subject) == text
    assert Subject.parse(text) == subject


def test_there_is_a_golden_text_of_every_kind_of_subject() -> None:
    assert {subject.kind for subject in SUBJECTS.values()} == set(SubjectKind)


def test_the_rows_of_single_values_keep_their_names() -> None:
    assert [
        cells.RULES,
        cells.CONTROLS,
        cells.SWEPT,
        cells.CREDENTIALED,
        cells.REFUSALS,
        cells.PROBE_TURNS,
        cells.shipped_cell("siem"),
        cells.watchdog_cell("eu"),
        cells.heartbeat_cell("eu"),
        cells.source_state_cell("eu"),
        ledger_cell("i1", "chat:#pay"),
    ] == [
        ("meta", "rules"),
        ("meta", "orders"),
        ("meta", "orders_swept"),
        ("meta", "credentialed"),
        ("meta", "refusals"),
        ("meta", "probe_turns"),
        ("meta", "audit:siem"),
        ("meta", "watchdog:eu"),
        ("meta", "heartbeat:eu"),
        ("meta", "source:eu"),
        ("ledgers", "i1|chat:#pay"),
    ]


STORED_WORDS = {
    Table: "alerts past copies incidents keys ledgers meta",
    NotifiedState: "none firing closed ended moved",
    Part: "message reply",
    Outcome: "opened repeated changed ended ignored quarantined",
    MemberStatus: "told undeliverable suppressed held due",
    Reason: (
        "first_firing fired_again disputed still_firing copy_added copy_ended dispute_settled "
        "last_copy_ended already_ended orphan_resolve late_resolve inferred found_at_source "
        "malformed too_old outside_source delivered unrouted severity_none page_when "
        "closed_by_hand maintenance muted heartbeat inhibited silenced paused inhibit_wait "
        "hold_resolves ended_untold group_wait update_interval dead_letter template_value "
        "waiting_to_send"
    ),
}


@pytest.mark.parametrize("words", STORED_WORDS, ids=lambda words: words.__name__)
def test_the_words_of_records_counters_and_log_entries_never_change(words: Any) -> None:
    assert set(STORED_WORDS[words].split()) <= {word.value for word in words}


def test_severities_are_stored_as_these_numbers() -> None:
    assert {severity.name: severity.value for severity in Severity} == {
        "NONE": 0,
        "INFO": 1,
        "WARNING": 2,
        "ERROR": 3,
        "CRITICAL": 4,
    }
