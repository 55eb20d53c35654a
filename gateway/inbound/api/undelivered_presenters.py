"""Records of what did not get through are turned into the models of the API here."""

from __future__ import annotations

import msgspec

from gateway.decisions.delivery.refusals import cause_of_dead_letter
from gateway.inbound.api.presenters import show_target
from gateway.inbound.api.undelivered_models import DeadLetterShown, QuarantinedShown
from gateway.model.changes import QuarantineEntry
from gateway.model.instants import instant_or_none
from gateway.model.ledger import Ledger
from gateway.model.notification import Refused
from gateway.model.quarantined import Quarantined
from gateway.model.refusals import Refusals
from gateway.outbound.registry import DESTINATION_KINDS


def show_dead_letter(ledger: Ledger, title: str, refusals: Refusals) -> DeadLetterShown:
    refusal = refusals.causes.get(cause_of_dead_letter(ledger))
    return DeadLetterShown(
        incident=ledger.incident,
        title=title,
        severity=ledger.refused.severity.word,
        asked_again_at=instant_or_none(refusal.next_try)
        if refusal is not None and not refusal.probe
        else None,
        remedy=_remedy(ledger),
        **show_target(ledger).model_dump(),
    )


def _remedy(ledger: Ledger) -> str:
    """Say what to do about a dead letter, in the words that `gateway doctor` has for the same refusal."""
    endpoint = ledger.endpoint
    kind = DESTINATION_KINDS.get(endpoint.kind) if endpoint is not None else None
    if endpoint is None or kind is None:
        return ""
    detail = ledger.error if ledger.error != ledger.dead else ""
    return kind.remedy(Refused(ledger.dead, detail, permanent=True), endpoint.secret)


def show_quarantined(entry: QuarantineEntry, last_seen: int, times: int) -> QuarantinedShown:
    quarantined = msgspec.msgpack.decode(entry.value, type=Quarantined)
    return QuarantinedShown(
        id=entry.id,
        source=quarantined.source,
        field=quarantined.field,
        error=quarantined.error,
        whole_body=quarantined.whole,
        alertname=quarantined.label("alertname"),
        severity=quarantined.label("severity"),
        times=times,
        last_seen=instant_or_none(last_seen),
        raw=quarantined.raw.decode("utf-8", "replace"),
    )
