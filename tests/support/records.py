"""One value of each record of the store with every field set, and each record as it first is."""

from __future__ import annotations

from msgspec.structs import replace

from gateway.model.alert import Alert, Copy
from gateway.model.audit_trail import Shipped
from gateway.model.controls import Controls, Silence, Switch
from gateway.model.durations import HOUR, MINUTE
from gateway.model.incident import Acknowledgement, Closure, Incident, StatusCounts, UnheardAlert
from gateway.model.ledger import (
    Endpoint,
    Intent,
    LastNotified,
    Ledger,
    MessageRef,
    Note,
    NotifiedState,
    Part,
)
from gateway.model.members import Member
from gateway.model.refusals import Refusal, Refusals
from gateway.model.severity import Severity
from gateway.model.source_peers import SourceState
from gateway.model.truncated_groups import TruncatedGroup, TruncatedGroups
from gateway.model.turned_away import SenderCount, TurnedAway, TurnedAwayList
from gateway.model.watchdog import WatchdogState

AT = 1_800_000_000_000  # ms
NO_TIME = None
ALERT = Alert(
    id="a1",
    labels={"alertname": "HighErrorRate", "service": "pay", "severity": "critical"},
    annotations={"summary": "5 % of the requests fail"},
    severity=Severity.CRITICAL,
    copies={
        "eu/0123456789abcdef": Copy(firing=True, starts_at=AT, ends_at=AT - HOUR, said_at=AT + MINUTE),
        "us/0123456789abcdef": Copy(firing=False, starts_at=AT - HOUR, ends_at=AT),
    },
    episode=1_800_000_000,
    firing=True,
    started_at=AT,
    ended_at=AT - HOUR,
    held_until=AT + MINUTE,
    incident="i1",
    last_seen=AT + MINUTE,
    spoken_by="eu/0123456789abcdef",
    source_url="http://prometheus.example/graph",
    topics=("0123456789abcdef",),
    inferred=True,
)
NEW_ALERT = Alert(
    id="a2",
    labels={},
    annotations={},
    severity=Severity.NONE,
    copies={},
    episode=0,
    firing=False,
    started_at=NO_TIME,
    ended_at=NO_TIME,
    held_until=NO_TIME,
    incident="",
    last_seen=AT,
    spoken_by="",
    source_url="",
)
COUNTS = StatusCounts(
    members=7,
    told=1,
    undeliverable=1,
    suppressed=2,
    held=2,
    due=1,
    telling_firing=3,
    ends_due=2,
    ends_undeliverable=1,
    reasons={"silenced": 2, "group_wait": 2},
    failing="chat",
    ends_held=1,
)
INCIDENT = Incident(
    id="i1",
    opened_at=AT,
    rule="by service (rules.yaml:12)",
    members=(Member("a1", 1_800_000_000, AT), Member("a2", 0, AT + MINUTE)),
    keys=("k1", "k2"),
    revision=5,
    firing=1,
    last_new_at=AT + MINUTE,
    last_change_at=AT + HOUR,
    values={"node": ("n1", "n2")},
    previous="i0",
    resolved_at=AT + 2 * HOUR,
    acknowledged=Acknowledgement("anna", AT + MINUTE, Severity.ERROR),
    closed=Closure("ben", AT + HOUR, AT + 2 * HOUR, Severity.CRITICAL, "known"),
    planned_revision=4,
    targets=("chat", "pager"),
    untargeted=COUNTS,
    trace="w1",
    alone="by service merges no more",
    subscriptions=("0123456789abcdef",),
    unheard_since=AT + MINUTE,
)
UNHEARD_INCIDENT = replace(
    INCIDENT,
    unheard=(
        UnheardAlert(
            "DiskFull", "dead_letter", "chat: token_revoked", 2, ("chat",), urgent=True, last_resort=True
        ),
        UnheardAlert("Slow", "unrouted", "no route names a destination for it", 1),
    ),
)
NEW_INCIDENT = Incident(
    id="i2",
    opened_at=AT,
    rule="",
    members=(),
    keys=(),
    revision=1,
    firing=0,
    last_new_at=AT,
    last_change_at=AT,
)
NOTIFIED = LastNotified(
    state=NotifiedState.FIRING,
    severity=Severity.CRITICAL,
    members={"a1.1800000000": True, "a2.0": False},
    acknowledged_by="anna",
    closed_by="ben",
    paged=True,
    quiet=True,
    covers={"pager": True},
    silenced_after_notify={"a1.1800000000": "silence s1 by anna"},
)
NOTE = Note(text="a2 ended", broadcast=True, mention=True, at=AT)
INTENT = Intent(
    attempt="t1",
    at=AT,
    part=Part.REPLY,
    generation=2,
    revision=5,
    last_notified=NOTIFIED,
    notes=(NOTE, Note("a3 joined")),
    creates_message=False,
)
LEDGER = Ledger(
    incident="i1",
    target="chat:#pay",
    destination="chat",
    endpoint=Endpoint("slack", "C1", "SLACK_BOT_TOKEN", "5a0c", token="HOOK_TOKEN", key="HOOK_KEY"),
    last_notified=NOTIFIED,
    generation=2,
    revision=5,
    notified_at=AT + MINUTE,
    first_notified_at=AT,
    message_ref=MessageRef("1800000000.000100", "C1"),
    intent=INTENT,
    unconfirmed=(Intent("t0", AT, Part.MESSAGE, 1, 4, LastNotified()),),
    orphans=(MessageRef("i1.1"),),
    pending_notes=(NOTE,),
    attempts=3,
    failing_since=AT,
    next_try=AT + MINUTE,
    error="channel_not_found",
    dead="refused",
    look_at=AT + 2 * MINUTE,
    fell_back_at=AT + 3 * MINUTE,
    repeat_at=AT + 4 * MINUTE,
    unconfirmed_since=AT + 5 * MINUTE,
    reminded_at=AT + 6 * MINUTE,
    status_counts=COUNTS,
    refused=LastNotified(state=NotifiedState.ENDED),
)
SILENCE = Silence(
    id="s1",
    matchers=('service="pay"', "env!~dev|test"),
    starts_at=AT,
    ends_at=AT + HOUR,
    by="anna",
    reason="upgrade",
    ticket="OPS-1",
    created_at=AT - HOUR,
    during=("office-hours",),
    until_resolved=True,
    approved_by="ben",
    ended_by="carl",
    last_matched_at=AT + MINUTE,
    version=3,
)
CONTROLS = Controls(
    version=4,
    silences=(SILENCE, Silence("s2", (), AT, AT + HOUR, "ben")),
    pause=Switch("anna", AT, AT + HOUR, "too loud", 2),
    bypass=Switch("ben", AT, AT + MINUTE),
)
WATCHDOG = WatchdogState(
    since=AT, looked_at=AT + HOUR, missing_since=AT + MINUTE, alert={"alertname": "GatewaySourceSilent"}
)
SOURCE = SourceState(
    missing={"eu/0123456789abcdef": AT},
    unknown={"eu/fedcba9876543210": AT + MINUTE},
    quieted={"eu/0123456789abcdef": "silence 1 of the source"},
    sizes={"http://am-0:9093": 12},
    answered_at=AT + HOUR,
)
SHIPPED = Shipped(position="1800000000000-1", number=42, most=100, attempts=2, failing_since=AT)
REFUSALS = Refusals(
    {
        "place slack SLACK_BOT_TOKEN #pay": Refusal(
            "place",
            "not_found",
            "not_in_channel",
            ("SLACK_BOT_TOKEN",),
            "7 5a0c",
            AT,
            AT + MINUTE,
            AT + HOUR,
            2,
            "i1|chat:#pay",
            works=True,
        )
    }
)
TURNED_AWAY = TurnedAwayList(
    entries=(
        TurnedAway(
            source="eu",
            reason="malformed",
            since=AT,
            last_at=AT + MINUTE,
            times=3,
            severity=Severity.ERROR,
            error="alerts[].labels: no labels",
            senders=(SenderCount("10.0.0.7", "Alertmanager/0.28.1", 3, AT + MINUTE),),
        ),
        TurnedAway("", "unauthorized", AT, AT, 1, Severity.CRITICAL, "POST /"),
    )
)
TRUNCATED = TruncatedGroups({"eu/0123456789abcdef": TruncatedGroup(37, AT, AT + MINUTE, ("i1", "i2"))})
NEW_LEDGER = Ledger("i1", "pager", "pager")
NO_CONTROLS = Controls()
NEW_WATCHDOG = WatchdogState(AT, AT)
NEW_SOURCE = SourceState()
NEW_SHIPPED = Shipped()
NO_REFUSALS = Refusals()
