"""Records are read back by this release, the one before, and the next."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from gateway.model.audit_trail import Shipped
from gateway.model.controls import Controls
from gateway.model.incident import Incident
from gateway.model.ledger import Ledger
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


@pytest.mark.parametrize(("record", "load"), RECORDS)
def test_a_field_that_a_newer_gateway_added_is_passed_over(record: object, load: Callable[[bytes], object]) -> None:
    fields = msgspec.msgpack.decode(dump(record)[1:])  # type: ignore[arg-type]
    assert load(FORMAT + msgspec.msgpack.encode([*fields, "from a newer gateway"])) == record


def test_a_field_that_an_older_gateway_did_not_write_has_its_default() -> None:
    fields = msgspec.msgpack.decode(dump(incident(alert()))[1:])
    without = fields[: Incident.__struct_fields__.index("values")]
    assert load_incident(FORMAT + msgspec.msgpack.encode(without)).targets == ()


def test_a_record_of_another_format_is_refused_and_not_guessed() -> None:
    with pytest.raises(ValueError, match="a record of format 02 was written by a newer gateway"):
        load_alert(b"\x02" + dump(alert())[1:])
