"""Whether anybody answers at an address: any answer counts, but a proxy's that it got none itself."""

from __future__ import annotations

import httpx
import pytest

from gateway.model.notification import Refused
from gateway.outbound.http_trouble import judge_break
from gateway.outbound.network import Network, Way
from gateway.outbound.reach import origin_of, why_not_reached
from tests.support.patience import PATIENCE
from tests.support.pinged import Pinged


async def trouble(address: str, proxy: str | None = None) -> Exception | None:
    return await why_not_reached(Network(), Way(address, proxy), PATIENCE)


@pytest.mark.parametrize("status", [200, 404, 405, 407, 502])
async def test_without_a_proxy_every_answer_counts_and_the_path_is_not_asked(status: int) -> None:
    async with Pinged.listening() as pinged:
        pinged.status = status
        assert await trouble(f"{pinged.url}/ping/token") is None
    assert pinged.paths == ["/"]


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (405, None),
        (407, Refused("proxy", "a proxy on the way answered HTTP 407", permanent=True)),
        (502, Refused("unavailable", "a proxy on the way answered HTTP 502")),
        (503, Refused("unavailable", "a proxy on the way answered HTTP 503")),
    ],
)
async def test_a_proxy_that_reaches_nobody_is_no_answer(status: int, why: Refused | None) -> None:
    async with Pinged.listening() as proxy:
        proxy.status = status
        error = await trouble("http://relay.example/v2/enqueue", proxy.url)
    assert (error and judge_break(error, to_proxy=True)) == why


async def test_a_connection_that_breaks_before_an_answer_is_none() -> None:
    async with Pinged.listening() as pinged:
        pinged.cuts = True
        assert isinstance(await trouble(pinged.url), httpx.TransportError)


@pytest.mark.parametrize(
    "address", ["http://[::1", "http://127.0.0.1:-1", "http://x:y", "http:///v2", "http://@"]
)
async def test_an_address_that_is_none_is_said_to_be_unreadable(address: str) -> None:
    error = await trouble(address)
    assert error is not None
    assert judge_break(error, to_proxy=False) == Refused("unavailable", "its address cannot be read")


def test_neither_a_password_nor_a_path_is_in_the_origin() -> None:
    assert origin_of("https://me:sesame@[::1]:8443/ping/sesame?x=sesame") == "https://[::1]:8443"
