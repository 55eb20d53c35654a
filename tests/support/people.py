"""People with tokens of their own."""

from __future__ import annotations

from pathlib import Path

from gateway.config.new_token import add_token
from gateway.model.people import Role


def tokens_of(path: Path, **roles: str) -> dict[str, str]:
    """Write a tokens file, and return the token of each name."""
    return {name: add_token(path, name, Role(role)) for name, role in roles.items()}


def shown(token: str) -> dict[str, str]:
    """Return the header of a request that shows this token."""
    return {"authorization": f"Bearer {token}"}
