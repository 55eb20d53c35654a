"""The same alerts and the same `inhibit_rules` through a real Alertmanager and through the gateway: the same
ones are quiet.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.model.rules.rulebook import Rulebook
from gateway.model.verdict import Reason
from gateway.rules.files import load_rules
from tests.support.alertmanager import Alertmanager, alertmanager, sent, until
from tests.support.build import START, seen
from tests.support.inhibitions import INHIBITIONS, Inhibition
from tests.support.world import World

RANDOM_CASES = 400
CHANCE = random.Random(226)  # the same cases every time
NAMES, VALUES = ("a", "b", "c"), ("", "1", "2", "\xff")
Key = tuple[str, str]  # which case, which of its alerts


def a_matcher() -> str:
    name = CHANCE.choice(NAMES)
    if CHANCE.random() < 0.3:
        return f'{name}{CHANCE.choice(["=~", "!~"])}"{CHANCE.choice(["1|2", ".+", ".*", "1?"])}"'
    return f'{name}{CHANCE.choice(["=", "=", "!="])}"{CHANCE.choice(VALUES)}"'


def a_case(number: int) -> Inhibition:
    rules = [
        {
            "source_matchers": [a_matcher() for _ in range(CHANCE.randint(1, 2))],
            "target_matchers": [a_matcher() for _ in range(CHANCE.randint(1, 2))],
            "equal": CHANCE.sample(NAMES, CHANCE.randint(0, 2)),
        }
        for _ in range(CHANCE.randint(1, 2))
    ]
    alerts = {
        f"alert-{one}": {name: CHANCE.choice(VALUES) for name in NAMES} for one in range(CHANCE.randint(1, 5))
    }
    ended = frozenset(name for name in alerts if CHANCE.random() < 0.2)
    return Inhibition(f"random {number}", rules, alerts, ended=ended)


CASES = [*INHIBITIONS, *(a_case(number) for number in range(RANDOM_CASES))]


def rules_of(cases: Sequence[Inhibition]) -> list[dict[str, list[str]]]:
    """Every case by itself: a label keeps it from the others."""
    return [
        {
            "source_matchers": [f'case="{number}"', *rule["source_matchers"]],
            "target_matchers": [f'case="{number}"', *rule["target_matchers"]],
            "equal": [*rule["equal"]],
        }
        for number, case in enumerate(cases)
        for rule in case.rules
    ]


def alerts_of(cases: Sequence[Inhibition]) -> dict[Key, tuple[dict[str, str], bool]]:
    """Labels, and whether it has ended."""
    return {
        (str(number), name): (
            {"alertname": name, **labels, "case": str(number), "name": name},
            name in case.ended,
        )
        for number, case in enumerate(cases)
        for name, labels in case.alerts.items()
    }


async def quiet_at(real: Alertmanager) -> set[Key]:
    return {
        (one["labels"]["case"], one["labels"]["name"])  # type: ignore[index]
        for one in await real.alerts()
        if one["status"]["inhibitedBy"]  # type: ignore[index]
    }


async def quiet_here(rules: Rulebook, cases: Sequence[Inhibition]) -> set[Key]:
    world, keys = World(rules), {}
    for key, (labels, ended) in alerts_of(cases).items():
        one = seen(**labels)  # type: ignore[arg-type]
        keys[one.alert] = key
        await world.intake.accept([one], ())
        if ended:
            await world.intake.accept([seen(**labels, ends=1)], ())  # type: ignore[arg-type]
    verdicts = await world.verdicts()
    return {
        keys[episode.partition(".")[0]]
        for (_, episode), one in verdicts.items()
        if one.reason is Reason.INHIBITED
    }


@pytest.mark.long
async def test_the_same_alerts_are_inhibited_by_a_real_alertmanager_and_by_us(tmp_path: Path) -> None:
    inhibit = rules_of(CASES)
    config = {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}], "inhibit_rules": inhibit}
    started = datetime.now(UTC) - timedelta(minutes=1)
    async with alertmanager(tmp_path, json.dumps(config)) as real:
        alerts = alerts_of(CASES)
        await real.post(*[sent(labels, started=started) for labels, _ in alerts.values()])
        await real.post(
            *[sent(labels, started=started, ended=True) for labels, ended in alerts.values() if ended]
        )
        firing = {key for key, (_, ended) in alerts.items() if not ended}

        async def settled() -> bool:
            found = {(one["labels"]["case"], one["labels"]["name"]) for one in await real.alerts()}  # type: ignore[index]
            return found == firing

        await until(settled)
        there = await quiet_at(real)

    for number, case in enumerate(INHIBITIONS):
        assert {name for one, name in there if one == str(number)} == case.quiet, case.says

    written = tmp_path / "rules.yaml"
    named = [{"name": f"rule-{number}", **rule} for number, rule in enumerate(inhibit)]
    routes = [{"name": "all", "notify": ["chat"]}]
    written.write_text(
        json.dumps(
            {"destinations": {"chat": {"slack": {"channel": "C1"}}}, "routes": routes, "inhibit": named}
        )
    )
    loaded = load_rules(written, START)
    assert loaded.rulebook is not None, loaded.findings
    assert await quiet_here(loaded.rulebook, CASES) == there
    assert len(there) > 50, "the cases say something"
