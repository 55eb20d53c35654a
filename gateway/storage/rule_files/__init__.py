"""Rule files: YAML with positions → findings, or a rule set. `load_rules` is the way in."""

from gateway.storage.rule_files.diff import differences
from gateway.storage.rule_files.findings import Finding, Level
from gateway.storage.rule_files.load import Loaded, fingerprint_files, load_rules
from gateway.storage.rule_files.schema import rules_schema

__all__ = ["Finding", "Level", "Loaded", "differences", "fingerprint_files", "load_rules", "rules_schema"]
