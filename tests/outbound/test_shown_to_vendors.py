"""No vendor is sent what would act on those who are shown it, wherever it stood in an alert."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from gateway.model.audit_trail import Batch, LoggedEntry
from gateway.model.changes import LogEntry
from gateway.model.ledger import Note
from gateway.model.notification import AlertLine, Notification
from gateway.outbound.mail.content import content_of
from gateway.outbound.mail.message import Envelope, compose_mail, message_ids
from gateway.outbound.pagerduty import event
from gateway.outbound.slack import blocks
from gateway.outbound.webhook import body
from tests.outbound.notifications import NOW, line, notification

ACTS = "\x1b]52;c;ZXZpbA==\x1b\\\x1b[2J\u202e\x9b31m\x07\u200b"
ACTING = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b\u202e]")


def hostile() -> Notification:
    """A notification with such characters in every text that it has."""
    alert = _with_acts(line(annotations={f"a{ACTS}": ACTS}, labels={f"pod{ACTS}": f"x{ACTS}"}), AlertLine)
    whole = notification(lines=(alert,), where={f"cluster{ACTS}": f"eu{ACTS}"})
    return _with_acts(whole, Notification, "incident", "target")


def _with_acts(value: Any, kind: type, *kept: str) -> Any:
    texts = {
        field.name: f"x{ACTS}y"
        for field in msgspec.structs.fields(kind)
        if field.name not in kept and isinstance(getattr(value, field.name), str) and field.type is str
    }
    return msgspec.structs.replace(value, **texts)


def texts_in(found: Any) -> str:
    """Return every text of a value, the names in it too."""
    if isinstance(found, dict):
        return "".join(f"{texts_in(name)}{texts_in(value)}" for name, value in found.items())
    if isinstance(found, (list, tuple)):
        return "".join(map(texts_in, found))
    return found if isinstance(found, str) else ""


def slack() -> str:
    notes = blocks.render_notes([Note(f"n{ACTS}", NOW)], ())
    shown = (blocks.render(hostile()), blocks.render_plainly(hostile()), notes)
    return texts_in([(rendered.text, rendered.blocks) for rendered in shown])


def pagerduty() -> str:
    return texts_in(event.render(hostile()))


def mail() -> str:
    envelope = Envelope("alerts@shop.example", ("ops@shop.example",))
    written = compose_mail(content_of(hostile()), envelope, message_ids("a1", ("inc1",), envelope), NOW)
    parts = [str(part.get_content()) for part in written.walk() if part.get_content_maintype() == "text"]
    return "".join([str(written["Subject"]), *parts])


def webhook() -> str:
    return texts_in(
        [
            json.loads(sent)
            for sent in (body.render(hostile()), body.render_notes("k", [Note(ACTS, NOW)], NOW))
        ]
    )


def audit() -> str:
    entry = LoggedEntry("1-0", NOW, LogEntry("inc1", "silenced", {"why": ACTS, "by": f"ann{ACTS}"}))
    return texts_in(json.loads(body.render_batch(Batch("id", "hook", 0, (entry,), 0), NOW)))


@pytest.mark.parametrize("sent", [slack, pagerduty, mail, webhook, audit])
def test_what_acts_on_a_reader_reaches_no_vendor(sent: Callable[[], str]) -> None:
    written = sent()
    assert not ACTING.search(written)
    assert "52;c" not in written
    assert written
