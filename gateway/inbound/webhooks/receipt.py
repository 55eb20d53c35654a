"""The receipt of one webhook: its line in the log, and the note of what was turned away."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from http import HTTPStatus

import msgspec
import structlog

from gateway.inbound.webhooks.responses import OK, WebhookResponse
from gateway.inbound.webhooks.unknown_senders import Note
from gateway.intake.parse_webhook import Parsed
from gateway.model.turned_away import Sender, TurnedAwayReason
from gateway.model.verdict import Outcome, Taken, counted_verdicts

log = structlog.get_logger("gateway.inbound")

MAX_RECEIVER_LOGGED, MAX_FAULT_LOGGED, MAX_ERROR_LOGGED = 200, 300, 300  # characters
GROUP_HASH_BYTES = 4  # a group key holds labels of any length; its hash is enough to find lines of one group
# Answers that Alertmanager takes for the end of it, to what a known source sent
REFUSED_FOR_GOOD = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


class Receipt(msgspec.Struct, frozen=True):
    """One webhook with its answer. `source` is empty, and `parsed` None, where it did not come so far.

    `verdicts` are those of the alerts that were taken.
    """

    response: WebhookResponse
    source: str = ""
    parsed: Parsed | None = None
    verdicts: Sequence[Taken] = ()

    def log(self, sender: Sender, elapsed: float) -> None:
        """Write one line: info when all of it was taken, else a warning with the first fault."""
        response, parsed = self.response, self.parsed
        facts: dict[str, object] = {
            "status": response.status,
            "reason": response.reason,
            "alerts": response.alerts,
            "seconds": round(elapsed, 3),
        }
        if self.source:
            facts["source"] = self.source
        if parsed is not None:
            group = blake2b(parsed.group.encode("utf-8", "replace"), digest_size=GROUP_HASH_BYTES).hexdigest()
            facts["receiver"], facts["group"] = parsed.receiver[:MAX_RECEIVER_LOGGED], group
            if response.status == OK:
                self._count_decided(parsed, facts)
            if parsed.truncated:
                facts["truncated"] = parsed.truncated
            if parsed.quarantined:
                facts["quarantined"] = len(parsed.quarantined)
                facts["first_fault"] = parsed.quarantined[0].fault[:MAX_FAULT_LOGGED]
        if response.status == OK and parsed is not None and not self._incomplete:
            log.info("webhook_received", **facts)
            return
        facts |= {"address": sender.address, "user_agent": sender.user_agent}
        if response.status == OK:
            log.warning("webhook_received", **facts)
            return
        facts |= {"error": response.error[:MAX_ERROR_LOGGED]} if response.error else {}
        log.warning("webhook_refused", **facts)

    def _count_decided(self, parsed: Parsed, facts: dict[str, object]) -> None:
        """Add counts of what was decided of the alerts, and of why some of them reach nobody."""
        kept = [
            Taken(quarantined.source, Outcome.QUARANTINED, quarantined.reason)
            for quarantined in parsed.quarantined
            if not quarantined.whole
        ]
        if verdicts := counted_verdicts((*self.verdicts, *kept)):
            facts["verdicts"] = verdicts
        lost: dict[str, int] = {}
        for loss in parsed.lost:
            lost[loss.reason.value] = lost.get(loss.reason.value, 0) + 1
        if parsed.truncated:
            lost[TurnedAwayReason.TRUNCATED.value] = parsed.truncated
        if lost:
            facts["turned_away"] = lost

    @property
    def _incomplete(self) -> bool:
        """Return whether something of it reaches nobody though it was answered 200."""
        return self.parsed is not None and bool(self.parsed.quarantined or self.parsed.truncated)

    def note(self, note: Note, sender: Sender) -> None:
        """Note what was turned away. After a 503 the sender comes again, so nothing is lost with it."""
        response, parsed = self.response, self.parsed
        if response.status in REFUSED_FOR_GOOD:
            note(self.source, TurnedAwayReason(response.reason), sender, response.error)
        if response.status != OK or parsed is None:
            return
        if parsed.truncated:
            note(self.source, TurnedAwayReason.TRUNCATED, sender, "", times=parsed.truncated)
        for reason in dict.fromkeys(loss.reason for loss in parsed.lost):
            losses = [loss for loss in parsed.lost if loss.reason is reason]
            note(
                self.source,
                reason,
                sender,
                losses[0].error,
                times=len(losses),
                severity=max(loss.severity for loss in losses),
            )
