"""The log events that source code writes, found by reading it: `log.<level>("event", field=…)`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def log_events(package: Path) -> Mapping[str, set[str]]:
    """Each event of a package with the names of its fields.

    Where a call has `**fields`, the keys of all dictionaries in its module count as fields, and where a
    logger was bound, what any logger of the module was bound to: too many rather than too few.
    """
    events: dict[str, set[str]] = {}
    for path in sorted(package.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        loggers = _loggers(tree)
        for call in _calls(tree):
            if not (call.func.attr in LEVELS and call.args and ast.unparse(call.func.value) in loggers):
                continue
            fields = {keyword.arg for keyword in call.keywords if keyword.arg}
            if any(keyword.arg is None for keyword in call.keywords):
                fields |= _dictionary_keys(tree)
            fields |= loggers[ast.unparse(call.func.value)]
            for event in _texts(call.args[0]):
                events.setdefault(event, set()).update(fields)
    return events


def _loggers(tree: ast.AST) -> Mapping[str, set[str]]:
    """The names that loggers of a module have, each with the fields that it is bound to; `log` may be another module's."""
    loggers: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "log" for alias in node.names):
            loggers.setdefault("log", set())
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and isinstance(node.targets[0], ast.Name)
        ):
            made_by = node.value.func
            if isinstance(made_by, ast.Attribute) and made_by.attr in ("get_logger", "bind"):
                bound = {keyword.arg for keyword in node.value.keywords if keyword.arg}
                loggers.setdefault(node.targets[0].id, set()).update(bound)
    return loggers


def _calls(tree: ast.AST) -> Iterator[Any]:
    """The calls of methods."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node


def _texts(node: ast.expr) -> Iterator[str]:
    """A literal, or both branches of `a if … else b`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)


def _dictionary_keys(tree: ast.AST) -> set[str]:
    keys: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            keys |= {
                key.value for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)
            }
        elif (
            isinstance(node, ast.Subscript)
            and isinstance(node.slice, ast.Constant)
            and isinstance(node.slice.value, str)
        ):
            keys.add(node.slice.value)
    return keys
