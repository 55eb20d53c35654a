"""Builders of statistics events: a story is told by saying what happens and when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.decisions.statistics.report import report
from gateway.model.durations import DAY, HOUR
from gateway.model.statistics.events import (
    Acknowledged,
    AnyEvent,
    Call,
    CallConfirmed,
    Closed,
    IncidentEnd,
    Label,
    LabelWithdrawn,
    OnCall,
    Page,
    PersonCalled,
    QuietSpell,
    Reopened,
    RuleRef,
    RulesChanged,
    ServiceSeen,
    SpellEntity,
    page_id,
)
from gateway.model.statistics.history import History
from gateway.model.statistics.report import Report
from gateway.model.statistics.request import StatisticsRequest, asked
from gateway.model.statistics.rows import Row
from gateway.model.statistics.settings import PrecisionSettings, to_block

START = 1_796_083_200_000  # ms: Tuesday 2026-12-01, 00:00 UTC
END = START + 28 * DAY


class Story:
    """Events in the making. Times are ms after `START`, and every method returns the id of its event."""

    def __init__(self) -> None:
        self.events: list[AnyEvent] = []

    def _add(self, kind: type[Any], at: int, id: str = "", **fields: Any) -> str:  # noqa: A002
        seq = len(self.events)
        event = kind(id=id or f"{seq:06}", at=START + at, shard=0, seq=seq, **fields)
        self.events.append(event)
        return str(event.id)

    def page(self, at: int, incident: str = "i1", target: str = "pager", life: int = 1, **more: Any) -> str:
        fields: dict[str, Any] = {
            "destination": target, "draw": 0.5, "started_at": START + at, "route": "everything",
            "correlate_rule": RuleRef("same-service", "rules/all.yaml", 3), "alertname": "ErrorRate",
            "alertnames": ("ErrorRate",), "service": "cart", "thing": None, "scope": "eu-1", "partition": "",
            "team": "shop", "severity": "critical", "own": False,
        }  # fmt: skip
        named = page_id(incident, target, life)
        return self._add(Page, at, named, incident=incident, target=target, life=life, **{**fields, **more})

    def call(self, at: int, page: str, kind: str = "first", **more: Any) -> str:
        fields = {
            "step": None,
            "fallback_of": None,
            "duplicate": False,
            "sent_at": START + at,
            "confirmed": True,
        }
        return self._add(Call, at, page=page, call_kind=kind, **{**fields, **more})

    def confirm(self, at: int, call: str) -> str:
        return self._add(CallConfirmed, at, call=call)

    def person(self, at: int, call: str, person: str = "ann", **more: Any) -> str:
        fields = {"basis": "notified", "zone": "UTC", "zone_assumed": False}
        return self._add(PersonCalled, at, call=call, person=person, **{**fields, **more})

    def acknowledge(self, at: int, incident: str = "i1", **more: Any) -> str:
        return self._act(Acknowledged, at, incident, more)

    def close(self, at: int, incident: str = "i1", **more: Any) -> str:
        return self._act(Closed, at, incident, more)

    def reopen(self, at: int, incident: str = "i1", **more: Any) -> str:
        return self._act(Reopened, at, incident, more)

    def _act(self, kind: type[Any], at: int, incident: str, more: dict[str, Any]) -> str:
        fields = {"by": "ann", "through": "slack", "human": True, "note": False, "episodes": ()}
        said_at = START + more.pop("said", at)
        return self._add(kind, at, incident=incident, **{**fields, "said_at": said_at, **more})

    def end(self, at: int, incident: str = "i1", how: str = "observed", **more: Any) -> str:
        pages = (page for page in self.events if isinstance(page, Page) and page.incident == incident)
        # Of many pages nobody looks for the one whose start is given.
        started = more.pop("started_at", None) or next((page.started_at for page in pages), START)
        ended = START + at if how == "observed" else None
        fields = {"started_at": started, "ended_at": ended, "last_seen_at": START + at}
        return self._add(
            IncidentEnd, more.pop("written", at), incident=incident, how=how, **{**fields, **more}
        )

    def label(
        self, at: int, value: str = "actionable", *pages: str, trust: str = "person", **more: Any
    ) -> str:
        by = "ann" if trust == "person" else None
        fields: dict[str, Any] = {"reason": None, "by": by, "said_at": START + at}
        return self._add(Label, at, pages=pages, value=value, trust=trust, **{**fields, **more})

    def withdraw(self, at: int, label: str) -> str:
        return self._add(LabelWithdrawn, at, label=label, by="ann")

    def spell(self, at: int, episode: str = "e1.1", **more: Any) -> str:
        entity = SpellEntity(
            "", more.pop("scope", "eu-1"), more.pop("service", "cart"), more.pop("thing", None)
        )
        fields: dict[str, Any] = {
            "incident": None, "target": "pager", "destination": "pager", "rule": "silence s1", "reason": "silenced",
            "also": (), "would_tell_at": START + at, "entity": entity, "exempt": None, "alertname": "ErrorRate",
            "correlate_rule": None, "route": "everything", "team": "shop", "severity": "critical",
        }  # fmt: skip
        return self._add(QuietSpell, at, episode=episode, from_=START + at, **{**fields, **more})

    def seen(self, at: int, service: str = "cart", alertname: str = "ErrorRate") -> str:
        return self._add(ServiceSeen, at, service=service, alertname=alertname)

    def on_call(self, begin: int, end: int, person: str = "ann", level: int = 1) -> str:
        return self._add(OnCall, end, person=person, from_=START + begin, until=START + end, level=level)

    def rules(self, at: int, revision: str = "r1", **settings: Any) -> str:
        block = to_block(PrecisionSettings(**settings))
        return self._add(RulesChanged, at, revision=revision, precision=block)

    def history(self) -> History:
        return History(events=tuple(self.events), seed="5eed")

    def report(self, **asking: Any) -> Report:
        return report(self.history(), asking_for(**asking))

    def row(self, **asking: Any) -> Row:
        """Return the one row of a report by nothing."""
        (row,) = self.report(**asking).rows
        return row

    def rows(self, by: str, **asking: Any) -> dict[str | None, Row]:
        return {row.key: row for row in self.report(by=by, **asking).rows}


def asking_for(**more: Any) -> StatisticsRequest:
    return asked(END, **{"from_": START, "to": END, **more})


def labelled(*incidents: Sequence[str]) -> Story:
    """Tell of incidents by the labels of their pages: `a` actionable, `n` noise, `-` none."""
    story = Story()
    for number, values in enumerate(incidents):
        for life, value in enumerate(values):
            at = number * HOUR + life * 1000
            page = story.page(at, f"i{number}", life=life + 1)
            if value != "-":
                story.label(at + 500, "actionable" if value == "a" else "noise", page)
    return story
