"""The language of rule files: YAML becomes a rule set, or findings with file, line and column.

`load_rules` is the entry point.
"""

from gateway.rules.files.diff import differences
from gateway.rules.files.findings import Finding, Level
from gateway.rules.files.load import NO_RULES, Loaded, file_state, load_rules
from gateway.rules.files.schema import rules_schema

__all__ = [
    "NO_RULES",
    "Finding",
    "Level",
    "Loaded",
    "differences",
    "file_state",
    "load_rules",
    "rules_schema",
]
