"""The names of variables: those that were renamed, and those that nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from gateway.config.settings import RENAMED
from gateway.errors import BadSettings


def with_new_names(variables: Mapping[str, str]) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Return the variables under their names of today, and a warning for each old name that is still set.

    Raises `BadSettings` for an old and a new name that are set differently.
    """
    renamed = dict(variables)
    warnings = []
    for old, new in RENAMED.items():
        for suffix in ("", "_FILE"):
            value = renamed.pop(f"{old}{suffix}", "")
            if not value:
                continue
            known = [name for name in (new, f"{new}_FILE") if renamed.get(name)]
            if not known:
                renamed[f"{new}{suffix}"] = value
                warnings.append(f"{old}{suffix} is the old name of {new}{suffix}: rename it")
            elif known == [f"{new}{suffix}"] and renamed[f"{new}{suffix}"] == value:
                warnings.append(
                    f"{old}{suffix} and {new}{suffix} are both set, to the same: remove {old}{suffix}",
                )
            else:  # nobody can know which of the two is meant
                raise BadSettings(
                    f"{old}{suffix} and {known[0]} are both set, differently: remove {old}{suffix}, the old name",
                )
    return renamed, tuple(warnings)


def unknown(name: str, known: Mapping[str, str]) -> str:
    near = get_close_matches(name.removesuffix("_FILE"), known, 1)
    return f"{name}: there is no such setting" + (f"; did you mean {near[0]}?" if near else "")
