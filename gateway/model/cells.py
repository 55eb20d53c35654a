"""The addresses of single values in the store: rules, controls, watchdogs, sources, the audit trail."""

from __future__ import annotations

from gateway.model.changes import Cell, Table

RULES = Cell(Table.META, "rules")
RULE_HOLDERS = Cell(Table.META, "rules_holders")  # which replicas live, and which rules each has
CONTROLS = Cell(Table.META, "orders")
CREDENTIALED = Cell(Table.META, "credentialed")  # the kinds of destinations that ever had a credential
TRUNCATED = Cell(Table.META, "truncated")  # the groups that Alertmanager cut short, in each shard
RESERVE = Cell(
    Table.META, "reserve"
)  # what sources have filled beyond the limit of a full store, in each shard
TOMBSTONES_UNTIL = Cell(Table.META, "tombstones_until")  # when the last tombstone of this shard goes, ms
TURNED_AWAY = Cell(Table.META, "turned_away")
SWEPT = Cell(Table.META, "orders_swept")  # the version of the controls that all incidents were planned for

# What the scripts keep of the time, as plain texts: `model/store_clock.py` reads them
STORE_TIME = Cell(Table.META, "time")
CLOCKS = Cell(Table.META, "clocks")
STEPPED = Cell(Table.META, "stepped")

# The settings of the statistics that were written last, and how often they were, in the home shard
STATISTICS_SETTINGS = Cell(Table.META, "statistics_settings")
# Which days of the statistics are compacted, and which incidents are followed from them, in the home shard
STATISTICS_DAYS = Cell(Table.META, "statistics_days")
STATISTICS_FOLLOWED = Cell(Table.META, "statistics_followed")
STATISTICS_NAMES = Cell(Table.META, "statistics_names")  # of persons, by pseudonym, in the home shard
STATISTICS_LINKS = Cell(
    Table.META, "statistics_links"
)  # which names and ids are one person's, in the home shard
STATISTICS_SUMMARY = Cell(
    Table.META, "statistics_summary"
)  # the figures that metrics show, in the home shard
SLACK_SOCKETS = Cell(
    Table.META, "slack_sockets"
)  # which replicas hold a connection to Slack, in the home shard
SLACK_GROUPS = Cell(Table.META, "slack_groups")  # who is in the groups that the rules name, in the home shard
# Whose turn it is to read PagerDuty, and what was read, in the home shard
PAGERDUTY_READER = Cell(Table.META, "pagerduty_reader")
PAGERDUTY_PEOPLE = Cell(Table.META, "pagerduty_people")  # who they are in Slack, in the home shard
PAGERDUTY_INCIDENTS = Cell(
    Table.META, "pagerduty_incidents"
)  # the keys of our pages by PagerDuty's ids, in the home shard
PAGERDUTY_NOTES = Cell(Table.META, "pagerduty_notes")  # the notes that wait for PagerDuty, in the home shard

REFUSALS = Cell(Table.META, "refusals")  # why destinations refuse everything, and when they are asked again

# In the home shard of several: the same, as all shards see it, and which of them asks
PROBE_TURNS = Cell(Table.META, "probe_turns")


def statistics_day_cell(begin: int) -> Cell:
    """Return the cell of the compacted day that begins then (ms), in the home shard."""
    return Cell(Table.META, f"statistics_day:{begin}")


def shipped_cell(destination: str) -> Cell:
    return Cell(Table.META, f"audit:{destination}")


def watchdog_cell(watchdog: str) -> Cell:
    return Cell(Table.META, f"watchdog:{watchdog}")


def heartbeat_cell(watchdog: str) -> Cell:
    """Return the cell of the watchdog's last heartbeat, which every shard has."""
    return Cell(Table.META, f"heartbeat:{watchdog}")


def source_state_cell(source: str) -> Cell:
    return Cell(Table.META, f"source:{source}")
