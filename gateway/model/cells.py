"""The addresses of single values in the store: rules, controls, watchdogs, sources, the audit trail."""

from __future__ import annotations

from gateway.model.changes import Cell, Table

RULES = Cell(Table.META, "rules")
CONTROLS = Cell(Table.META, "orders")
CREDENTIALED = Cell(Table.META, "credentialed")  # the kinds of destinations that ever had a credential
TRUNCATED = Cell(Table.META, "truncated")  # the groups that Alertmanager cut short, in each shard
TURNED_AWAY = Cell(Table.META, "turned_away")
SWEPT = Cell(Table.META, "orders_swept")  # the version of the controls that all incidents were planned for

REFUSALS = Cell(Table.META, "refusals")  # why destinations refuse everything, and when they are asked again


def shipped_cell(destination: str) -> Cell:
    return Cell(Table.META, f"audit:{destination}")


def watchdog_cell(watchdog: str) -> Cell:
    return Cell(Table.META, f"watchdog:{watchdog}")


def heartbeat_cell(watchdog: str) -> Cell:
    """Return the cell of the watchdog's last heartbeat, which every shard has."""
    return Cell(Table.META, f"heartbeat:{watchdog}")


def source_state_cell(source: str) -> Cell:
    return Cell(Table.META, f"source:{source}")
