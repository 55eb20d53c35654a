"""A mail with its headers: RFC 5322, one thread for each incident and target.

The first reference of every mail is an id that only the incident and the target determine, so that readers
find the thread even where its first mail was lost. No header holds a text that was not tamed to one line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import blake2b

from gateway.model.instants import instant
from gateway.model.ledger import MessageRef
from gateway.outbound.mail.content import Content
from gateway.outbound.mail.parts import html_of, text_of
from gateway.outbound.wording import tame

# https://www.rfc-editor.org/rfc/rfc5322#section-3.6.4
_NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True, slots=True)
class Envelope:
    """The sender and the recipients, as the address of an endpoint has them:
    `alerts@example.org>ops@example.org,dev@example.org`.
    """

    sender: str
    recipients: tuple[str, ...]

    @classmethod
    def parse(cls, address: str) -> Envelope:
        sender, _, recipients = address.partition(">")
        return cls(sender, tuple(recipients.split(",")))

    def __str__(self) -> str:
        return f"{self.sender}>{','.join(self.recipients)}"

    @property
    def domain(self) -> str:
        return self.sender.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class MessageIds:
    """The ids in one mail's headers: its own, those of its thread, and that of the mail that it answers, if
    it does.
    """

    own: str
    thread: tuple[str, ...]
    answered: str = ""

    @property
    def references(self) -> tuple[str, ...]:
        return (*self.thread, self.answered) if self.answered else self.thread


def message_ids(
    attempt: str, incidents: tuple[str, ...], envelope: Envelope, message_ref: MessageRef | None = None
) -> MessageIds:
    """Return the mail's Message-ID, made from its attempt: a repeat of the same mail has the same id.

    `incidents` ends with the mail's own. An incident that goes on from another goes on in its thread.
    """
    own = f"<{_safe(attempt)}.{_safe(incidents[-1])}@{envelope.domain}>"
    thread = tuple(thread_id(incident, envelope) for incident in incidents)
    return MessageIds(own, thread, message_ref.id if message_ref else "")


def thread_id(incident: str, envelope: Envelope) -> str:
    """Return the id that all mails of one incident to these recipients refer to."""
    target = blake2b(str(envelope).encode(), digest_size=6).hexdigest()
    return f"<{_safe(incident)}.{target}@{envelope.domain}>"


def incident_of(message_ref: MessageRef) -> str:
    """Return the incident that a mail's id names."""
    return message_ref.id.strip("<>").partition("@")[0].partition(".")[2]


def compose_mail(content: Content, envelope: Envelope, ids: MessageIds, sent_at: int) -> EmailMessage:
    """Compose a mail with a text part and an HTML part, sent at `sent_at` (ms)."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = envelope.sender
    mail["To"] = ", ".join(envelope.recipients)
    mail["Subject"] = tame(content.headline)
    mail["Date"] = format_datetime(instant(sent_at))
    mail["Message-ID"] = ids.own
    if ids.answered:
        mail["In-Reply-To"] = ids.answered
    mail["References"] = " ".join(ids.references)
    # No autoresponder answers: https://www.rfc-editor.org/rfc/rfc3834#section-5 and, for Exchange,
    # https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxcmail
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(_encodable(text_of(content)), cte="quoted-printable")
    mail.add_alternative(_encodable(html_of(content)), subtype="html", cte="quoted-printable")
    return mail


def _safe(text: str) -> str:
    return _NOT_IN_AN_ID.sub("-", text)


def _encodable(text: str) -> str:
    """Replace halves of surrogate pairs, which UTF-8 cannot hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
