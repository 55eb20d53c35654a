"""The OpenAPI document is valid, and describes what the API takes and answers."""

from __future__ import annotations

from openapi_spec_validator import validate

from tests.support.running_gateway import Running


async def test_the_openapi_document_is_valid_and_names_every_path(app: Running) -> None:
    document = (await app.ask("/api/v1/openapi.json")).json()
    validate(document)
    assert "/api/v1/incidents/{incident}/close" in document["paths"]
