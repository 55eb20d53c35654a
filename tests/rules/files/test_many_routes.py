"""A large rule set is checked in seconds: 100,000 routes in less than five on a machine of today."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from time import process_time

import pytest
import yaml

from gateway.rules.files.load import load_rules

ROUTES = 100_000
# What reads and checks the rules costs so many times what libyaml alone needs (a second), on any machine.
AT_MOST = 4.5


def of_many(count: int, more: Callable[[int], str], destinations: int = 1) -> str:
    """Return a rule set of routes that have each what `more` says."""
    places = "\n".join(f"  slack{at}: {{slack: {{channel: '#a{at}'}}}}" for at in range(destinations))
    routes = "\n".join(f"  - {{name: r{at}, {more(at)}}}" for at in range(count))
    return f"destinations:\n{places}\nroutes:\n{routes}\n"


SOME = 8_000
TWICE = 2 * AT_MOST  # what the sets below have beside their routes costs a little, too


def cost(work: Callable[[], object]) -> float:
    """Return the seconds of processor time that it takes, without the collector, as in `gateway check`."""
    gc.collect()
    gc.disable()
    try:
        begun = process_time()
        work()
        return process_time() - begun
    finally:
        gc.enable()


@pytest.mark.long
def test_a_hundred_thousand_routes_are_checked_in_a_few_times_what_reading_the_yaml_takes(
    tmp_path: Path,
) -> None:
    routes = "\n".join(
        f'  - {{name: r{at}, match: [\'service="s{at}", team="t{at % 500}"\'], notify: [slack]}}'
        for at in range(ROUTES)
    )
    text = f"destinations:\n  slack: {{slack: {{channel: '#a'}}}}\nroutes:\n{routes}\n"
    (tmp_path / "rules.yaml").write_text(text)
    found = load_rules(tmp_path, 0)
    assert found.errors == ()
    alone = cost(lambda: yaml.compose(text, Loader=yaml.CSafeLoader))
    assert cost(lambda: load_rules(tmp_path, 0)) < AT_MOST * alone, alone


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            of_many(SOME, lambda at: f"match: ['a=\"{at}\"']"), id="routes that tell nobody, each a warning"
        ),
        pytest.param(
            of_many(SOME, lambda at: f"parent: r{at - 1}" if at else "notify: [slack0]"),
            id="each route is a child of the one before",
        ),
        pytest.param(
            of_many(
                SOME, lambda at: f"match: ['a=\"{at}\"'], notify: [slack{at % 2_000}]", destinations=2_000
            ),
            id="many destinations",
        ),
    ],
)
def test_what_a_route_costs_does_not_grow_with_their_number(text: str, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(text)
    alone = cost(lambda: yaml.compose(text, Loader=yaml.CSafeLoader))
    assert cost(lambda: load_rules(tmp_path, 0)) < TWICE * alone, alone
