"""Values that cannot be what somebody meant to set, each with a sentence that shows nothing of the value."""

from __future__ import annotations

import re

# `xoxb-…` and `<token>` stand in documentation for a value of the reader's own.
PLACEHOLDER = re.compile(r".*….*|<[^<>]*>|.*\.\.\.", re.DOTALL)
# So do words that say so, whole and with nothing but words beside them: a secret may hold such a word.
_WORDS = re.compile(
    r"(xox[a-z]-|xapp-)?"
    r"((change|replace)[-_ ]?(me|this|it|with)([-_ ][a-z_ -]*)?|your[a-z_ -]*(token|key|secret|password|value|here)"
    r"|(insert|put|add|paste)[-_ ][a-z_ -]*here|placeholder|x[x-]{3,})",
    re.IGNORECASE,
)


def refused(value: str) -> str:
    """Return why a value is none that was meant; empty for one that may be."""
    # Nobody means a blank: rather a template was filled in with nothing.
    if not value.strip():
        return "holds nothing but blanks: give it a value, or remove it"
    # Every vendor would refuse it, and people would find out with the first page.
    if PLACEHOLDER.fullmatch(value.strip()) or any(
        _WORDS.fullmatch(part.strip()) for part in value.split(",")
    ):
        return "holds a placeholder: put the real value in its place, or remove it"
    return ""


def refused_in_file(text: str) -> str:
    """Return why the text of a secret's file is none that was meant; empty for one that may be."""
    # An empty file is rather a secret that failed to mount than a wish to go without.
    if not text:
        return "is empty"
    # Of two lines nobody knows which is meant, and both together open nothing.
    if len(text.splitlines()) > 1:
        return (
            "has several lines and one is needed: where several values are taken, separate them with commas"
        )
    return refused(text)
