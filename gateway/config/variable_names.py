"""The names of variables: those that were renamed, that other programs share, and that nobody knows."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches

from gateway.errors import BadSettings
from gateway.outbound.direct_hosts import read_direct_hosts

RENAMED = {"GATEWAY_SLOTS": "GATEWAY_SHARDS"}
"""Variables that were renamed. The old name is still understood, and a warning names the new one."""

PREFIX = "GATEWAY_"
VENDOR_PROXY = "GATEWAY_VENDOR_PROXY"


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
                    f"{old}{suffix} and {known[0]} are both set, differently: remove "
                    f"{old}{suffix}, the old name",
                )
    return renamed, tuple(warnings)


def with_no_proxy(variables: Mapping[str, str]) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Return the variables with GATEWAY_NO_PROXY, and a warning for each entry of NO_PROXY that is left out.

    Whoever has set NO_PROXY for a machine means every proxy. It is not only for us, so what we cannot read
    there is no reason to refuse the start.
    """
    name = next((name for name in ("NO_PROXY", "no_proxy") if variables.get(name)), "")
    own = variables.get("GATEWAY_NO_PROXY") or variables.get("GATEWAY_NO_PROXY_FILE")
    if own or not name or not (variables.get(VENDOR_PROXY) or variables.get(f"{VENDOR_PROXY}_FILE")):
        return variables, ()
    unreadable = read_direct_hosts(variables[name])[1]
    kept = [entry for entry in re.split(r"[\s,]+", variables[name]) if entry not in unreadable]
    warnings = (f"{name}: `{entry}` is no name, address or network: it is left out" for entry in unreadable)
    return {**variables, "GATEWAY_NO_PROXY": ",".join(kept)}, tuple(warnings)


def unknown(name: str, known: Iterable[str]) -> str:
    """Say that there is no such setting, and which one may be meant."""
    # All names begin alike: compared with that beginning, any two of them would look similar.
    own_parts = {known_name.removeprefix(PREFIX): known_name for known_name in known}
    # Somebody may misspell an old name, too: the name of today is the one to write.
    own_parts |= {old.removeprefix(PREFIX): new for old, new in RENAMED.items()}
    own_part = name.removeprefix(PREFIX).removesuffix("_FILE")
    longer = [part for part in own_parts if part.startswith(f"{own_part}_")]
    near = [*get_close_matches(own_part, own_parts, 1), *longer]
    return f"{name}: there is no such setting" + (f"; did you mean {own_parts[near[0]]}?" if near else "")


def said_empty(variables: Mapping[str, str], names: Collection[str]) -> Iterator[str]:
    """Yield a sentence for each of these settings that is set to nothing."""
    for name, value in variables.items():
        if not value and (name in names or name.removesuffix("_FILE") in names):
            yield f"{name} is empty, and taken as not set: give it a value, or remove it"


def said_twice(variables: Mapping[str, str], names: Collection[str]) -> Iterator[str]:
    """Yield a sentence for each of these settings that is set by itself and as a file too."""
    for name in sorted(names):
        if variables.get(name) and variables.get(f"{name}_FILE"):
            yield f"{name} and {name}_FILE are both set: {name} counts, remove one of them"
