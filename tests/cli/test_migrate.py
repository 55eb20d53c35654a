"""`gateway migrate`: a store is laid out for another number of shards, or left as it is."""

from __future__ import annotations

from tests.support.command_line import BAD, RULES, Done, Gateway, written

SPREAD = "partition_by: [team]\n" + RULES


def last_line(done: Done) -> str:
    """The answer itself: log lines of the store stand before it."""
    return done.out.splitlines()[-1]


def test_a_store_is_laid_out_for_more_shards_and_then_there_is_nothing_to_do(gateway: Gateway) -> None:
    written("rules/all.yaml", SPREAD)
    gateway("migrate", GATEWAY_DATA_DIR="data")
    spread = gateway("migrate", GATEWAY_DATA_DIR="data", GATEWAY_SHARDS="2")
    assert (spread.code, last_line(spread).endswith(": 0 alerts, 0 incidents, 0 subjects")) == (0, True)
    again = gateway("migrate", GATEWAY_DATA_DIR="data", GATEWAY_SHARDS="2")
    assert (again.code, last_line(again)) == (0, "nothing to do: the store is laid out like that")


def test_rules_with_errors_leave_the_store_alone(gateway: Gateway) -> None:
    written("rules/all.yaml", BAD)
    done = gateway("migrate", GATEWAY_DATA_DIR="data")
    assert (done.code, "rules/all.yaml:5:24" in done.err) == (1, True)


def test_an_old_name_of_a_setting_is_said(gateway: Gateway) -> None:
    written("rules/all.yaml", BAD)
    assert "GATEWAY_SLOTS is the old name of GATEWAY_SHARDS" in gateway("migrate", GATEWAY_SLOTS="2").err
