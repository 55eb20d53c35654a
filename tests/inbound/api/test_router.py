"""The API asks for its token, and only for its own."""

from __future__ import annotations

from tests.support.processes import body
from tests.support.running_gateway import Starter


async def test_the_api_wants_the_admin_token_and_probes_do_not(starter: Starter) -> None:
    starter.more = {"GATEWAY_ADMIN_TOKEN": "admin-token", "GATEWAY_WEBHOOK_TOKEN": "hook-token"}
    app = await starter.start()
    for headers in ({}, {"authorization": "Bearer hook-token"}, {"authorization": "Bearer x"}):
        assert (await app.ask("/api/v1/incidents", headers=headers)).status_code == 401
    assert (
        await app.ask("/api/v1/incidents", headers={"authorization": "Bearer admin-token"})
    ).status_code == 200
    assert (
        await app.client.post(
            "/webhooks/alertmanager", json=body(), headers={"authorization": "Bearer admin-token"}
        )
    ).status_code == 401
    for path in ("/livez", "/readyz", "/health", "/metrics", "/api/v1/openapi.json"):
        assert (await app.ask(path)).status_code == 200


async def test_a_method_that_a_path_has_not_is_refused_with_all_that_it_has(starter: Starter) -> None:
    app = await starter.start()
    refused = await app.ask("/api/v1/silences", "DELETE")
    assert refused.status_code == 405
    assert {*map(str.strip, refused.headers["allow"].split(","))} == {"GET", "HEAD", "POST"}
    assert "error" in refused.json()
    assert (await app.ask("/api/v1/orders/pause", "GET")).headers["allow"] == "POST"
    assert (await app.ask("/api/v1/silences", "HEAD")).status_code == 200


async def test_a_parameter_that_is_given_twice_is_refused(starter: Starter) -> None:
    app = await starter.start()
    for query in ("limit=5&limit=6", "state=all&state=open", "cursor=0&cursor=1"):
        refused = await app.ask(f"/api/v1/incidents?{query}")
        assert (refused.status_code, refused.json()["remedy"]) == (400, "give it once")


async def test_a_parameter_that_there_is_not_is_refused_with_those_that_there_are(starter: Starter) -> None:
    app = await starter.start()
    refused = (await app.ask("/api/v1/incidents?statee=all")).json()
    assert (refused["error"], refused["field"]) == ("there is no parameter statee", "statee")
    assert "state" in refused["remedy"].removeprefix("one of ").split(", ")
    refused = await app.ask("/api/v1/rules?x=1")
    assert (refused.status_code, refused.json()["remedy"]) == (400, "it takes no parameters")


async def test_a_path_that_there_is_not_names_where_all_are_listed(starter: Starter) -> None:
    app = await starter.start()
    refused = await app.ask("/api/v1/nope")
    assert (refused.status_code, "/api/v1/openapi.json" in refused.json()["remedy"]) == (404, True)


async def test_a_cursor_that_no_server_gave_is_refused_and_no_fault_of_the_store(starter: Starter) -> None:
    app = await starter.start()
    for path in ("incidents", "alerts", "verdicts", "dead-letters"):
        refused = await app.ask(f"/api/v1/{path}?cursor={1 << 64}")
        assert (refused.status_code, refused.json()["field"]) == (409, "cursor")
        assert (await app.ask(f"/api/v1/{path}?cursor={(1 << 64) - 1}")).status_code == 200
