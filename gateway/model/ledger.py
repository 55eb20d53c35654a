"""A ledger: what one target was notified of, through which endpoint, and what is open with its vendor."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from gateway.model.changes import Cell, Table
from gateway.model.credentialed import LOG
from gateway.model.hidden import Hidden
from gateway.model.incident import StatusCounts
from gateway.model.owed_page import OwedPage
from gateway.model.severity import Severity


class NotifiedState(StrEnum):
    """The state that a target was notified of last."""

    NOTHING = "none"
    FIRING = "firing"
    CLOSED = "closed"
    ENDED = "ended"
    MOVED = "moved"


NOWHERE = ""  # the kind of endpoint of what was refused before it could be sent anywhere
UNKEYED_KINDS = frozenset({"slack", LOG, NOWHERE})
"""Kinds whose vendor knows no key of ours, so that a send that is repeated blindly shows twice."""


class Endpoint(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How a target was notified, so that the end goes the same way whatever the rules say then.

    `address` is a channel id or name, a PagerDuty service, or a webhook's name; `secret` is the name of the
    credential and `secret_hash` a keyed hash of it, never the credential. `token` and `key` name what a
    webhook is shown and signed with. `url` is the vendor's address for this destination alone, and `proxy`
    the way there: `none` or a proxy. Either may be the name of a variable behind a `$`. `marked_by` names the
    key that made the hash; empty where an earlier version did.
    """

    kind: str
    address: str
    secret: str
    secret_hash: str
    token: str = ""
    key: str = ""
    url: str = ""
    proxy: str = ""
    marked_by: str = ""

    def same_place(self, other: Endpoint | None) -> bool:
        """Return whether both lead to the same place, by whatever proxy."""
        if other is None:
            return False
        alike = msgspec.structs.replace(self, proxy=other.proxy, marked_by=other.marked_by)
        # A hash that another key made cannot be compared: it shows no change.
        if other.marked_by_other_than(self.marked_by):
            alike = msgspec.structs.replace(alike, secret_hash=other.secret_hash)
        return alike == other

    def marked_by_other_than(self, key_name: str) -> bool:
        """Return whether it is known that another key than this one made the hash."""
        return bool(self.marked_by and key_name) and self.marked_by != key_name

    @property
    def keyed(self) -> bool:
        """Return whether what is sent bears a key of ours, so that a repeat is harmless, and goes to the
        place that the secret names.
        """
        return self.kind not in UNKEYED_KINDS

    @property
    def secret_names(self) -> tuple[str, ...]:
        """Return the names of all credentials that go along."""
        return tuple(name for name in (self.secret, self.token, self.key) if name)


class MessageRef(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The vendor's name of our message: Slack's channel id and ts, or PagerDuty's dedup key in `id`."""

    id: str
    channel: str = ""


class Part(StrEnum):
    """The message itself (or the page), or a reply in its thread."""

    MESSAGE = "message"
    REPLY = "reply"


class Note(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One transition that is noted in the thread.

    `broadcast` shows it in the channel too; `mention` notifies people. Of the notes that name the same `line`
    the newest takes the place of the one before: the reply is edited, which calls nobody. `call` is the kind
    of call that it is by itself, empty for none.
    """

    text: str
    broadcast: bool = False
    mention: bool = False
    at: int | None = None  # when it came to be, ms
    line: str = ""
    call: str = ""


class LastNotified(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Everything that a target was notified of.

    Two equal ones need no edit; the difference of two makes the notes for a thread.

    `members` maps episode ids to whether they were shown firing; `covers` names the failing targets that this
    one stands in for, with True while they fail.
    """

    state: NotifiedState = NotifiedState.NOTHING
    severity: Severity = Severity.NONE
    members: dict[str, bool] = {}
    acknowledged_by: str = ""
    closed_by: str = ""
    paged: bool = False
    quiet: bool = False
    covers: dict[str, bool] = {}
    silenced_after_notify: dict[str, str] = {}  # notified before, and kept from people since: why, by episode
    texts: str = ""  # a mark of the annotations that were shown
    # The silence for which we acknowledged a page, no person did, or a person's acknowledgement that has
    # lapsed; kept while anything keeps the page quiet
    covered_by: str = ""
    left_out: int = 0  # how many alerts were said to be missing, since Alertmanager did not send them
    elsewhere: int = 0  # how many alerts fire in the incidents that continue this one
    by_bypass: bool = False  # only a bypass let it through
    pages: dict[str, int] = {}  # who was paged elsewhere, by target, and when (ms), as the message says it
    message_link: str = ""  # the message to which a page leads
    rang_again: int = 0  # how often it got worse, so that people had to be called anew
    # By what people keep it quiet and until when (ms), as the
    # message says it; empty where an earlier version told it
    quieted_by: str = ""


NEVER_NOTIFIED = LastNotified()


class Intent(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A send that was begun.

    `last_notified` is what the target is notified of if the send arrived; `notes` are
    sent with it or after it.
    """

    attempt: str
    at: int
    part: Part
    generation: int
    revision: int
    last_notified: LastNotified
    notes: tuple[Note, ...] = ()
    # Makes something new at the vendor (a message, a reply): repeating it blindly would say it twice
    creates_message: bool = True
    # What is open under the key of the generation before, resolved after this
    replaces: MessageRef | None = None
    # Nobody could look whether it arrived, so that people were told once more: looked for until it is found
    given_up: bool = False


class Ledger(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The record of what one target was told of one incident; key
    `incident|target`. Times in ms, None for never.
    """

    incident: str
    target: str
    destination: str
    endpoint: Endpoint | None = None
    last_notified: LastNotified = NEVER_NOTIFIED
    generation: int = 0
    revision: int = 0
    notified_at: int | None = None
    first_notified_at: int | None = None
    message_ref: MessageRef | None = None
    intent: Intent | None = None
    # Unanswered, not found within the wait, repeated: looked for once more later
    unconfirmed: tuple[Intent, ...] = ()
    orphans: tuple[MessageRef, ...] = ()  # found later than the wait: to be withdrawn
    pending_notes: tuple[Note, ...] = ()  # notes that the thread still has to get
    attempts: int = 0
    failing_since: int | None = None
    next_try: int | None = None
    error: str = ""
    dead: str = ""  # the dead letter's reason, until retried by hand or superseded by news
    look_at: int | None = None  # when the unconfirmed sends are looked for
    fell_back_at: int | None = None
    repeat_at: int | None = None  # say the newest state once more: an unanswered send may still act late
    unconfirmed_since: int | None = None  # when a send went unanswered that may still arrive
    reminded_at: int | None = None
    status_counts: StatusCounts = StatusCounts()
    refused: LastNotified = NEVER_NOTIFIED  # what the dead letter would have said
    updates: int = 0  # sent, where an `UpdateLimit` counts them
    left_out: int = 0  # changes since the last notification that such a limit keeps back
    left_out_last: LastNotified = NEVER_NOTIFIED  # the newest of these changes, so that each counts once
    lines: dict[str, MessageRef] = {}  # the replies of this thread that are edited, by `Note.line`
    hidden: tuple[Hidden, ...] = ()  # what keeps, or has kept, firing members from this target
    paged_at: int | None = None  # when this target began to page in this generation
    content: str = ""  # a mark of what the vendor took last, where one that is the same is not sent again
    message_link: str = ""  # where people read the message, if that is known
    posts: tuple[int, ...] = ()  # when its message was posted, the last hour's
    # A message that nobody can edit any more: its thread has to lead to the newer one
    left: MessageRef | None = None
    # Since when the vendor does not say what became of unanswered sends
    look_failing_since: int | None = None
    # Whether what failed last was no more than an update: what must be heard does not wait for its next try
    update_failed: bool = False
    # How often its firing was told after a told end or a close, from 1: a life is one page of the statistics
    life: int = 0
    # When the page of this life began, ms; None while it has paged nobody
    page_began_at: int | None = None
    # A trigger went unanswered: until then (ms) its end waits for the vendor to show the page
    end_waits_until: int | None = None
    # Its vendor took the page and called nobody, as the service was in maintenance: sent again then (ms)
    lost_until: int | None = None
    # The page that is due here and that its vendor has not taken yet
    owed_page: OwedPage | None = None

    @property
    def key(self) -> str:
        return ledger_key(self.incident, self.target)

    @property
    def log_only(self) -> str:
        """Name the credential without which only the gateway's log is told; empty where people are."""
        return self.endpoint.secret if self.endpoint is not None and self.endpoint.kind == LOG else ""

    def is_of(self, destination: str) -> bool:
        """Return whether it is of this destination or target; all are where the name is empty."""
        return not destination or destination in (self.destination, self.target)


def ledger_key(incident: str, target: str) -> str:
    return f"{incident}|{target}"


def ledger_cell(incident: str, target: str) -> Cell:
    return Cell(Table.LEDGERS, ledger_key(incident, target))
