"""Find the id that somebody means by its beginning, as git does."""

from __future__ import annotations

from collections.abc import Mapping

import click

MOST_NAMED = 5  # of the ids that may be meant


def whole_id(begun: str, known: Mapping[str, str]) -> str:
    """Return the one of these ids that begins so; the text itself where none does, which the gateway refuses.

    `known` has what each stands for. Raises `click.UsageError` where several begin so.
    """
    found = [begun] if begun in known else [name for name in known if name.startswith(begun)]
    if len(found) > 1:
        named = [f"{name} ({known[name]})" if known[name] else name for name in found[:MOST_NAMED]]
        more = [f"{len(found) - MOST_NAMED} more"] if len(found) > MOST_NAMED else []
        raise click.UsageError(f"which? {', '.join((*named, *more))} begin with {begun}")
    return found[0] if found else begun
