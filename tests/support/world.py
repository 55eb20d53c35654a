"""The whole gateway over the in-memory store, with a clock that is given and destinations that write down
what they are told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from gateway.actions.controls import ControlActions
from gateway.config.rule_secrets import why_refused
from gateway.decisions.accounting.invariants import imbalances
from gateway.decisions.intake.correlate import Correlator
from gateway.decisions.intake.normalise import Normaliser
from gateway.decisions.notification.member_status import count_statuses
from gateway.decisions.notification.plan import plan
from gateway.decisions.policy import Policy
from gateway.intake.group_commit import GroupCommit
from gateway.intake.opening_planner import LeaveToAgenda
from gateway.intake.sharded import ShardedIntake
from gateway.model.agenda import NEW_RULES, Subject
from gateway.model.alert import Observation
from gateway.model.audit_trail import Batch
from gateway.model.changes import Changes, LogEntry, Table
from gateway.model.incident import Incident
from gateway.model.lanes import Pace
from gateway.model.ledger import Endpoint, Ledger, MessageRef, Note, NotifiedState
from gateway.model.notification import Answer, Delivered, Found, Look, Notification, Refused, Unanswered
from gateway.model.path import Lap, unwatched
from gateway.model.records import load_incident, load_ledger
from gateway.model.retention import KEEP_ENDED_MS
from gateway.model.rules.origin import SOURCE
from gateway.model.rules.rulebook import Rulebook
from gateway.model.source_peers import PeerReport
from gateway.model.verdict import NotifyReason, Verdict
from gateway.outbound.registry import DESTINATION_KINDS
from gateway.reconcile import Reconciler
from gateway.reconcile.context import Context
from gateway.reconcile.plan_at_opening import PlannerAtOpening
from gateway.state.credentialed import note_credentialed
from gateway.state.persons import Persons
from gateway.state.shards import Shards
from gateway.state.snapshots import read_snapshot
from gateway.storage.memory import MemoryStore
from tests.support.build import START, rulebook


@dataclass
class Sent:
    """One thing that a destination was told."""

    at: int
    target: str
    notification: Notification | None = None
    notes: tuple[Note, ...] = ()
    posted: bool = False
    edits: MessageRef | None = None  # the reply that the notes edit
    secret: str = ""

    @property
    def state(self) -> NotifiedState:
        assert self.notification is not None
        return self.notification.state


def _same_message(one: Sent, other: Sent) -> bool:
    assert one.notification is not None
    if other.notification is None:
        return False
    return (one.target, one.notification.incident) == (other.target, other.notification.incident)


@dataclass
class Destinations:
    """A recording notifier of one kind; `answers` are given first, then everything is delivered."""

    kind: str
    settles_by_looking: bool
    world: World
    answers: list[Answer] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    said_pages: list[Sent] = field(default_factory=list)  # edits that only say whom it paged
    posted: dict[str, MessageRef] = field(default_factory=dict)
    attempts: list[str] = field(default_factory=list)
    withdrawn: list[MessageRef] = field(default_factory=list)
    led_on: list[tuple[MessageRef, MessageRef, str]] = field(default_factory=list)
    endpoints: list[Endpoint] = field(default_factory=list)  # by which notifications were sent
    down: bool = False
    refuses: Refused | None = None  # to whatever is sent, after `answers`
    refuses_edits: Refused | None = None
    refuses_replies: Refused | Unanswered | None = None
    refuses_withdrawals: Refused | None = None
    tried: list[tuple[int, str]] = field(default_factory=list)  # when, and of which incident (empty: a reply)
    # What a call is answered with during an outage
    fails: Callable[[], Refused | Unanswered | None] = lambda: None
    # Whether a call is refused now, without a time to come again
    too_fast: Callable[[], bool] = lambda: False
    # What a read-back is answered with in place of the truth
    cannot_look: Callable[[], Look | None] = lambda: None
    looked_at: list[int] = field(default_factory=list)  # when it was looked for unanswered sends
    acts_though_unanswered: bool = True
    stumbles_over: str = ""  # a title that makes the adapter crash
    takes_notes: bool = False

    def _answer(self, attempt: str, message_ref: MessageRef | None, sent: Sent) -> Answer:
        self.tried.append((sent.at, sent.notification.incident if sent.notification else ""))
        answer = (
            Refused("unavailable") if self.down else (self.answers.pop(0) if self.answers else self.refuses)
        )
        answer = answer or self.fails()
        if answer is None and self.too_fast():
            answer = Refused("rate_limited")
        if answer is None and not sent.posted:
            answer = self.refuses_edits if sent.notification is not None else self.refuses_replies
        made = message_ref or MessageRef(f"m{len(self.posted) + 1}", "C1")
        self.attempts.append(attempt)
        if answer is None or (isinstance(answer, Unanswered) and self.acts_though_unanswered):
            # An edit that only says whom it paged is news to nobody: tests of other matters do not count it.
            (self.said_pages if self._only_says_pages(sent) else self.sent).append(sent)
            self.posted[attempt] = made
        return answer or Delivered(made)

    def _only_says_pages(self, sent: Sent) -> bool:
        told = [*self.sent, *self.said_pages]
        before = max(
            (one for one in told if one.notification and _same_message(one, sent)),
            key=lambda one: one.at,
            default=None,
        )
        if self.kind != "slack" or before is None or before.notification is None or sent.notification is None:
            return False
        pages, at, revision = sent.notification.pages, sent.notification.at, sent.notification.revision
        as_now = msgspec.structs.replace(before.notification, pages=pages, at=at, revision=revision)
        return pages != before.notification.pages and as_now == sent.notification

    async def notify(
        self,
        endpoint: Endpoint,
        secret: str,
        notification: Notification,
        *,
        attempt: str,
        message_ref: MessageRef | None,
    ) -> Answer:
        self.endpoints.append(endpoint)
        if self.stumbles_over and self.stumbles_over in notification.title:
            raise ValueError(f"a fault of ours over {notification.title}")
        return self._answer(
            attempt,
            message_ref,
            Sent(self.world.at, notification.target, notification, posted=message_ref is None, secret=secret),
        )

    async def reply(
        self,
        endpoint: Endpoint,
        secret: str,
        notes: tuple[Note, ...],
        *,
        attempt: str,
        message_ref: MessageRef,
        edits: MessageRef | None,
        mentions: Sequence[str],
    ) -> Answer:
        return self._answer(attempt, edits, Sent(self.world.at, endpoint.address, None, notes, edits=edits))

    async def look(
        self,
        endpoint: Endpoint,
        secret: str,
        *,
        attempts: tuple[str, ...],
        since: int,
        message_ref: MessageRef | None,
    ) -> Look:
        self.looked_at.append(self.world.at)
        found = {one: self.posted[one] for one in attempts if one in self.posted}
        return self.cannot_look() or Found(
            {one: ref for one, ref in found.items() if ref not in self.withdrawn}
        )

    async def lead_on(
        self, endpoint: Endpoint, secret: str, left: MessageRef, message_ref: MessageRef, title: str
    ) -> Answer:
        self.led_on.append((left, message_ref, title))
        return Delivered(left)

    async def withdraw(self, endpoint: Endpoint, secret: str, message_ref: MessageRef) -> Answer:
        refused = self.refuses or self.refuses_withdrawals
        if refused is not None:
            self.tried.append((self.world.at, ""))
            return refused
        self.withdrawn.append(message_ref)
        return Delivered(message_ref)


@dataclass
class Secrets:
    values: dict[str, str] = field(
        default_factory=lambda: {
            "SLACK_BOT_TOKEN": "xoxb-1",
            "PAGERDUTY_ROUTING_KEY": "key-1",
            "HOOK_URL": "https://hook.example/",
            "GATEWAY_SMTP_URL": "smtp://alerts:secret@mail.example:587",
        }
    )
    away: dict[str, str] = field(default_factory=dict)  # in files that are not there now

    def goes(self, name: str) -> None:
        self.away[name] = self.values.pop(name)

    def comes_back(self, name: str) -> None:
        self.values[name] = self.away.pop(name)

    def secret(self, name: str, taker: str) -> str | None:
        return None if self.refused(name, taker) else self.values.get(name)

    def configured(self, name: str) -> bool:
        return name in self.values or name in self.away

    def refused(self, name: str, taker: str) -> str:
        return why_refused(
            name, taker, DESTINATION_KINDS[taker].granted_credentials if taker != SOURCE else (), None
        )

    def why_missing(self, name: str, taker: str) -> str:
        return self.refused(name, taker) or f"{name} is not set"

    key_name = "first"
    redact_key = b"of this store"

    def mark(self, secret: str) -> str:
        return f"mark of {secret}" if self.key_name == "first" else f"{self.key_name} mark of {secret}"

    def mark_together(self, names: Iterable[str]) -> str:
        return self.mark("\n".join(self.values.get(name, "") for name in names))


@dataclass
class Alertmanagers:
    """The peers of sources, by address: what each says when it is asked. One that says nothing is away."""

    says: dict[str, PeerReport] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def ask(self, url: str, receiver: str, reader: Normaliser) -> PeerReport | str:
        self.asked.append(url)
        return self.says.get(url, "away")


@dataclass
class Receiver:
    """Of the audit trail; `answers` are given first, then everything is taken."""

    world: World
    batches: list[Batch] = field(default_factory=list)
    tried: list[Batch] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    down: bool = False

    async def ship(self, endpoint: Endpoint, secret: str, batch: Batch) -> Answer:
        self.tried.append(batch)
        answer = (
            Unanswered("timeout")
            if self.down
            else (self.answers.pop(0) if self.answers else Delivered(MessageRef(batch.id)))
        )
        self.batches += [batch] if isinstance(answer, Delivered) else []
        return answer

    @property
    def said(self) -> list[LogEntry]:
        return [one.entry for batch in self.batches for one in batch.entries]


class Silent:
    """A watcher that keeps failures, so that a test sees them."""

    def __init__(self) -> None:
        self.failures: list[tuple[str, BaseException]] = []
        self.together: list[str] = []  # what became of plans that were tried in one commit
        self.opened: list[str] = []  # what became of incidents in the commit that opened them

    def delivered(self, destination: str, outcome: str, seconds: float) -> None: ...

    def tried_again(self, destination: str) -> None: ...

    def laps(self) -> Lap:
        return unwatched

    def shipped(self, destination: str, entries: int, lost: int) -> None: ...

    def plainer(self, destination: str, without: str) -> None: ...

    def notified(self, reason: NotifyReason) -> None: ...

    def told(self, milliseconds: int) -> None: ...

    def asked(self, source: str, answered: int, silent: int) -> None: ...

    def worked_off(self, subject: Subject, outcome: str) -> None: ...

    def vendor_answered(self, vendor: str, call: str, answer: str) -> None: ...

    def batch(self, what: str, outcome: str) -> None:
        {"plans": self.together, "opened": self.opened}[what].append(str(outcome))

    def failed(self, subject: str, error: BaseException) -> None:
        self.failures.append((subject, error))


IN_CIRCLES = 100_000  # looks at the clock while it stands still


class World:
    """`at` is the virtual time in ms after START."""

    def __init__(self, rules: Rulebook | None = None, paces: Mapping[str, Pace] | None = None) -> None:
        self.at = 0
        self._looks_at_the_clock = (0, 0)  # at that time, and how many
        self.keep_ended = KEEP_ENDED_MS
        self.forgives = False  # a test that wants faults of ours to happen
        self.store = MemoryStore(self._now)
        self.slack = Destinations("slack", True, self, takes_notes=True)
        self.pagerduty = Destinations("pagerduty", False, self)
        self.hook = Destinations("webhook", False, self, takes_notes=True)
        self.mail = Destinations("email", False, self)
        self.log = Destinations("log", False, self)
        self.secrets = Secrets()
        self.read: set[str] = set()  # the kinds of vendors that show which pages they have
        self.watcher = Silent()
        self.reports: list[tuple[str, dict[str, str]]] = []
        self.trail = Receiver(self)
        self._paces = paces or {}
        self.peers = Alertmanagers()
        self.begin(rules or rulebook())

    def _now(self) -> int:
        """Work that makes itself due again at once would go on for ever, since only rest moves this clock."""
        at, looks = self._looks_at_the_clock
        self._looks_at_the_clock = (self.at, looks + 1 if at == self.at else 1)
        assert looks < IN_CIRCLES, f"the gateway goes round in circles at {self.at}"
        return START + self.at

    def begin(self, rules: Rulebook) -> None:
        """A process that has only what is in the store; what another one knew is gone with it."""
        vendors = {one.kind: one for one in (self.slack, self.pagerduty, self.hook, self.mail)}
        notifiers = {**vendors, "log": self.log}
        policy = Policy(rules)
        self.intake = GroupCommit(
            self.store,
            Correlator(rules),
            woken=lambda: None,
            taken=lambda _verdicts, _now: None,
            keep_ended=self.keep_ended,
        )
        self.spread = ShardedIntake([self.intake], policy)
        trails = {"webhook": self.trail}
        reached = (notifiers, self.secrets, self.watcher, self._report, self.spread, self.peers, trails)
        context = Context(
            self.store, policy, *reached, keep_ended=self.keep_ended, reads=lambda kind: kind in self.read
        )
        self.reconciler = Reconciler(context, paces=self._paces)
        # However slow the machine is, there is time for plans.
        self.intake.plan_by(PlannerAtOpening(context, worked=lambda: 0.0))
        self.shards = Shards([self.store])
        persons = Persons(self.shards.home, self.secrets.mark)
        self.desk = ControlActions(self.shards, lambda: self.reconciler.context.policy, lambda: None, persons)

    def _report(self, name: str, labels: object, _details: str = "") -> None:
        self.reports.append((name, dict(labels)))  # type: ignore[call-overload]

    def leave_plans_to_agenda(self) -> None:
        """Have no incident planned in the commit that opens it."""
        self.intake.plan_by(LeaveToAgenda())

    def use(self, rules: Rulebook, generation: int = 0) -> None:
        policy = Policy(rules)
        self.spread.use(Correlator(rules), policy)
        self.reconciler.use(policy, generation)

    async def credentialed(self, *kinds: str) -> None:
        """A gateway starts that has credentials of these kinds."""
        await note_credentialed(self.shards, frozenset(kinds))
        await self.settle()

    async def webhook(self, *observations: Observation) -> None:
        await self.spread.accept(observations, ())
        await self.settle()

    async def settle(self) -> None:
        await self.reconciler.run_due()
        if self.watcher.failures and not self.forgives:
            raise self.watcher.failures[0][1]
        assert not any(self.imbalances().values()), (self.imbalances(), self.store.counted)

    async def until(self, at: int) -> None:
        """Let time pass, stopping at everything that is on the agenda."""
        await self.settle()
        while True:
            due = (await self.store.claim(0, 1, self.reconciler.lanes())).next_due
            if due is None or due > START + at:
                break
            # What is due and not to be had: a lease or a wait keeps it
            self.at = max(self.at + 50, due - START)
            await self.settle()
        self.at = max(self.at, at)
        await self.settle()

    async def reload(self, rules: Rulebook) -> None:
        """Other rules from now on, and everything is looked at again for them."""
        self.use(rules)
        await self.replan()

    async def replan(self) -> None:
        """What a rule reload does: alerts stand where the rules want them, and every incident is looked at
        again.
        """
        await self.store.commit(Changes(agenda={NEW_RULES: (START + self.at, 0)}))
        await self.settle()

    async def verdicts(self) -> dict[tuple[str, str], Verdict]:
        """What every member is to every target, by target and episode; the target is empty where none sees
        it.
        """
        policy, found = self.reconciler.context.policy, {}
        for incident in self.incidents:
            versioned = await read_snapshot(self.store, incident.id, policy)
            assert versioned is not None
            planned = plan(versioned.snapshot, policy, versioned.now)
            for target, view in planned.views.items():
                found |= {
                    (target, episode): verdict
                    for episode, verdict in count_statuses(view, versioned.now)[1].items()
                }
            found |= {("", episode): verdict for episode, verdict in planned.untargeted.items()}
        return found

    def ledgers_of(self, incident: str) -> dict[str, Ledger]:
        found = [load_ledger(row.value) for row in self.store.rows[Table.LEDGERS].values()]
        return {one.target: one for one in found if one.incident == incident}

    def imbalances(self) -> dict[str, int]:
        return imbalances(self.store.counted)

    @property
    def incidents(self) -> list[Incident]:
        return [load_incident(row.value) for row in self.store.rows[Table.INCIDENTS].values()]

    @property
    def ledgers_everywhere(self) -> list[Ledger]:
        return [load_ledger(row.value) for row in self.store.rows[Table.LEDGERS].values()]

    @property
    def ledgers(self) -> dict[str, Ledger]:
        found = [load_ledger(row.value) for row in self.store.rows[Table.LEDGERS].values()]
        return {f"{one.target}": one for one in found}


def run(coroutine: object) -> object:
    return asyncio.run(coroutine)  # type: ignore[arg-type]
