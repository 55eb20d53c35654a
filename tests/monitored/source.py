"""The gateway's own source, as syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

GATEWAY = Path(__file__).parents[2] / "gateway"


def modules(folder: str = "", word: str = "") -> Iterator[tuple[str, ast.Module]]:
    """The modules of a folder that hold a word, by their paths in `gateway/`.

    None is kept: trees of everything would be searched for garbage through all other tests.
    """
    for path in sorted((GATEWAY / folder).rglob("*.py")):
        if word in (text := path.read_text("utf-8")):
            yield path.relative_to(GATEWAY).as_posix(), ast.parse(text)


def with_functions(tree: ast.AST, inside: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Every node with the name of the function or class that it stands in; empty at the top of a module."""
    for node in ast.iter_child_nodes(tree):
        yield inside, node
        named = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        yield from with_functions(node, ".".join(filter(None, (inside, node.name))) if named else inside)


def last_name(node: ast.expr) -> str:
    """`Response` of `responses.Response`."""
    return ast.unparse(node).rpartition(".")[2]
