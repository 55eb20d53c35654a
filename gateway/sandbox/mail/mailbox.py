"""The mails that arrived, as a reader sees them: each Message-ID once, in threads."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

MAILS_KEPT = 5_000


@dataclass(slots=True)
class Received:
    """One mail. `repeats` counts how often it came again with the same Message-ID; `raw` is what was sent."""

    at: datetime
    sender: str
    recipients: tuple[str, ...]
    message_id: str
    references: tuple[str, ...]
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    raw: bytes
    repeats: int = 0

    @classmethod
    def read(cls, at: datetime, sender: str, recipients: tuple[str, ...], raw: bytes) -> Received:
        mail = message_from_bytes(raw, policy=policy.default)
        return cls(
            at=at,
            sender=sender,
            recipients=recipients,
            message_id=str(mail["Message-ID"] or ""),
            references=tuple(str(mail["References"] or "").split()),
            subject=str(mail["Subject"] or ""),
            text=_part(mail, "plain"),
            html=_part(mail, "html"),
            headers={name: str(value) for name, value in mail.items()},
            raw=raw,
        )

    @property
    def ids(self) -> set[str]:
        """Its own id and all that it refers to, by which readers put mails together."""
        return {self.message_id, *self.references}


class Mailbox:
    """Keeps the newest mails in the order in which they came."""

    def __init__(self) -> None:
        self._kept: deque[Received] = deque(maxlen=MAILS_KEPT)

    def take(self, mail: Received) -> bool:
        """Keep a mail. Return whether it had come before: then it is only counted, as most readers show it
        once.
        """
        known = next((kept for kept in self._kept if kept.message_id == mail.message_id), None)
        if known is None:
            self._kept.append(mail)
            return False
        known.repeats += 1
        return True

    def reset(self) -> None:
        self._kept.clear()

    @property
    def received(self) -> list[Received]:
        return [*self._kept]

    @property
    def threads(self) -> list[list[Received]]:
        """The mails by thread; the thread with the newest mail comes first."""
        threads: list[tuple[set[str], list[Received]]] = []
        for mail in self._kept:
            together = [thread for thread in threads if thread[0] & mail.ids]
            ids = mail.ids.union(*(known for known, _ in together))
            mails = [*(earlier for _, thread in together for earlier in thread), mail]
            threads = [*(thread for thread in threads if thread not in together), (ids, mails)]
        return [mails for _, mails in threads[::-1]]


def _part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()) if part is not None else ""
