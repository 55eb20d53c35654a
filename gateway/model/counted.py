"""Counts in sentences for people: one alert, two alerts."""

from __future__ import annotations


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return the count with its noun, which gets an s unless its `plural` is given."""
    return f"{count} {noun if count == 1 else plural or f'{noun}s'}"
