"""Where a destination has no credential: what would be sent is written to the log, loudly, and shown by the API."""

from __future__ import annotations

import structlog

from gateway.model.ledger import Note, Remote, Through
from gateway.model.telling import Answer, Delivered, Found, Look, Telling

SUMMARIES = 3

log = structlog.get_logger("gateway.outbound")


class LogNotifier:
    """Takes everything; nobody is told but those who read the log."""

    settles_by_looking = False
    takes_notes = False

    async def tell(self, through: Through, secret: str, telling: Telling, *, attempt: str, remote: Remote | None) -> Answer:
        del secret
        log.warning(
            "not_sent_no_credential",
            target=telling.target,
            missing=through.secret,
            incident=telling.incident,
            state=telling.state.value,
            severity=telling.severity.word,
            title=telling.title,
            where=telling.where,
            summaries=list(dict.fromkeys(line.summary for line in telling.lines if line.summary))[:SUMMARIES],
            firing=telling.firing,
            page=telling.page,
            remedy=f"set {through.secret}",
        )
        return Delivered(remote or Remote(f"log-{attempt}"))

    async def reply(
        self, through: Through, secret: str, notes: tuple[Note, ...], *, attempt: str, remote: Remote, mentions: tuple[str, ...]
    ) -> Answer:
        del secret, attempt, mentions
        log.warning("not_sent_no_credential", missing=through.secret, said=[note.text for note in notes])
        return Delivered(remote)

    async def look(
        self, through: Through, secret: str, *, attempts: tuple[str, ...], since: int, remote: Remote | None
    ) -> Look:
        del through, secret, attempts, since, remote
        return Found({})

    async def withdraw(self, through: Through, secret: str, remote: Remote) -> Answer:
        del through, secret
        return Delivered(remote)
