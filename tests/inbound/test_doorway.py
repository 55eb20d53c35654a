"""Until the gateway is there, its port answers for it; from then on every request is the gateway's."""

from __future__ import annotations

import httpx
import pytest
from starlette.responses import PlainTextResponse

from gateway.inbound.doorway import Doorway


async def asked(doorway: Doorway, path: str, method: str = "GET") -> httpx.Response:
    transport = httpx.ASGITransport(doorway)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        return await client.request(method, path)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/livez", 200),
        ("/readyz", 503),
        ("/health", 503),
        ("/metrics", 503),
        ("/api/v1/incidents", 503),
        ("/webhooks/alertmanager", 503),
        ("/webhooks/alertmanager/events", 503),
    ],
)
async def test_while_it_starts_only_the_process_is_well(path: str, status: int) -> None:
    method = "POST" if path.startswith("/webhooks") else "GET"
    assert (await asked(Doorway(lambda: "", "1.2.3"), path, method)).status_code == status


async def test_whoever_is_turned_away_hears_why_and_when_to_come_again() -> None:
    answer = await asked(Doorway(lambda: "no answer in time", "1.2.3"), "/webhooks/alertmanager", "POST")
    assert answer.json()["error"] == "the gateway waits for its store: no answer in time"
    assert answer.headers["retry-after"] == "1"


async def test_health_says_that_it_has_no_store_and_knows_nothing_else() -> None:
    health = (await asked(Doorway(lambda: "no answer in time", "1.2.3"), "/health")).json()
    assert (health["status"], health["version"]) == ("unhealthy", "1.2.3")
    assert health["worries"] == ["the gateway waits for its store: no answer in time"]
    known = {name: well for name, well in health["checks"].items() if well is not None}
    assert known == {"database": False, "redis": False}


async def test_once_it_is_open_the_gateway_answers() -> None:
    doorway = Doorway(lambda: "", "1.2.3")
    assert not doorway.is_open
    doorway.open(PlainTextResponse("the gateway"))
    assert doorway.is_open
    assert (await asked(doorway, "/readyz")).text == "the gateway"
