"""The names that users see stay: of metrics and labels, own alerts, the REST API, and log events with their
fields.

`public_names.json` holds the names that were released. A test that fails here says that one of them is gone
or renamed: dashboards, alert rules, scripts and log queries of users break by that. Give the name back; code
may use another word inside. A name that has to go is taken out of the file in the same change that says so in
CHANGELOG.md, under "What you may have to change". New names need no entry; they are added when a version is
released.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.model.own_alert import TEXTS
from gateway.telemetry.metrics import Metrics
from tests.support.log_events import log_events
from tests.support.running_gateway import Running

ROOT = Path(__file__).parents[2]
RELEASED: dict[str, Any] = json.loads((Path(__file__).parent / "public_names.json").read_text("utf-8"))


# readers


def metric_names() -> dict[str, list[str]]:
    """Each metric of /metrics with its labels, counters with their `_total`."""
    return {metric.name: sorted(metric.labels) for metric in Metrics().catalogue.described}


def api_names(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Each operation, such as `GET /api/v1/incidents`, with its id, its parameters and the schemas that it
    takes and answers.
    """
    names = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            names[f"{method.upper()} {path}"] = {
                "id": operation["operationId"],
                "parameters": sorted(parameter["name"] for parameter in operation["parameters"]),
                "takes": schema_of(operation.get("requestBody")),
                "answers": schema_of(operation["responses"]["200"]),
            }
    return names


def schema_of(content: dict[str, Any] | None) -> str:
    """The first type's: what follows is the same written otherwise."""
    first = next(iter(content["content"].values())) if content else {"schema": {"$ref": ""}}
    return str(first["schema"]["$ref"]).rpartition("/")[2]


def schema_names(document: dict[str, Any]) -> dict[str, list[str]]:
    return {
        name: sorted(schema.get("properties", {}))
        for name, schema in document["components"]["schemas"].items()
    }


# tests


@pytest.fixture
async def document(app: Running) -> dict[str, Any]:
    return dict((await app.ask("/api/v1/openapi.json")).json())


def lost(released: dict[str, list[str]], today: dict[str, Any]) -> dict[str, list[str]]:
    """What was released and is no more: a name with all its parts, or the parts of a name that is still
    there.
    """
    missing = {name: sorted(set(parts) - set(today.get(name, ()))) for name, parts in released.items()}
    return {name: parts for name, parts in missing.items() if parts or name not in today}


def test_every_metric_keeps_its_name_and_its_labels() -> None:
    assert lost(RELEASED["metrics"], metric_names()) == {}


def test_no_label_is_added_to_a_metric_that_has_a_dashboard() -> None:
    """A further label splits every series of the metric, so that queries by equal labels no longer match."""
    today = metric_names()
    assert {name: today[name] for name in RELEASED["metrics"]} == RELEASED["metrics"]


def test_every_alert_of_the_gateway_itself_keeps_its_name() -> None:
    assert set(RELEASED["own_alerts"]) - set(TEXTS) == set()


async def test_every_operation_of_the_api_keeps_its_path_id_parameters_and_schemas(
    document: dict[str, Any],
) -> None:
    today = api_names(document)
    for name, released in RELEASED["api"].items():
        assert name in today
        assert set(released["parameters"]) <= set(today[name]["parameters"]), name
        assert {**today[name], "parameters": released["parameters"]} == released, name


async def test_every_schema_of_the_api_keeps_its_name_and_its_properties(document: dict[str, Any]) -> None:
    assert lost(RELEASED["schemas"], schema_names(document)) == {}


def test_every_log_event_keeps_its_name_and_its_fields() -> None:
    assert lost(RELEASED["log_events"], log_events(ROOT / "gateway")) == {}


def test_a_renamed_field_and_a_renamed_event_would_be_seen() -> None:
    assert lost({"sent": ["target"]}, {"sent": ["place"]}) == {"sent": ["target"]}
    assert lost({"sent": ["target"], "kept": []}, {"send": ["target"]}) == {"sent": ["target"], "kept": []}
    assert lost({"sent": ["target"]}, {"sent": ["target", "more"], "new": []}) == {}
