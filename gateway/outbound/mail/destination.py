"""Mail as a kind of destination: what a rule says of its readers, and the pace of mails.

The rule's key is `email`, as in Alertmanager's `email_configs`. The folder has another name than Python's
own package `email`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from gateway.model.durations import MINUTE
from gateway.model.lanes import Pace
from gateway.model.rules.destination import Integration, Interrupts, UpdateLimit
from gateway.outbound.kind import DestinationKind, RuleKey, Values, ValueType
from gateway.outbound.mail.message import Envelope

SMTP_URL = "GATEWAY_SMTP_URL"
PACE = Pace(1_000, 10)  # a mailbox is no chat: servers of providers take some dozens of mails a minute
MOST_RECIPIENTS = 100  # https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.8
# The unquoted ASCII addresses of https://www.rfc-editor.org/rfc/rfc5321#section-4.1.2, without `|`, which
# separates targets.
ADDRESS = (
    r"[A-Za-z0-9!#$%&'*+/=?^_`{}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{}~-]+)*"
    r"@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
ADDRESS_EXAMPLE = "an address such as ops@example.org"
REMEDIES = {
    "auth": f"are user and password in {SMTP_URL} right?",
    "tls": f"does the server speak TLS as {SMTP_URL} says, with a certificate for that name "
    "that this machine trusts?",
    "sender": "allow the address in `from` at the server, or name another",
    "not_found": "are the addresses in `to` right?",
}


@dataclass(frozen=True, slots=True)
class Mailbox(Integration):
    """The readers of one destination, and the address that mails to them come from."""

    kind: ClassVar[str] = "email"
    label: ClassVar[str] = "mail"
    interrupts: ClassVar[Interrupts] = Interrupts.NEVER
    shows_quiet: ClassVar[bool] = False  # "nothing fires now" is no news that is worth a mail
    takes_proxy: ClassVar[bool] = False  # SMTP goes through no proxy of HTTP
    update_limit: ClassVar[UpdateLimit | None] = UpdateLimit(interval=15 * MINUTE, most=6)
    recipients: tuple[str, ...]
    sender: str

    @property
    def credentials(self) -> tuple[str, ...]:
        return (SMTP_URL,)

    @property
    def address(self) -> str:
        return str(Envelope(self.sender, self.recipients))

    @property
    def place(self) -> object:
        return frozenset(self.recipients)


def _make(values: Values) -> Mailbox:
    return Mailbox(tuple(dict.fromkeys(values["to"])), values["from"])


def _problems(values: Values) -> Iterable[tuple[str, str]]:
    if not values["to"]:
        yield "to", "`to` is empty: nobody would read these mails"
    elif len(values["to"]) > MOST_RECIPIENTS:
        yield "to", f"a mail has at most {MOST_RECIPIENTS} recipients: name the address of a list"


def _any_server(secret: str) -> str:
    """Recipients are the place: a mail ends by whatever server is set, whichever had sent the one before it."""
    del secret
    return ""


EMAIL = DestinationKind(
    integration=Mailbox,
    keys={
        "to": RuleKey(
            ValueType.TEXTS,
            missing="[ops@example.org], whoever is to read the mails",
            pattern=ADDRESS,
            expected=ADDRESS_EXAMPLE,
            description="the addresses of the readers",
        ),
        "from": RuleKey(
            ValueType.TEXT,
            missing="alerts@example.org, the address that the mails come from",
            pattern=ADDRESS,
            expected=ADDRESS_EXAMPLE,
            description="the address that the mails come from",
        ),
    },
    make=_make,
    problems=_problems,
    pace=PACE,
    wiring_module="gateway.outbound.mail.wiring",
    remedies=REMEDIES,
    place_in_secret=_any_server,
    shared_credentials=(SMTP_URL,),
    granted_credentials=(SMTP_URL,),
)
