"""What a sender says beside an alert's annotations is brought into them; what it annotated itself stays."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.decisions.intake.sender_facts import MAX_END_REASON, annotations_of, end_reason_of
from gateway.model.webhook import Number, WireAlert

LABELS = {"alertname": "Memory high"}
RULE = "https://grafana.example/mon/alerting/grafana/x1/view?orgId=7"


def said(annotations: dict[str, str] | None = None, **fields: Any) -> dict[str, str]:
    return annotations_of(WireAlert(LABELS, annotations or {}, **fields))


def test_an_alert_of_alertmanager_has_its_annotations_alone() -> None:
    annotations = {"summary": "it burns"}
    alert = WireAlert(LABELS, annotations)
    assert annotations_of(alert) is annotations


def test_links_and_values_of_grafana_stand_beside_the_annotations() -> None:
    found = said(
        {"summary": "memory"},
        dashboardURL="https://grafana.example/d/a",
        panelURL="https://grafana.example/d/a?viewPanel=2",
        silenceURL="https://grafana.example/silence",
        imageURL="https://grafana.example/i.png",
        values={"A": 2473545728, "C": 1},
        valueString="[ var='A' labels={} value=2.4e+09 ]",
    )
    assert found == {
        "summary": "memory",
        "dashboardURL": "https://grafana.example/d/a",
        "panelURL": "https://grafana.example/d/a?viewPanel=2",
        "silenceURL": "https://grafana.example/silence",
        "imageURL": "https://grafana.example/i.png",
        "values": "A=2473545728, C=1",
    }


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        pytest.param(
            {"A": Number("1.0"), "B": Number("NaN")}, "A=1.0, B=NaN", id="numbers as they were written"
        ),
        pytest.param({"A": None}, "A=null", id="a value that is not there"),
        pytest.param({"A\ud83d": "x\ud83d"}, "A\ufffd=x\ufffd", id="half of an emoji"),
    ],
)
def test_values_are_shown_as_they_were_sent(values: dict[str, object], shown: str) -> None:
    assert said(values=values)["values"] == shown


@pytest.mark.parametrize("values", [None, {}, [], "text", 5])
def test_where_there_is_no_map_of_values_the_text_of_older_releases_counts(values: object) -> None:
    assert said(values=values, valueString="[ var='A' value=2 ]") == {"valueString": "[ var='A' value=2 ]"}
    assert said(values=values) == {}


def test_what_the_rule_itself_annotates_counts_more() -> None:
    assert said({"values": "mine"}, values={"A": 1})["values"] == "mine"


def test_what_grafana_hands_to_an_alertmanager_is_read_from_its_private_annotations() -> None:
    private = {
        "__dashboardUid__": "d1",
        "__panelId__": "4",
        "__orgId__": "7",
        "__values__": json.dumps({"A": 1.5}),
        "__value_string__": "[ var='A' value=1.5 ]",
    }
    found = said(private, generatorURL=RULE)
    assert found["dashboardURL"] == "https://grafana.example/mon/d/d1?orgId=7"
    assert found["panelURL"] == "https://grafana.example/mon/d/d1?orgId=7&viewPanel=4"
    assert found["values"] == "A=1.5"
    assert found.keys() >= private.keys()


@pytest.mark.parametrize(
    ("private", "generator"),
    [
        pytest.param({"__dashboardUid__": "d1"}, "http://prom/graph", id="a generator that is no Grafana"),
        pytest.param({"__values__": "{broken"}, RULE, id="values that cannot be read"),
        pytest.param({"__values__": "[" * 5_000}, RULE, id="values that no reader gets to the bottom of"),
        pytest.param({"__other__": "x"}, RULE, id="something else that is private"),
    ],
)
def test_what_is_private_and_says_nothing_plain_adds_nothing(private: dict[str, str], generator: str) -> None:
    assert said(private, generatorURL=generator) == private


def test_a_value_text_is_used_where_the_private_values_cannot_be_read() -> None:
    found = said({"__values__": "{broken", "__value_string__": "[ var='A' ]"})
    assert found["valueString"] == "[ var='A' ]"


def test_why_an_alert_ended_is_said_by_its_annotation() -> None:
    assert end_reason_of(WireAlert(LABELS, {"grafana_state_reason": " Paused "})) == "Paused"
    assert end_reason_of(WireAlert(LABELS)) == ""


def test_why_an_alert_ended_is_cut_where_it_is_longer_than_anybody_reads() -> None:
    said = end_reason_of(WireAlert(LABELS, {"grafana_state_reason": " query failed: " + "x" * 3_000_000}))
    assert said.startswith("query failed: xxx")
    assert len(said) == MAX_END_REASON
