"""The schema for editors takes and refuses what the reader of rule files takes and refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from gateway.rules.files import rules_schema

BEFORE = """\
sources: [{name: eu, token: {env: EU}, repeat_interval: 4h}]
labels: {ignore: [prometheus_replica]}
destinations:
  chat: {slack: {channel: C1}}
  pay: {slack: {channel: C2}}
routes:
  - {name: all, notify: [chat], continue: true}
  - {name: pay, match: ['team="pay"'], notify: [pay], group_wait: 10s}
  - {name: sea, match: ['team="sea"'], notify: [pay]}
correlate:
  - {name: one, match: ['x="1"'], window: 10m}
  - {name: two, match: ['x="2"']}
policy: {closed_by_hand: 1h}
"""


def test_the_schema_is_a_schema_and_takes_what_the_reader_takes() -> None:
    Draft202012Validator.check_schema(rules_schema())
    assert not list(Draft202012Validator(rules_schema()).iter_errors(yaml.safe_load(BEFORE)))


@pytest.mark.parametrize("word", [False, "off", "4h"])
def test_the_schema_takes_a_reminder_switched_off_in_each_way_that_editors_read_it(word: object) -> None:
    rules = {"routes": [{"name": "a", "remind": word}]}
    assert Draft202012Validator(rules_schema()).is_valid(rules)


@pytest.mark.parametrize(
    "section", [{"rotues": []}, {"storm": []}, {"routes": [{"match": []}]}, {"policy": {"closed_by_hand": 5}}]
)
def test_the_schema_refuses_what_the_reader_refuses(section: object) -> None:
    assert not Draft202012Validator(rules_schema()).is_valid(section)


def keys_without_a_sentence(schema: Any, place: str = "") -> Iterator[str]:
    """The keys of the rule language, wherever they stand, beside which an editor would show nothing."""
    if isinstance(schema, list):
        for item in schema:
            yield from keys_without_a_sentence(item, place)
    if isinstance(schema, dict):
        for key, value in schema.get("properties", {}).items():
            if not value.get("description"):
                yield f"{place}.{key}"
            yield from keys_without_a_sentence(value, f"{place}.{key}")
        for part in ("items", "oneOf", "additionalProperties", "patternProperties"):
            inner = schema.get(part)
            yield from keys_without_a_sentence(
                list(inner.values()) if part == "patternProperties" and inner else inner, place
            )


def test_every_key_has_a_sentence_that_editors_show() -> None:
    assert list(keys_without_a_sentence(rules_schema())) == []


def test_the_published_schema_is_that_of_the_code_and_has_a_name_of_its_own() -> None:
    published = json.loads((Path(__file__).parents[3] / "rules/rules.schema.json").read_text("utf-8"))
    assert published == rules_schema(), "gateway check --schema > rules/rules.schema.json"
    assert published["$id"] == "urn:alert-gateway:rules"
