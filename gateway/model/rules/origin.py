"""The origin of a rule (file and line), and the names of secrets."""

from __future__ import annotations

from dataclasses import dataclass

SOURCE = "source"  # who a secret is for that a source names; every other taker is a kind of destination
VARIABLE_MARK = "$"  # before the name of a variable, where a stored text is an address or such a name


@dataclass(frozen=True, slots=True)
class Origin:
    """The place of a rule in the rule files, shown to people as `file:line`."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.file else "built-in"


BUILT_IN = Origin("", 0)


def described(name: str, origin: Origin, owner: str, reason: str) -> str:
    """Return a rule as people see it: `name (file:line, owner): reason`."""
    owned = f", {owner}" if owner else ""
    return f"{name} ({origin}{owned})" + (f": {reason}" if reason else "")


@dataclass(frozen=True, slots=True)
class SecretName:
    """The name of a secret in the environment; its value never enters a rule set."""

    env: str

    def __str__(self) -> str:
        """Return the name as endpoints keep it."""
        return f"{VARIABLE_MARK}{self.env}"
