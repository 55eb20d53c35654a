"""An alert with something odd in it is read field by field: what is plain is taken."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.decisions.intake.odd_alert import as_sent, as_wire, labels_of
from gateway.decisions.intake.sent_values import Malformed
from gateway.model.webhook import Number, WireAlert

DOWN: dict[str, Any] = {"labels": {"alertname": "Down"}, "status": "firing"}


def wire(**fields: Any) -> WireAlert:
    found = as_wire({**DOWN, **fields})
    assert isinstance(found, WireAlert), found
    return found


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(Number("5432"), "5432", id="a number"),
        pytest.param(Number("1.0"), "1.0", id="a number with its zero"),
        pytest.param(Number("1e5"), "1e5", id="a number with an exponent"),
        pytest.param(Number("-0"), "-0", id="a zero with its sign"),
        pytest.param(Number("NaN"), "NaN", id="no number"),
        pytest.param(True, "true", id="true"),
        pytest.param(False, "false", id="false"),
        pytest.param(None, "", id="null is nothing"),
        pytest.param("text", "text", id="a text"),
    ],
)
def test_a_label_is_the_text_that_was_written(value: object, text: str) -> None:
    assert wire(labels={"alertname": "Down", "value": value}).labels["value"] == text


@pytest.mark.parametrize(
    "value", [pytest.param(["a"], id="a list"), pytest.param({"a": "b"}, id="an object")]
)
def test_a_label_of_several_values_is_refused_with_its_place(value: object) -> None:
    found = as_wire({"labels": {"alertname": "Down", "pods": value}})
    assert isinstance(found, Malformed)
    assert found.field == "labels.pods"


def test_null_in_the_place_of_a_map_is_an_empty_one() -> None:
    assert labels_of(None) == {}
    assert wire(annotations=None).annotations == {}


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        pytest.param({"labels": "Down"}, "labels", id="labels that are a text"),
        pytest.param({"status": Number("1")}, "status", id="a status that is a number"),
        pytest.param({"status": ["firing"]}, "status", id="a status that is a list"),
    ],
)
def test_what_nobody_can_read_is_refused_with_its_place(fields: dict[str, Any], where: str) -> None:
    found = as_wire({**DOWN, **fields})
    assert isinstance(found, Malformed)
    assert found.field == where


@pytest.mark.parametrize("alert", [Number("5"), "text", ["list"], None])
def test_what_is_no_object_is_no_alert(alert: object) -> None:
    assert isinstance(as_wire(alert), Malformed)


def test_labels_keep_what_tells_them_apart_and_other_texts_are_readable() -> None:
    found = wire(
        labels={"alertname": "Down", "host": "a\ud83d"},
        annotations={"summary": "disk \ud83d", "x\ud83d": {"deep": "\udd25"}},
        generatorURL="http://prom/\ud83d",
    )
    assert found.labels["host"] == "a\ud83d"
    assert found.annotations == {"summary": "disk \ufffd", "x\ufffd": '{"deep":"\ufffd"}'}
    assert found.generatorURL == "http://prom/\ufffd"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(
            {"a": Number("1.0"), "b": [True, None, "x"]}, '{"a":1.0,"b":[true,null,"x"]}', id="nested"
        ),
        pytest.param("x", "x", id="a text stands as it is"),
        pytest.param(Number("2"), "2", id="a number"),
    ],
)
def test_an_annotation_that_is_no_text_is_shown_as_it_was_written(value: object, text: str) -> None:
    assert as_sent(value) == text


def test_an_annotation_that_is_nested_deeply_is_cut() -> None:
    deep: Any = "bottom"
    for _ in range(500):
        deep = [deep]
    assert "…" in as_sent(deep)
    assert len(as_sent(deep)) < 100
