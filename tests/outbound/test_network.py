"""The way to a vendor: its address, and the proxy that the settings or a rule name."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.model.ledger import Endpoint
from gateway.model.notification import Refused
from gateway.outbound.direct_hosts import read_direct_hosts
from gateway.outbound.network import Network, Way, tls_context
from tests.support.certificates import certificates

EVENTS = "https://events.pagerduty.com"
SECRETS = {"PX": "http://gw:pw@eu-proxy:3128", "RELAY": "https://relay.corp/pd", "ODD": "eu-proxy:3128"}
NETWORK = Network(proxy="http://proxy:3128", direct=read_direct_hosts("corp")[0], secret_of=SECRETS.get)


def endpoint(**more: str) -> Endpoint:
    return Endpoint("pagerduty", "PXXXXXX", "KEY", "", **more)


@pytest.mark.parametrize(
    ("more", "way"),
    [
        pytest.param({}, Way(EVENTS, "http://proxy:3128"), id="through the proxy of the settings"),
        pytest.param({"url": "https://events.eu.pagerduty.com"}, Way("https://events.eu.pagerduty.com", "http://proxy:3128"), id="to a region of its own"),
        pytest.param({"url": "$RELAY"}, Way("https://relay.corp/pd"), id="to a relay inside, which is reached directly"),
        pytest.param({"proxy": "none"}, Way(EVENTS), id="directly, as its rule says"),
        pytest.param({"proxy": "$PX"}, Way(EVENTS, "http://gw:pw@eu-proxy:3128"), id="through a proxy of its own"),
        pytest.param({"proxy": "$PX", "url": "$RELAY"}, Way("https://relay.corp/pd", "http://gw:pw@eu-proxy:3128"), id="whose rule counts before the list"),
    ],
)  # fmt: skip
def test_the_way_to_an_endpoint(more: dict[str, str], way: Way) -> None:
    assert NETWORK.way(endpoint(**more), EVENTS) == way


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"proxy": "$GONE"}, "GONE is not set, or no rule may have it"),
        ({"proxy": "$ODD"}, "ODD holds no address such as http://proxy:3128"),
        ({"url": "$GONE"}, "GONE is not set, or no rule may have it"),
        ({"url": "$ODD"}, "ODD holds no address such as https://events.eu.pagerduty.com"),
    ],
)
def test_a_variable_that_is_missing_or_wrong_is_named_and_waited_for(more: dict[str, str], said: str) -> None:
    assert NETWORK.way(endpoint(**more), EVENTS) == Refused("no_credential", said)


def test_a_file_of_authorities_adds_to_the_systems(tmp_path: Path) -> None:
    made = certificates(tmp_path)
    more = tls_context(made / "ca.pem").cert_store_stats()["x509_ca"]
    assert more == tls_context().cert_store_stats()["x509_ca"] + 1


@pytest.mark.parametrize(
    ("content", "said"), [("no certificate", "holds no certificate in the form of PEM"), (None, "cannot be read: No such file or directory")]
)  # fmt: skip
def test_a_file_without_an_authority_is_named(tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content, "utf-8")
    with pytest.raises(ValueError, match=said):
        tls_context(path)


def test_the_clients_of_one_library_share_a_context_and_those_of_two_do_not() -> None:
    """A client writes its protocols into it: a mail server may refuse one that offers HTTP."""
    assert NETWORK.tls("httpx") is Network().tls("httpx")
    assert NETWORK.tls("httpx") is not NETWORK.tls("aiosmtplib")


def test_authorities_that_are_new_count_for_the_next_client(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    one, other = certificates(tmp_path / "one"), certificates(tmp_path)
    network = Network(ca_file=one / "ca.pem")
    before = network.tls("httpx")
    assert network.tls("httpx") is before
    (one / "ca.pem").write_bytes((other / "ca.pem").read_bytes() * 2)
    assert network.tls("httpx") is not before
