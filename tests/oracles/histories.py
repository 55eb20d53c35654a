"""Random histories as lines of JSON: little of everything, at few instants, so that times are often equal."""

from __future__ import annotations

import json
from random import Random
from typing import Any

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
PEOPLE = ("ann", "bob", "eve", "joe", "sue", "tim", "unknown")
ZONES = (
    "UTC", "Europe/Berlin", "Asia/Kathmandu", "America/Havana", "America/Scoresbysund", "Australia/Lord_Howe",
    "Africa/Casablanca", "Pacific/Chatham", "America/Santiago",
)  # fmt: skip
STARTS = (
    1_792_800_000_000,  # 2026-10-24, 00:00 UTC: clocks go back in Europe, a week later in Cuba
    1_796_083_200_000,  # 2026-12-01, 00:00 UTC
    1_805_000_400_000,  # 2027-03-14, 05:00 UTC: midnight does not exist in Cuba
)
STEPS = (
    0,
    1,
    1000,
    59_000,
    MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    15 * MINUTE + 1,
    HOUR,
    2 * HOUR,
    7 * HOUR,
    DAY,
    3 * DAY,
)
GIVEN = (0, MINUTE, HOUR, 3 * DAY, 14 * DAY, 14 * DAY + 1, 20 * DAY)
KINDS = ("first", "late", "escalation", "fallback", "reminder", "rise", "again")
WORDS = ["human_label", "pagerduty_human_ack_and_resolve", "slack_ack_and_note"]
CALLED = {"all": (0, 1, 1, 3), "self": (0, 1, 1, 3), "team": (1, 4, 5, 7), "off": (0,)}  # persons


class Writer:
    """Writes the events of one history. `start` is where it begins, times are ms after it."""

    def __init__(self, random: Random, *, crowd: bool = False, persons: str = "") -> None:
        self.random, self.start, self.lines = random, random.choice(STARTS), list[str]()
        self.persons = persons or random.choice(("all", "all", "team", "self", "off"))
        self.crowd, self.rules_change = crowd or random.random() < 0.05, not persons
        self.paged: list[int] = []

    def write(self, kind: str, at: int, id: str = "", **fields: Any) -> str:  # noqa: A002
        named = id or f"{self.random.choice('abc')}{len(self.lines):04}"
        event = {
            "kind": kind,
            "id": named,
            "at": self.start + at,
            "shard": 0,
            "seq": len(self.lines),
            **fields,
        }
        self.lines.append(json.dumps(event))
        return named

    def one(self, *of: Any) -> Any:
        return self.random.choice(of)

    def some(self, *of: int) -> range:
        return range(self.random.choice(of))

    def later(self) -> int:
        return self.random.choice(STEPS)

    def rule(self) -> dict[str, Any] | None:
        return self.one(
            None, {"name": "same-service", "file": "rules/all.yaml", "line": 3}, {"name": "nodes"}
        )

    def rules(self, at: int, revision: str) -> None:
        precision = {
            "target": self.one(0.95, 0.5),
            "budget": {"pages": self.one(0, 1, 2), "per": self.one("12h", "1h30m")},
            "actionable": WORDS[self.one(0, 0, 0, 1) : self.one(3, 3, 3, 2)],
            "noise": ["human_label", {"resolved_by_itself_within": "5m", "unless": "acknowledged"}][
                self.one(0, 0, 0, 1) : self.one(2, 2, 2, 1)
            ],
            "cutoff": self.one("14d", "60d", "1h"), "miss_within": self.one("2h", "15m"),
            "persons": self.persons,
            "note_prefix": "alert:",
        }  # fmt: skip
        self.write("rules", at, revision=revision, precision=precision)

    def story(self) -> list[str]:
        for number in self.some(0, 1, 1, 2) if self.rules_change else self.some(1):
            self.rules(self.later() - DAY if self.rules_change else -2 * DAY, f"r{number}")
        for service in ("cart", "pay"):
            for alertname in ("Slow", "Errors")[self.one(0, 0, 1) :]:
                self.write("service_seen", self.one(-DAY, 0, HOUR), service=service, alertname=alertname)
        for number in self.some(30, 50) if self.crowd else self.some(0, 1, 2, 4, 7):
            self.incident(f"i{number}", self.later() + self.later())
        for number in self.some(0, 1, 3, 5):
            near = self.one(*self.paged, self.later()) + self.one(
                -2 * HOUR, -15 * MINUTE, -MINUTE, 0, MINUTE, HOUR
            )
            self.spell(f"e{self.random.randrange(3)}.1", near, number)
        if self.persons != "off":
            for _ in self.some(*CALLED[self.persons]):
                begin = self.later()
                until = begin + self.one(HOUR, 9 * HOUR, DAY)
                shift = {"person": self.one(*PEOPLE), "from": self.start + begin, "until": self.start + until}
                self.write("on_call", until, **shift, level=self.one(1, 1, 2))
        lines = self.lines + self.random.sample(self.lines, len(self.lines) // 5)  # a line may come twice
        self.random.shuffle(lines)
        return lines

    def about(self) -> dict[str, Any]:
        """Return what a page copies from its incident."""
        return {
            "service": self.one("cart", "pay", None), "alertname": self.one("Slow", "Errors", None),
            "team": self.one("shop", None), "severity": self.one("critical", "warning"),
            "scope": self.one("eu", "eu", None),
            "thing": self.one(None, "pod-1", "pod-2"), "route": self.one("all", "été", None),
            "correlate_rule": self.rule(),
            "partition": "", "alertnames": [], "own": self.random.random() < 0.1,
        }  # fmt: skip

    def page(self, at: int, incident: str, target: str, life: int, **about: Any) -> str:
        self.paged.append(at)
        fields = {
            "target": target,
            "destination": target,
            "life": life,
            "draw": self.one(0.0, 0.05, 0.1, 0.5),
        }
        return self.write("page", at, f"{incident}|{target}|{life}", incident=incident, **fields, **about)

    def incident(self, name: str, began: int) -> None:
        about = {**self.about(), "started_at": self.start + began}
        told, pages = began, dict[str, int]()
        for life in range(1, 2 if self.crowd else self.one(2, 2, 2, 3, 4)):
            for target in self.random.sample(("pager", "lead"), self.one(1, 1, 2)):
                at = told + self.one(0, MINUTE, self.later())
                if self.random.random() < 0.2:
                    about |= self.one(
                        {"service": "pay"}, {"alertname": "Slow"}, {"team": "shop", "route": "all"}
                    )
                page = self.page(at, name, target, life, **about)
                pages[page] = at
                self.called(page, at)
                self.labelled(page, at)
            told += self.later()
        if self.random.random() < 0.3:
            given = max(pages.values()) + self.one(*GIVEN)
            self.label(given, pages=[*pages], value=self.one("actionable", "noise"), trust="person")
        acts = ("acknowledged", "acknowledged", "unacknowledged", "snoozed", "closed", "reopened")
        for kind in self.random.choices(acts, k=self.one(0, 1, 2)):
            self.act(kind, began + self.one(0, self.later()), name)
        for _ in self.some(0, 1, 1, 1, 2):
            self.end(name, began, told + self.later())

    def end(self, name: str, began: int, at: int) -> None:
        how = self.one("observed", "observed", "observed", "inferred", "not_recovered", "by_hand")
        if how == "by_hand":
            self.act("closed", at, name)
        ended = self.start + at - self.one(0, 0, MINUTE, HOUR) if how == "observed" else None
        last = self.start + at - self.one(0, MINUTE, HOUR)
        self.write(
            "incident_end", at, incident=name, started_at=self.start + began, ended_at=ended, how=how,
            last_seen_at=last
        )  # fmt: skip

    def act(self, kind: str, at: int, incident: str, episodes: tuple[str, ...] = ()) -> None:
        said = self.start + at - self.one(0, 0, MINUTE)
        more = {"by": self.one("ann", "bob", None), "through": self.one("slack", "pagerduty"), "note": False}
        self.write(
            kind,
            at,
            incident=incident,
            episodes=episodes,
            human=self.one(True, True, False),
            said_at=said,
            **more,
        )

    def called(self, page: str, at: int) -> None:
        for _ in self.some(1, 1, 1, 2, 3):
            sent = at + self.one(0, self.later())
            confirmed = self.one(True, False)
            fields = {"step": None, "fallback_of": None, "sent_at": self.start + sent, "confirmed": confirmed}
            duplicate = self.random.random() < 0.1
            call = self.write(
                "call", sent, page=page, call_kind=self.one(*KINDS), duplicate=duplicate, **fields
            )
            if self.one(True, False):
                self.write("call_confirmed", sent + self.later(), call=call)
            for person in self.random.sample(PEOPLE, self.one(*CALLED[self.persons])):
                for basis in self.one(
                    ("assigned",), ("notified",), ("assigned", "notified"), ("notified", "notified")
                ):
                    zone = self.one(*ZONES, "no zone")
                    fields = {"person": person, "basis": basis, "zone": zone, "zone_assumed": False}
                    self.write("person_called", sent + self.one(0, 1, HOUR), call=call, **fields)

    def labelled(self, page: str, at: int) -> None:
        for _ in self.some(3, 4) if self.crowd else self.some(0, 1, 1, 2, 3):
            trust = self.one(
                "person", "person", "person", "pagerduty_human", "slack_ack_note", "self_resolved"
            )
            value = {"person": self.one("actionable", "actionable", "noise"), "self_resolved": "noise"}.get(
                trust, "actionable"
            )
            self.label(at + self.one(*GIVEN), pages=[page], value=value, trust=trust)

    def label(self, at: int, **fields: Any) -> None:
        by = self.one("ann", "bob", None) if fields["trust"] == "person" else None
        reason = self.one(None, "expected", "duplicate")
        label = self.write("label", at, by=by, reason=reason, said_at=self.start + at, **fields)
        if self.random.random() < 0.2:
            for _ in self.some(1, 1, 1, 2):
                withdrawn = self.one(label, label, label, "never given")
                self.write("label_withdrawn", at + self.one(0, MINUTE, 14 * DAY), label=withdrawn, by=by)

    def spell(self, episode: str, at: int, number: int) -> None:
        entity = {"partition": "", "scope": self.one("eu", "eu", None), "thing": self.one(None, "pod-1")}
        entity["service"] = self.one("cart", "pay", None)
        self.write(
            "quiet_spell", at, episode=episode, incident=None, target="pager",
            destination=self.one("pager", "lead"), rule=f"s{number}",
            reason=self.one("silenced", "muted"), also=[], entity=entity,
            exempt=self.one(None, None, None, "known_before", "inhibitor_paged"),
            alertname=self.one("Slow", None), correlate_rule=self.rule(), route=self.one("all", None),
            team=self.one("shop", None),
            severity="critical", would_tell_at=self.one(None, self.start + at, self.start + at + HOUR),
            **{"from": self.start + at},
        )  # fmt: skip
        for _ in self.some(0, 0, 1, 2):
            self.label(
                at + self.one(*GIVEN),
                pages=[],
                episode=episode,
                value=self.one("missed", "actionable", "noise"),
                trust="person",
            )
        if self.random.random() < 0.3:
            self.act("acknowledged", at + self.later(), "elsewhere", (episode, "e0.1"))
