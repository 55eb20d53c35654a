"""The OpenAPI document is valid, and describes what the API takes and answers."""

from __future__ import annotations

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


async def test_every_text_that_a_person_types_has_a_pattern(app: Running) -> None:
    schemas = (await app.ask("/api/v1/openapi.json")).json()["components"]["schemas"]
    for model in ("AskedSilence", "AskedEnd", "AskedExtension", "AskedOrder", "Acknowledge", "Close"):
        texts = {
            name: found
            for name, found in schemas[model]["properties"].items()
            if found.get("type") == "string"
        }
        assert "by" in texts
        assert all("pattern" in found for found in texts.values()), model
