"""Show dead letters to people: a list that fits into 80 columns, the most severe and oldest first."""

from __future__ import annotations

from typing import Any

from gateway.cli.api_client import understood
from gateway.cli.incident_words import COLOURS, age
from gateway.cli.output import list_of, out, text, to_the_second
from gateway.model.severity import BUILT_IN_WORDS, Severity


def show_dead_letters(answer: dict[str, Any]) -> None:
    """Print a page of dead letters, as the API answers it."""
    with understood():
        _print_letters(sorted(answer["items"], key=_urgency))
        if answer["next"]:
            out.print("there are more: `--json` has the cursor of the next page")


def _print_letters(letters: list[dict[str, Any]]) -> None:
    if not letters:
        out.print("no dead letters")
        return
    why = "what, and why it was refused"
    table = list_of("incident", "target", "severity", "age", why, folded=[why])
    for letter in letters:
        severity, since = letter["severity"], letter["failing_since"]
        table.add_row(
            letter["incident"],
            text(letter["target"]),
            text(severity, style=COLOURS.get(severity, "")),
            age(since) if since else "",
            text(letter["title"]).append(f"\n{_why(letter)}", style="dim"),
        )
    out.print(table, soft_wrap=False)


def _why(letter: dict[str, Any]) -> str:
    """Say why it was refused, and when the gateway asks again by itself."""
    detail = f" {letter['error']}" if letter["error"] else ""
    asked_at = letter["asked_again_at"]
    asked = f"; everything is refused there, asked again {to_the_second(asked_at)}" if asked_at else ""
    # A gateway of an earlier version says none.
    remedy = f"; {letter['remedy']}" if letter.get("remedy") else ""
    return f"{letter['dead_letter']}{detail}{remedy}{asked}"


def _urgency(letter: dict[str, Any]) -> tuple[int, str]:
    return -BUILT_IN_WORDS.get(letter["severity"], Severity.NONE), letter["failing_since"] or ""
