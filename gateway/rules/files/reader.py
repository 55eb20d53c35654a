"""Read values from YAML nodes.

Each method returns the value, or adds a finding with its place and returns nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

import yaml

from gateway.model.durations import parse_duration
from gateway.model.matchers import Matcher, MatcherError, parse_matchers
from gateway.model.rules.origin import SecretName
from gateway.model.severity import BUILT_IN_WORDS, Severity
from gateway.rules.files.alertmanager_words import in_place_of
from gateway.rules.files.findings import Finding, Level, Place, nearest
from gateway.rules.files.node_words import (
    YAML_TAG,
    as_list,
    as_matchers,
    commented_out,
    kind_of,
    single_quoted,
)

T = TypeVar("T")
W = TypeVar("W", bound=str)

VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"
_LINE = r"[^\x00-\x1f]*[^\s\x00-\x1f][^\x00-\x1f]*"
_KEY_LIKE = r"(?=.*\d)[A-Za-z0-9]{32}"  # https://support.pagerduty.com/main/docs/services-and-integrations


@dataclass(frozen=True, slots=True)
class Reference:
    """The name of something that another section must define, with the place of the name."""

    name: str
    place: Place


class Reader:
    """The reader of one file. It adds to `findings`, which all files of a set share.

    `name` is the file within the folder of the rules, `text` what stands in it.
    """

    def __init__(self, file: str, findings: list[Finding], name: str = "", text: str = "") -> None:
        self.file = file
        self._lines = text.split("\n")
        self._name = name
        self._findings = findings

    @property
    def found(self) -> int:
        """Return the number of findings so far."""
        return len(self._findings)

    def place(self, node: yaml.Node, shift: int = 0) -> Place:
        return Place(self.file, node.start_mark.line + 1, node.start_mark.column + 1 + shift, self._name)

    def error(self, node: yaml.Node, message: str, shift: int = 0) -> None:
        self._findings.append(Finding(Level.ERROR, self.place(node, shift), message))

    def warn(self, node: yaml.Node, message: str) -> None:
        self._findings.append(Finding(Level.WARNING, self.place(node), message))

    def fields(
        self, node: yaml.Node, known: Collection[str], later: Collection[str] = ()
    ) -> dict[str, yaml.Node]:
        """Return a mapping's values by key.

        Unknown keys, keys of later versions and duplicates are errors.
        """
        found: dict[str, yaml.Node] = {}
        for name, (key, value) in self.entries(node).items():
            if name in known:
                found[name] = value
            # The key is no typo, but a rule without it would not do what its writer means.
            elif name in later:
                self.error(key, f"`{name}` is not available in this version")
            else:
                hint = in_place_of(name) or nearest(name, (*known, *later))
                self.error(key, f"unknown key `{name}`{hint}")
        return found

    def entries(self, node: yaml.Node) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            self.error(node, f"a mapping is needed, not {kind_of(node)}")
            return {}
        found: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.error(key, "a key is a text")
            elif key.value in found:
                self.error(key, f"`{key.value}` stands here twice")
            else:
                found[key.value] = (key, value)
        return found

    def items(self, node: yaml.Node, hint: str = "") -> list[yaml.Node]:
        if not isinstance(node, yaml.SequenceNode):
            self.error(node, f"a list is needed, not {kind_of(node)}{hint or as_list(node)}")
            return []
        return list(node.value)

    def text(self, node: yaml.Node) -> str | None:
        if not isinstance(node, yaml.ScalarNode) or not node.tag.startswith(YAML_TAG):
            self.error(node, f"a text is needed, not {kind_of(node)}")
            return None
        # YAML reads a channel such as #ops as a comment, and nothing is left of it.
        if node.tag == YAML_TAG + "null" and not node.value:
            line = "".join(self._lines[node.start_mark.line : node.start_mark.line + 1])
            self.error(node, f"a text is needed, not nothing{commented_out(line)}")
            return None
        # YAML makes a number of `010` and a truth value of `no`: what would be compared is not what was
        # written.
        if node.tag != YAML_TAG + "str":
            self.error(node, f"a text is needed, not {kind_of(node)}: quote it, '{node.value[:40]}'")
            return None
        return str(node.value)

    def name(
        self, node: yaml.Node, pattern: str = r"[^\s|]+", what: str = "a name without spaces and |"
    ) -> str | None:
        text = self.text(node)
        if text is None:
            return None
        if not re.fullmatch(pattern, text):
            self.error(node, f"`{text[:60]}` is not possible here: {what} is needed")
            return None
        return text

    def line(self, node: yaml.Node) -> str | None:
        """Read a rule's name, or a reference to a rule."""
        return self.name(node, _LINE, "a name")

    def texts(self, node: yaml.Node) -> tuple[str, ...]:
        return tuple(text for item in self.items(node) if (text := self.text(item)) is not None)

    def references(self, node: yaml.Node) -> tuple[Reference, ...]:
        return tuple(
            Reference(name, self.place(item)) for item in self.items(node) if (name := self.line(item))
        )

    def severity(self, node: yaml.Node) -> Severity | None:
        text = self.text(node)
        if text is None:
            return None
        found = BUILT_IN_WORDS.get(text.strip().lower())
        if found is None:
            self.error(node, f"unknown severity `{text[:40]}`{nearest(text.lower(), BUILT_IN_WORDS)}")
        return found

    def whole(self, node: yaml.Node, least: int = 1, most: int = 1_000_000) -> int | None:
        if (
            isinstance(node, yaml.ScalarNode)
            and node.tag == YAML_TAG + "int"
            and re.fullmatch(r"\d{1,9}", node.value)
        ):
            value = int(node.value)
            if least <= value <= most:
                return value
        self.error(node, f"a whole number from {least} to {most} is needed")
        return None

    def word(self, node: yaml.Node, allowed: Sequence[W]) -> W | None:
        """Read one of a few words."""
        text = self.text(node)
        found = next((word for word in allowed if word == text), None)
        if text is not None and found is None:
            self.error(node, f"`{text[:40]}` is not known here: write {' or '.join(allowed)}")
        return found

    def share(self, node: yaml.Node) -> float:
        text = node.value if isinstance(node, yaml.ScalarNode) else ""
        try:
            share = float(text)
        except ValueError:
            share = -1.0
        if not 0 <= share <= 1:
            self.error(node, "a share is a number from 0 to 1, such as 0.2")
            return 1.0
        return share

    def flag(self, node: yaml.Node) -> bool | None:
        if isinstance(node, yaml.ScalarNode) and node.tag == YAML_TAG + "bool":
            return str(node.value).lower() in ("true", "yes", "on")
        self.error(node, "true or false is needed")
        return None

    def duration(self, node: yaml.Node) -> int | None:
        """Read a duration such as `90s`, `2h30m` or `7d`, in milliseconds."""
        text = node.value if isinstance(node, yaml.ScalarNode) else ""
        try:
            return parse_duration(str(text))
        except ValueError as error:
            self.error(node, str(error))
            return None

    def matchers(self, node: yaml.Node) -> tuple[Matcher, ...]:
        found: list[Matcher] = []
        for item in self.items(node, as_matchers(node)):
            text = self.text(item)
            if text is None:
                continue
            try:
                read = parse_matchers(text)
            except MatcherError as error:
                quoted = isinstance(item, yaml.ScalarNode) and item.style in ("'", '"')
                single = item.start_mark.line == item.end_mark.line
                self.error(
                    item, f"bad matcher `{text[:200]}`: {error}", (error.offset + quoted) if single else 0
                )
            else:
                found.extend(read)
                for message in single_quoted(read):
                    self.warn(item, message)
        return tuple(found)

    def secret(self, node: yaml.Node) -> SecretName | None:
        """Read `{env: NAME}`. Anything else may be the secret itself, so the error does not show it."""
        entries = node.value if isinstance(node, yaml.MappingNode) else []
        keys = [key.value for key, _ in entries if isinstance(key, yaml.ScalarNode)]
        # A slip in `env` is no secret, so the error may show it.
        if len(keys) == 1 and keys != ["env"] and nearest(keys[0], ("env",)):
            self.error(entries[0][0], f"unknown key `{keys[0]}`{nearest(keys[0], ('env',))}")
            return None
        if len(entries) != 1 or entries[0][0].value != "env":
            self.error(
                node,
                "a secret never stands in a rule file: write {env: NAME} and set NAME in the environment",
            )
            return None
        named = entries[0][1]
        text = named.value if isinstance(named, yaml.ScalarNode) and named.tag == YAML_TAG + "str" else ""
        # 32 letters and digits look like a PagerDuty key that was put in the place of its variable's name.
        if not re.fullmatch(VARIABLE, text) or re.fullmatch(_KEY_LIKE, text):
            self.error(named, "`env` takes the name of a variable, never the secret itself")
            return None
        return SecretName(text)

    def mapping(self, node: yaml.Node, value: Callable[[yaml.Node], T | None]) -> dict[str, T]:
        read = {name: value(inner) for name, (_, inner) in self.entries(node).items()}
        return {name: found for name, found in read.items() if found is not None}
