"""What tells of each thing that can happen: its series, its event of the log, and the span in which that is written.

Most of it follows from the kind of the thing, since the series and the event carry its name as a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from typing import NamedTuple, get_args

from gateway.model.agenda import SubjectKind
from gateway.model.changes import CommitOutcome
from gateway.model.notification import Answer, Look
from gateway.model.turned_away import TurnedAwayReason
from gateway.model.verdict import MemberStatus, Outcome, Reason
from gateway.telemetry.process_metrics import OUTCOMES_OF
from gateway.telemetry.source_metrics import CONCLUSIONS
from gateway.telemetry.state_metrics import STANDING_REASONS
from tests.monitored.excepts import CRITICAL, Clause, Sort, clauses
from tests.monitored.statuses import FACES, OF_WEBHOOKS, statuses

OF_REQUEST, OF_COMMIT, OF_PLAN, OF_DELIVERY = "the request", "`commit`", "`plan`", "`delivery`"
OF_SUBJECT, OF_OWN = "the kind of the subject", "the round that has failed"
WEBHOOKS = FACES[OF_WEBHOOKS[0]]
STARTING = FACES["inbound/doorway.py"]


class Group(StrEnum):
    """The parts of the denominator."""

    OUTCOME = "Outcomes of an alert that is taken (`Outcome`)"
    REASON = "Reasons of verdicts (`Reason`)"
    STATUS = "What a member is to a target (`MemberStatus`)"
    ANSWER = "Classes of answers that a delivery is settled with (`Answer`, `Look`)"
    SUBJECT = "Kinds of work on the agenda (`SubjectKind`)"
    COMMIT = "Outcomes of a commit (`CommitOutcome`)"
    TURNED_AWAY = "Reasons to be turned away (`TurnedAwayReason`)"
    HTTP = "Statuses of answers, by the door"
    EXCEPT = "`except` clauses on the way of an alert, a request or a subject"


class Item(NamedTuple):
    """One thing that can happen."""

    group: Group
    name: str


class Signals(NamedTuple):
    """What tells of a thing: a metric with the labels of its series, an event whose `field` has `word` in it (any line of the event
    where both are empty), and what the span is of. An empty text means that there is none.

    The event is written within the span, unless `span_name` names one that ends before.
    """

    metric: str
    labels: Mapping[str, str]
    event: str
    field: str = ""
    word: str = ""
    span: str = ""
    span_name: str = ""
    paths: tuple[str, ...] = ()  # how the endpoint begins, in the series and in the event

    @property
    def series(self) -> str:
        """The series as a query writes it."""
        labels = ", ".join(f'{name}="{value}"' for name, value in self.labels.items())
        return f"{self.metric}{{{labels}}}" if labels else self.metric


@cache
def everything() -> Mapping[Item, Signals]:
    """Return the denominator: everything that can happen, in the order of its groups."""
    return dict(_everything())


def _everything() -> Iterator[tuple[Item, Signals]]:
    yield from ((Item(Group.OUTCOME, outcome), _of_observation("outcome", outcome)) for outcome in Outcome)
    yield from ((Item(Group.REASON, reason), _of_reason(reason)) for reason in Reason)
    yield from (
        (Item(Group.STATUS, status), _of_member("gateway_standing", "standing", status))
        for status in MemberStatus
    )
    classes = dict.fromkeys((*get_args(Answer), *get_args(Look)))
    words = [answer.__name__.lower() for answer in classes]
    yield from ((Item(Group.ANSWER, word), _of_answer(word)) for word in words)
    yield from ((Item(Group.SUBJECT, kind), _of_subject(kind)) for kind in SubjectKind)
    yield from ((Item(Group.COMMIT, outcome), _of_commit(outcome)) for outcome in CommitOutcome)
    yield from ((Item(Group.TURNED_AWAY, reason), _of_turned_away(reason)) for reason in TurnedAwayReason)
    yield from (
        (Item(Group.HTTP, f"{number}: {door}"), _of_status(door, number)) for door, number in statuses()
    )
    critical = [clause for clause in clauses() if clause.sort in CRITICAL]
    yield from ((Item(Group.EXCEPT, clause.name), _of_clause(clause)) for clause in critical)


def _of_answer(word: str) -> Signals:
    return Signals(
        "gateway_vendor_answers_total", {"answer": word}, "vendor_answered", "answer", word, OF_DELIVERY
    )


def _of_subject(kind: SubjectKind) -> Signals:
    span = {SubjectKind.PLAN: "plan", SubjectKind.DELIVER: "delivery"}.get(kind, kind.value)
    said = ("subject_worked_off", "kind", kind.value)
    return Signals("gateway_subjects_total", {"kind": kind.value}, *said, f"`{span}`", span_name=span)


def _of_commit(outcome: CommitOutcome) -> Signals:
    said = ("commit_answered", "outcome", outcome.value, "whatever commits")
    return Signals("gateway_commits_total", {"outcome": outcome.value}, *said)


def _of_observation(label: str, value: str) -> Signals:
    series = ("gateway_observations_total", {label: value})
    return Signals(*series, "webhook_received", "verdicts", value, OF_REQUEST)


def _of_member(metric: str, label: str, value: str) -> Signals:
    event, word = TOLD.get(value, ("verdicts_changed", value))
    field = "" if value in TOLD else "why" if metric == "gateway_standing_reason" else value
    return Signals(
        metric,
        {label: value},
        event,
        field,
        word if field == "why" else "",
        OF_PLAN if field else OF_DELIVERY,
    )


# Who has been told, or cannot be, is said by the delivery; the plan after it finds it so.
TOLD = {
    MemberStatus.TOLD.value: ("delivered", ""),
    MemberStatus.UNDELIVERABLE.value: ("delivery_failed", ""),
    Reason.DELIVERED.value: ("delivered", ""),
    Reason.LOG_ONLY.value: ("told_in_log", ""),
    Reason.DEAD_LETTER.value: ("delivery_failed", ""),
}


def _of_reason(reason: Reason) -> Signals:
    if reason is Reason.TOO_OLD:
        series = ("gateway_observations_total", {"reason": reason.value})
        return Signals(*series, "quarantine_replayed", "verdicts", reason, OF_REQUEST)
    if reason is Reason.JOINING:
        series = ("gateway_log_events_total", {"event": "joins_planned"})
        return Signals(*series, "joins_planned", "reason", reason, OF_PLAN)
    if reason in CONCLUSIONS:
        series = ("gateway_source_inferences_total", {"reason": reason.value})
        return Signals(*series, "source_corrected", "verdicts", reason, OF_SUBJECT)
    if reason in OUTCOMES_OF:
        return _of_observation("reason", reason)
    assert reason in STANDING_REASONS
    return _of_member("gateway_standing_reason", "reason", reason)


def _of_turned_away(reason: TurnedAwayReason) -> Signals:
    series = ("gateway_turned_away_total", {"reason": reason.value})
    in_quarantine = {TurnedAwayReason.MALFORMED, TurnedAwayReason.OVER_CAPS, TurnedAwayReason.OUTSIDE_SOURCE}
    if reason in in_quarantine | {TurnedAwayReason.TRUNCATED}:
        return Signals(*series, "webhook_received", "turned_away", reason, OF_REQUEST)
    return Signals(*series, "webhook_refused", "reason", reason, OF_REQUEST)


def _of_status(door: str, number: int) -> Signals:
    if door == STARTING:
        return Signals("", {}, "waiting_for_store")
    series = ("gateway_http_requests_total", {"status": str(number)})
    if door != WEBHOOKS:
        paths = PATHS.get(door, ())
        return Signals(*series, "request_answered", "status", str(number), OF_REQUEST, paths=paths)
    event = "webhook_received" if number == 200 else "webhook_refused"
    return Signals(*series, event, "status", str(number), OF_REQUEST)


PATHS = {
    "API": ("/api/",),
    "PagerDuty's webhook": ("/webhooks/pagerduty",),
    "Slack's requests": ("/slack/",),
    FACES["inbound/probes.py"]: ("/livez", "/readyz", "/health", "/metrics"),
}
"""The paths behind the doors, where requests to all of them are told of alike."""


def _logged(event: str) -> tuple[str, Mapping[str, str], str]:
    """The series and the event of what has no other metric than that of the log."""
    return "gateway_log_events_total", {"event": event}, event


# By how the name of a clause begins, the first that fits
CALLS = {
    "outbound/alertmanager_api.py": (
        "gateway_source_questions_total",
        {"answer": "silent"},
        "source_unreachable",
        OF_SUBJECT,
    ),
    "outbound/slack/screen.py": (*_logged("slack_not_shown"), OF_REQUEST),
    "outbound/slack/client.py: SlackCalls.who": (*_logged("slack_link_not_found"), OF_DELIVERY),
    "outbound/slack/mentions.py": (*_logged("slack_mention_not_found"), OF_DELIVERY),
    "outbound/slack/permalinks.py": (*_logged("slack_link_not_found"), OF_DELIVERY),
    "outbound/": ("gateway_vendor_answers_total", {}, "vendor_answered", OF_DELIVERY),
}


# Of rounds of the gateway's own work whose clause leaves it to others to write the event
ROUNDS = {
    "outbound/pagerduty/rest": ("gateway_pagerduty_requests_total", {}, "pagerduty_not_read"),
    "outbound/slack/socket_mode.py": _logged("slack_socket_not_open"),
    "self_monitoring/heartbeat.py: Heartbeat._unfit": (
        "gateway_heartbeats_total",
        {"outcome": "withheld"},
        "heartbeat_withheld",
    ),
    "self_monitoring/heartbeat.py: Heartbeat._send": (
        "gateway_heartbeats_total",
        {"outcome": "failed"},
        "heartbeat_failed",
    ),
    "state/looking.py": _logged("own_alert_delayed"),
}


def _of_clause(clause: Clause) -> Signals:
    if clause.events:
        span = OF_OWN if clause.sort is Sort.UPKEEP else "whatever is under way"
        return Signals(*_logged(clause.events[0]), span=span)
    match clause.sort:
        case Sort.UPKEEP:
            found = next(told for begins, told in ROUNDS.items() if clause.name.startswith(begins))
            return Signals(*found, span=OF_OWN)
        case Sort.STORE:
            return Signals(
                "gateway_store_failures_total", {}, "store_call_failed", span="whatever asked the store"
            )
        case Sort.VENDOR:
            call = next(call for begins, call in CALLS.items() if clause.name.startswith(begins))
            return Signals(*call[:3], span=call[3])
        case Sort.FAULT:
            return Signals(
                "gateway_subject_failures_total", {}, "subject_failed", span=OF_SUBJECT, span_name="digest"
            )
    event = (
        "webhook_refused"
        if clause.module in OF_WEBHOOKS or "body.py" in clause.module
        else "request_answered"
    )
    return Signals("gateway_http_requests_total", {}, event, span=OF_REQUEST)


WITHOUT = {
    Item(
        Group.HTTP, f"503: {STARTING}"
    ): "Until the store answers for the first time nothing counts or traces yet; `waiting_for_store` says at once and every minute that it is waited for.",
}
"""What lacks a metric, an event or a span, and why."""
MOST_WITHOUT = 0.01
