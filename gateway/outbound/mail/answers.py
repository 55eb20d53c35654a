"""Judge an SMTP server's answers: certainly not taken, and why; or nobody knows.

The codes: https://www.rfc-editor.org/rfc/rfc5321#section-4.2.3 and, for logins,
https://www.rfc-editor.org/rfc/rfc4954#section-6. A refused login, sender or recipient is the
trouble of the destination: one mail at a time asks whether it is over, and the others wait. Trouble with TLS
may pass by itself, so each mail is tried again.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from gateway.model.notification import Refused, Unanswered
from gateway.outbound.wording import shorten, tame

RETRY_AFTER = 60_000  # ms: a login that is tried more often may be locked
AUTH_CODES = frozenset({530, 534, 535, 538})  # RFC 4954, section 6


class Stage(StrEnum):
    """The step of a mail transaction that a server answers."""

    CONNECT = "connect"
    TLS = "tls"
    LOGIN = "login"
    SENDER = "sender"
    DATA = "data"


def judge(stage: Stage, code: int, text: str) -> Refused:
    """Return what a code of 400 or more means."""
    said = _said(code, text)
    if code in AUTH_CODES and stage is not Stage.DATA:
        # https://www.rfc-editor.org/rfc/rfc4954#section-6. The text may repeat the user, so it is not shown.
        return Refused("auth", str(code), permanent=True, retry_after=RETRY_AFTER)
    if code < 500:
        # "The command was not accepted … the action may be requested again", RFC 5321, section 4.2.1: also a
        # limit of its rate.
        return Refused("unavailable", said)
    if stage is Stage.DATA:
        # The content is refused (too large, taken for spam): it will not be taken when sent again. RFC 5321,
        # section 4.2.5.
        return Refused("invalid", said, permanent=True)
    if stage is Stage.SENDER:
        # "550 5.7.1 … not allowed to send as", RFC 5321, section 3.3: whoever runs the server has to allow
        # the sender.
        return Refused("sender", said, permanent=True, retry_after=RETRY_AFTER)
    if stage is Stage.LOGIN:
        return Refused("auth", said, permanent=True, retry_after=RETRY_AFTER)
    return Refused("tls" if stage is Stage.TLS else "unavailable", said, retry_after=RETRY_AFTER)


def judge_recipients(refused: Mapping[str, tuple[int, str]]) -> Refused:
    """Judge a mail if no recipient was accepted. The server answers each by itself: RFC 5321, section 3.3."""
    said = describe_recipients(refused)
    if any(code < 500 for code, _ in refused.values()):
        # A full mailbox or greylisting: at least one of them may be taken later.
        return Refused("unavailable", said)
    return Refused("not_found", said, permanent=True)


def describe_recipients(refused: Mapping[str, tuple[int, str]]) -> str:
    """Name the recipients that were refused; empty where none was."""
    said = {recipient: _said(code, text) for recipient, (code, text) in refused.items()}
    return "; ".join(f"{recipient} was refused: {why}" for recipient, why in said.items())


def cut(stage: Stage, reason: str) -> Refused | Unanswered:
    """Return what it means that the connection broke or the time was over.

    Once the content is under way nobody knows whether the server has taken it:
    https://www.rfc-editor.org/rfc/rfc1047
    """
    return Unanswered(reason) if stage is Stage.DATA else Refused("unavailable", f"{reason} at {stage.value}")


def _said(code: int, text: str) -> str:
    return f"{code} {shorten(tame(text), 200)}".strip()
