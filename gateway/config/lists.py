"""Settings that are lists with commas. A list without anything in it is refused:
nobody can know what it means.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_core import PydanticCustomError

from gateway.config.loopback import PLACE


def _listed(what: str, value: object) -> object:
    """Split a list at its commas. Without any token everybody would be let in, so such a list is refused."""
    if not isinstance(value, str):
        return value
    found = tuple(part.strip() for part in value.split(",") if part.strip())
    if not found:
        raise PydanticCustomError(
            "nothing_listed", f"it holds commas and no {what}: give it one, or remove it"
        )
    return found


def _hosts(names: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse what no browser can ask for: a pattern or an address with a path would let nobody in."""
    for name in names:
        if PLACE.fullmatch(name) is None:
            raise PydanticCustomError(
                "no_host",
                "`{name}` is no name or address, such as gateway.example.org or [fd00::1]:9096",
                {"name": name},
            )
    return names


Tokens = Annotated[tuple[SecretStr, ...], BeforeValidator(partial(_listed, "token"))]
Names = Annotated[tuple[str, ...], BeforeValidator(partial(_listed, "name"))]
Hosts = Annotated[Names, AfterValidator(_hosts)]
