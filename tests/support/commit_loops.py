"""Find loops in source text that read from a store and commit to it: what `gateway.state.transact` alone may
do.

A commit that stands in a function of the same file counts where that function is called, and so does a read.
Paging through a table is no read of this kind: a sweep commits page by page and decides nothing anew.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

READS = {"gather", "read_alerts", "read_snapshot", "read_snapshots"}
COMMITS = {"commit", "commit_claimed"}


def commit_loops(source: str) -> list[str]:
    """Return, by function and line, the loops that read and commit."""
    tree = ast.parse(source)
    calls: dict[str, set[str]] = {}
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    for function in functions:
        calls.setdefault(function.name, set()).update(_called(function))
    return [
        f"{function.name}:{loop.lineno}"
        for function in functions
        for loop in _loops(function)
        if (reached := _reached(_called(loop), calls)) & READS and reached & COMMITS
    ]


def mentions_of_lost_races(source: str) -> list[int]:
    """Return the lines that look at `CommitOutcome.LOST`."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and ast.unparse(node).endswith("CommitOutcome.LOST")
    ]


def _loops(function: ast.AST) -> Iterator[ast.For | ast.AsyncFor | ast.While]:
    return (node for node in ast.walk(function) if isinstance(node, (ast.For, ast.AsyncFor, ast.While)))


def _called(node: ast.AST) -> set[str]:
    called = (call.func for call in ast.walk(node) if isinstance(call, ast.Call))
    return {
        name.attr if isinstance(name, ast.Attribute) else name.id
        for name in called
        if isinstance(name, (ast.Attribute, ast.Name))
    }


def _reached(names: set[str], calls: dict[str, set[str]]) -> set[str]:
    """Return these functions, and all that they call by way of functions of the same file."""
    reached: set[str] = set()
    waiting = set(names)
    while waiting:
        name = waiting.pop()
        reached.add(name)
        waiting |= calls.get(name, set()) - reached
    return reached
