"""The walk through everything that can happen: a running gateway is led there, and what tells of it is looked for."""

from __future__ import annotations

import asyncio
import io
import json
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tests.monitored.entered import Entered
from tests.monitored.signals import Group, Item, Signals, everything
from tests.support.otlp_receiver import OtlpReceiver
from tests.support.running_gateway import Running, Starter
from tests.support.traced import SAMPLED

PATIENCE = 30.0  # seconds for the signals of what a scenario has done


class Unseen(AssertionError):
    """Something happened, or should have, and not all that tells of it was seen."""


@dataclass
class Walk:
    """One gateway on the walk: at first none is started. `items` is what this part of the walk leads to."""

    starter: Starter
    receiver: OtlpReceiver
    written: io.StringIO
    items: frozenset[Item]
    entered: Entered
    app: Running = field(init=False)
    _before: Mapping[Item, float] = field(default_factory=dict)
    _seen: dict[Item, set[str]] = field(default_factory=lambda: defaultdict(set))

    async def start(self, rules: str, **more: str) -> Running:
        (self.starter.folder / "rules.yaml").write_text(rules, "utf-8")
        self.starter.more |= more
        self.app = await self.starter.start()
        self.app.client.headers["traceparent"] = SAMPLED
        self._before = {item: self._series(everything()[item]) for item in self.items}
        return self.app

    async def see(self, *names: StrEnum | Item) -> None:
        """Wait until all that tells of these was seen; of all on this part of the walk, where none is named."""
        wanted = {item for item in self.items if not names or item in names or item.name in names}
        assert wanted, f"{names} are not on this part of the walk"
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while missing := self._missing(wanted):
            if asyncio.get_running_loop().time() > deadline:
                raise Unseen("; ".join(sorted(missing)))
            await self.app.gateway.auditor.look()
            self._look()
            await asyncio.sleep(0.05)

    def _missing(self, items: Iterable[Item]) -> list[str]:
        needed = {item: SIGNALS | ({"clause"} if item.group is Group.EXCEPT else set()) for item in items}
        return [
            f"{item.name}: no {', no '.join(sorted(signals - self._seen[item]))}"
            for item, signals in needed.items()
            if signals - self._seen[item]
        ]

    def _look(self) -> None:
        lines = self.lines()
        spans = {span.span_id for span in self.receiver.spans}
        names = {span.name for span in self.receiver.spans}
        for item in self.items:
            signals = everything()[item]
            said = [line for line in lines[signals.event] if _fits(line, signals)]
            found = {
                "metric": self._series(signals) > self._before.get(item, 0),
                "event": bool(said),
                "span": signals.span_name in names or any(line.get("span_id") in spans for line in said),
                "clause": item.name in self.entered.clauses,
            }
            self._seen[item] |= {name for name, there in found.items() if there}

    def lines(self) -> Mapping[str, list[dict[str, Any]]]:
        """The lines of the log by their event."""
        by_event: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for text in self.written.getvalue().splitlines():
            line = json.loads(text)
            by_event[line["event"]].append(line)
        return by_event

    def _series(self, signals: Signals) -> float:
        """The sum of the series that tell of a thing."""
        return sum(
            sample.value
            for family in self.app.gateway.metrics.registry.collect()
            for sample in family.samples
            if sample.name == signals.metric
            and signals.labels.items() <= sample.labels.items()
            and _leads_there(sample.labels, signals)
        )


SIGNALS = {"metric", "event", "span"}


def _fits(line: Mapping[str, Any], signals: Signals) -> bool:
    if (signals.field and signals.field not in line) or not _leads_there(line, signals):
        return False
    said = json.dumps(line.get(signals.field))
    return not signals.word or re.search(rf"\b{re.escape(signals.word)}\b", said) is not None


def _leads_there(named: Mapping[str, Any], signals: Signals) -> bool:
    return not signals.paths or str(named.get("endpoint")).startswith(signals.paths)


Scenario = Callable[[Walk], Awaitable[None]]


@dataclass(frozen=True)
class Part:
    """One part of the walk: it leads a gateway of its own to some items."""

    scenario: Scenario
    items: frozenset[Item]

    @property
    def name(self) -> str:
        return self.scenario.__name__.replace("_", " ")


PARTS: list[Part] = []


def leads_to(*items: Item) -> Callable[[Scenario], Scenario]:
    """Say what a part of the walk leads to."""

    def add(scenario: Scenario) -> Scenario:
        PARTS.append(Part(scenario, frozenset(items)))
        return scenario

    return add


def items(group: Group, *names: str) -> tuple[Item, ...]:
    """The items of a group by their names, all of it without any."""
    return tuple(Item(group, name) for name in names) or tuple(
        item for item in everything() if item.group is group
    )


def clauses_of(*places: str) -> tuple[Item, ...]:
    """The critical clauses whose names begin so."""
    return tuple(item for item in items(Group.EXCEPT) if item.name.startswith(places))
