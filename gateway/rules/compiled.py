"""A set of rules made ready to decide by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from gateway.decisions.intake.correlate import Correlator
from gateway.decisions.intake.normalise import Normaliser
from gateway.decisions.policy import Policy
from gateway.errors import BadRules
from gateway.model.rules.rulebook import Rulebook
from gateway.rules.files import load_rules

log = structlog.get_logger("gateway.rules")


@dataclass(frozen=True, slots=True)
class CompiledRules:
    """One rule set, compiled."""

    rules: Rulebook
    normalisers: Mapping[str, Normaliser]  # by source
    correlator: Correlator
    policy: Policy
    loaded_at: int

    @property
    def unknown_severities(self) -> Counter[str]:
        """How often each severity word was seen that no rule knows."""
        return sum((Counter(one.strange) for one in self.normalisers.values()), Counter())


def compile_rules(rules: Rulebook, now: int) -> CompiledRules:
    normalisers = {name: Normaliser(rules.labels, source) for name, source in rules.sources.items()}
    return CompiledRules(rules, normalisers, Correlator(rules), Policy(rules), now)


def load_or_refuse(path: Path, now: int) -> CompiledRules:
    """Raises `BadRules` with every error; logs the warnings."""
    loaded = load_rules(path, now)
    if loaded.rulebook is None:
        raise BadRules("\n".join(str(one) for one in loaded.errors))
    for one in loaded.findings:
        log.warning("rules_warning", finding=str(one))
    return compile_rules(loaded.rulebook, now)
