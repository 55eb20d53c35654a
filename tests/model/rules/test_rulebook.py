"""A rule set says how much is in it, and which source needs no token of its own."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import get_args, get_type_hints

import pytest

from gateway.model.rules.origin import BUILT_IN, SecretName
from gateway.model.rules.rulebook import Rulebook
from gateway.model.rules.source import DEFAULT_SOURCE, Source
from tests.support.build import rulebook

EU, US = Source("eu", BUILT_IN, token=SecretName("EU")), Source("us", BUILT_IN)
OWN_DEFAULT = Source("default", BUILT_IN, token=SecretName("D"))


@pytest.mark.parametrize(
    ("rules", "contents"),
    [
        pytest.param(Rulebook(), "no rules", id="nothing"),
        pytest.param(rulebook(), "2 destinations, 1 route", id="what is there, and nothing else"),
    ],
)
def test_how_many_rules_of_each_kind_there_are(rules: Rulebook, contents: str) -> None:
    assert rules.contents == contents


def test_every_kind_of_rule_that_a_set_holds_is_counted_for_people_and_compared_at_a_reload() -> None:
    holding = [
        name
        for name, hint in get_type_hints(Rulebook).items()
        for part in get_args(hint)
        if is_dataclass(part) and any(field.name == "origin" for field in fields(part))
    ]
    assert len(Rulebook().by_kind) == len(holding) > 5


@pytest.mark.parametrize(
    ("listed", "shared"),
    [
        pytest.param((), DEFAULT_SOURCE, id="no source is listed: everybody is the default one"),
        pytest.param((EU, US), US, id="the one without a token of its own has the shared one"),
        pytest.param((EU,), DEFAULT_SOURCE, id="all have one: the default source is there beside them"),
        pytest.param((EU, OWN_DEFAULT), OWN_DEFAULT, id="a default source that is listed stays as it is"),
    ],
)
def test_which_source_the_shared_token_is_of(listed: tuple[Source, ...], shared: Source) -> None:
    rules = Rulebook(listed_sources={source.name: source for source in listed})
    assert rules.shared == shared
    assert set(rules.sources) == {shared.name, *(source.name for source in listed)}


def test_the_names_of_all_secrets_that_rules_name() -> None:
    source = Source("eu", BUILT_IN, token=SecretName("EU"), alertmanager=(SecretName("AM"),))
    named = replace(rulebook(), listed_sources={"eu": source}).secret_names
    assert {"EU", "AM", "SLACK_BOT_TOKEN", "PAGERDUTY_ROUTING_KEY"} <= named
