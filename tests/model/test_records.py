"""Records are read back by this release, the one before, and the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, get_type_hints

import msgspec
import pytest
from msgspec.structs import replace

from gateway.model.alert import Alert, Copy
from gateway.model.audit_trail import Shipped
from gateway.model.controls import Controls, Silence
from gateway.model.hidden import Hidden
from gateway.model.incident import Incident
from gateway.model.ledger import Intent, LastNotified, Ledger, Note, Part
from gateway.model.records import (
    FORMAT,
    dump,
    load_alert,
    load_controls,
    load_incident,
    load_ledger,
    load_shipped,
    load_source_state,
    load_watchdog_state,
)
from gateway.model.source_peers import SourceState
from gateway.model.watchdog import WatchdogState
from tests.decisions.cases import alert, incident
from tests.support.records import (
    AT,
    NEW_ALERT,
    NEW_INCIDENT,
    NEW_LEDGER,
    NEW_SHIPPED,
    NEW_SOURCE,
    NEW_WATCHDOG,
)

RECORDS = [
    pytest.param(alert(), load_alert, id="an alert"),
    pytest.param(incident(alert()), load_incident, id="an incident"),
    pytest.param(Ledger("i1", "chat", "chat", pending_notes=()), load_ledger, id="a ledger"),
    pytest.param(SourceState({"eu/1": 5}), load_source_state, id="what is remembered of a source"),
    pytest.param(Controls(3), load_controls, id="the controls"),
    pytest.param(Shipped("7-0", 7), load_shipped, id="how far the audit trail is"),
    pytest.param(WatchdogState(1, 2), load_watchdog_state, id="a watchdog"),
]


@pytest.mark.parametrize(("record", "load"), RECORDS)
def test_a_record_is_read_back(record: object, load: Callable[[bytes], object]) -> None:
    assert load(dump(record)) == record  # type: ignore[arg-type]


NOTE = Note("a2 ended")
INTENT = Intent("t1", AT, Part.MESSAGE, 1, 1, LastNotified(), notes=(NOTE,))
WITHOUT_TIMES = [
    pytest.param(
        replace(NEW_ALERT, copies={"eu/1": Copy(firing=True, starts_at=AT)}), load_alert, id="an alert"
    ),
    pytest.param(NEW_INCIDENT, load_incident, id="an incident"),
    pytest.param(
        replace(
            NEW_LEDGER,
            intent=INTENT,
            unconfirmed=(INTENT,),
            pending_notes=(NOTE,),
            hidden=(Hidden("inhibited", "r", "Down fires", None, ("a1.1",)),),
        ),
        load_ledger,
        id="a ledger",
    ),
    pytest.param(Controls(1, (Silence("s1", (), AT, AT, "anna"),)), load_controls, id="the controls"),
    pytest.param(NEW_SOURCE, load_source_state, id="what is remembered of a source"),
    pytest.param(NEW_SHIPPED, load_shipped, id="how far the audit trail is"),
    pytest.param(NEW_WATCHDOG, load_watchdog_state, id="a watchdog"),
]


@pytest.mark.parametrize(("record", "load"), WITHOUT_TIMES)
def test_no_time_is_none_in_the_program_and_0_in_the_store(
    record: Any, load: Callable[[bytes], object]
) -> None:
    stored = dump(record)
    times = list(times_of(record, msgspec.msgpack.decode(stored[1:])))
    assert times, "every record has a field that may be no time"
    assert set(times) == {(None, 0)}
    assert load(stored) == record


def times_of(value: object, stored: Any) -> Iterator[tuple[int | None, object]]:
    """Yield each field that may be no time, of a record and all that lies in it: its value, and what is
    stored.
    """
    if isinstance(value, msgspec.Struct):
        hints = get_type_hints(type(value))
        for name, field in zip(value.__struct_fields__, stored, strict=True):
            if hints[name] == int | None:
                yield getattr(value, name), field
            else:
                yield from times_of(getattr(value, name), field)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from times_of(inner, stored[name])
    elif isinstance(value, tuple):
        for inner, field in zip(value, stored, strict=True):
            yield from times_of(inner, field)


@pytest.mark.parametrize(("record", "load"), RECORDS)
def test_a_field_that_a_newer_gateway_added_is_passed_over(
    record: object, load: Callable[[bytes], object]
) -> None:
    fields = msgspec.msgpack.decode(dump(record)[1:])  # type: ignore[arg-type]
    assert load(FORMAT + msgspec.msgpack.encode([*fields, "from a newer gateway"])) == record


def test_a_field_that_an_older_gateway_did_not_write_has_its_default() -> None:
    fields = msgspec.msgpack.decode(dump(incident(alert()))[1:])
    without = fields[: Incident.__struct_fields__.index("values")]
    assert load_incident(FORMAT + msgspec.msgpack.encode(without)).targets == ()


def test_a_record_of_another_format_is_refused_and_not_guessed() -> None:
    with pytest.raises(ValueError, match="a record of format 02 was written by a newer gateway"):
        load_alert(b"\x02" + dump(alert())[1:])


def relayed(*keys: str) -> Alert:
    copies = {key: Copy(True, 1 + at) for at, key in enumerate(keys)}
    return msgspec.structs.replace(alert(), copies=copies, spoken_by=keys[0])


@pytest.mark.parametrize(
    ("keys", "stored"),
    [
        pytest.param(["eu/f#h"], ["eu/f"], id="the version before finds it by the fingerprint"),
        pytest.param(["eu/f#h", "eu/g"], ["eu/f", "eu/g"], id="beside another"),
        pytest.param(["eu/f#h", "eu/f#i"], ["eu/f", "eu/f#i"], id="two with one fingerprint"),
        pytest.param(["eu/f", "eu/f#h"], ["eu/f", "eu/f#h"], id="the plain one has its key already"),
    ],
)
def test_a_copy_is_stored_where_the_version_before_finds_it(keys: list[str], stored: list[str]) -> None:
    record = dump(relayed(*keys))
    fields = msgspec.msgpack.decode(record[1:])
    assert list(fields[Alert.__struct_fields__.index("copies")]) == stored
    assert load_alert(record) == relayed(*keys)


def test_a_copy_that_the_version_before_wrote_again_has_lost_its_hash_alone() -> None:
    fields = msgspec.msgpack.decode(dump(relayed("eu/f#h"))[1:])
    before = fields[: Alert.__struct_fields__.index("dispute")]
    assert load_alert(FORMAT + msgspec.msgpack.encode(before)) == relayed("eu/f")
