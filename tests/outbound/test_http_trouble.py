"""Why a request has no answer is said in words, and never with its address."""

from __future__ import annotations

import httpx
import pytest

from gateway.outbound.http_trouble import no_answer


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(httpx.ConnectError("http://gw:secret@am"), "no connection", id="nobody listens"),
        pytest.param(httpx.ConnectTimeout("secret"), "no connection", id="nobody answers the call"),
        pytest.param(httpx.ReadTimeout("secret"), "no answer in time", id="silence"),
        pytest.param(TimeoutError("secret"), "no answer in time", id="both requests took too long"),
        pytest.param(httpx.ReadError("secret"), "the connection broke", id="a cut answer"),
        pytest.param(httpx.ProxyError("407 secret"), "the proxy lets nothing through", id="a proxy"),
        pytest.param(
            httpx.UnsupportedProtocol("secret"), "its address cannot be read", id="another protocol"
        ),
        pytest.param(httpx.DecodingError("secret"), "its answer cannot be read", id="a strange encoding"),
        pytest.param(ValueError("secret"), "its answer cannot be read", id="no JSON"),
    ],
)
def test_trouble_is_said_in_words(error: Exception, said: str) -> None:
    assert no_answer(error) == said
