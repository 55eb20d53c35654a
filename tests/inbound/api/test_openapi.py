"""The OpenAPI document is valid, and describes what the API takes and answers."""

from __future__ import annotations

import re

from openapi_spec_validator import validate

from tests.support.running_gateway import Running


async def test_the_openapi_document_is_valid_and_names_every_path(app: Running) -> None:
    document = (await app.ask("/api/v1/openapi.json")).json()
    validate(document)
    assert "/api/v1/incidents/{incident}/close" in document["paths"]


async def test_what_a_parameter_may_be_is_described_as_exactly_as_it_is_read(app: Running) -> None:
    document = (await app.ask("/api/v1/openapi.json")).json()
    described = {
        (path, parameter["name"]): parameter["schema"]
        for path, operations in document["paths"].items()
        for parameter in operations.get("get", {}).get("parameters", ())
        if parameter["in"] == "query"
    }
    assert described["/api/v1/incidents", "limit"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 1000,
        "default": 100,
    }
    for (path, name), schema in described.items():
        for word in schema.get("enum", ()):
            assert (await app.ask(f"{path}?{name}={word}")).status_code == 200
        if "enum" in schema:
            assert (await app.ask(f"{path}?{name}=neither")).status_code == 400
            assert (await app.ask(f"{path}?{name}=")).status_code == 400


async def test_an_answer_is_of_a_type_that_is_described(app: Running) -> None:
    paths = (await app.ask("/api/v1/openapi.json")).json()["paths"]
    for asked in ("statistics", "statistics?format=csv", "statistics/events", "incidents"):
        answered = (await app.ask(f"/api/v1/{asked}")).headers["content-type"].partition(";")[0]
        described = paths[f"/api/v1/{asked.partition('?')[0]}"]["get"]["responses"]["200"]["content"]
        assert answered in described
    assert list(paths["/api/v1/statistics/events"]["get"]["responses"]["200"]["content"]) == [
        "application/x-ndjson"
    ]


async def test_texts_that_are_read_strictly_have_a_pattern(app: Running) -> None:
    paths = (await app.ask("/api/v1/openapi.json")).json()["paths"]
    for path, name, right, wrong in (
        ("/api/v1/statistics", "cutoff", "2h30m", ""),
        ("/api/v1/statistics/events", "cursor", "17 page|a|1", "17"),
    ):
        described = {one["name"]: one["schema"] for one in paths[path]["get"]["parameters"]}[name]
        assert re.search(described["pattern"], right)
        assert not re.search(described["pattern"], wrong)
        assert (await app.ask(path, params={name: wrong})).status_code == 400


async def test_every_text_that_a_person_types_has_a_pattern(app: Running) -> None:
    schemas = (await app.ask("/api/v1/openapi.json")).json()["components"]["schemas"]
    for model in ("AskedSilence", "AskedEnd", "AskedExtension", "AskedOrder", "Acknowledge", "Close"):
        texts = {
            name: one
            for name, found in schemas[model]["properties"].items()
            for one in found.get("anyOf", [found])  # a text that may be left out
            if one.get("type") == "string" and one.get("format") != "date-time"
        }
        assert "by" in texts
        assert all("pattern" in found for found in texts.values()), model
