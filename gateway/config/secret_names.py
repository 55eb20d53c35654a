"""The names of secrets that are set, and the secrets within addresses."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import SecretStr

from gateway.config.settings import Settings

# A setting that is no secret is no misspelt name of one.
NO_SECRETS = {
    str(field.alias)
    for field in Settings.model_fields.values()
    if field.annotation not in (SecretStr, SecretStr | None)
}
SIMILAR = 0.7  # of 1: names that differ by a letter or a word, and not TEAM_URL and TEAM_TOKEN


def not_set(name: str, variables: Mapping[str, str]) -> str:
    """Say that a secret is not set, with the nearest name that is."""
    names = {other.removesuffix("_FILE") for other, value in variables.items() if value}
    near = get_close_matches(name, names - NO_SECRETS, 1, SIMILAR)
    return f"{name} is not set" + (f"; the nearest name that is set is {near[0]}" if near else "")


def passwords_in(url: str) -> list[str]:
    """Return the passwords in an address, each as written and as meant: `%40` is `@`."""
    try:
        parts = urlsplit(url)
        found = [parts.password or "", unquote(parts.password or "")]
    except ValueError:
        return []
    return [*found, *(value for name, value in parse_qsl(parts.query) if name.endswith("password"))]
