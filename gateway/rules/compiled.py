"""A rule set compiled into the objects that decisions are made with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from gateway.decisions.intake.correlate import Correlator
from gateway.decisions.intake.normalise import Normaliser
from gateway.decisions.policy import Policy
from gateway.errors import BadSettings
from gateway.model.rules.rulebook import Rulebook
from gateway.rules.files import NO_RULES, load_rules

log = structlog.get_logger("gateway.rules")


@dataclass(frozen=True, slots=True)
class CompiledRules:
    """One rule set, compiled. `loaded_at` is in ms."""

    rules: Rulebook
    normalisers: Mapping[str, Normaliser]  # by source
    correlator: Correlator
    policy: Policy
    loaded_at: int

    @property
    def unknown_severities(self) -> Counter[str]:
        """Return how often each severity word was seen that no rule knows."""
        return sum((Counter(normaliser.strange) for normaliser in self.normalisers.values()), Counter())


def compile_rules(rules: Rulebook, now: int) -> CompiledRules:
    normalisers = {name: Normaliser(rules.labels, source) for name, source in rules.sources.items()}
    policy = Policy(rules)
    correlator = Correlator(rules, policy.router, policy.suppressor.watchdogs)
    return CompiledRules(rules, normalisers, correlator, policy, now)


def load_or_refuse(path: Path, now: int) -> CompiledRules:
    """Load and compile the rule files, and log their warnings.

    Raises `BadRules` with every error, and `BadSettings` where there is no such file or folder.
    """
    if not path.exists():
        raise BadSettings(f"GATEWAY_RULES: {path}: {NO_RULES}")
    loaded = load_rules(path, now)
    # A gateway that starts without its rules would tell nobody of anything: it rather does not start.
    rules = loaded.without_errors()
    for finding in loaded.findings:
        log.warning("rules_warning", finding=str(finding))
    return compile_rules(rules, now)
