"""Which hosts are reached without the proxy, as `NO_PROXY` is written everywhere."""

from __future__ import annotations

import pytest

from gateway.outbound.direct_hosts import read_direct_hosts


@pytest.mark.parametrize(
    ("written", "url", "direct"),
    [
        pytest.param("hooks.corp", "https://hooks.corp/a", True, id="a name"),
        pytest.param("HOOKS.corp.", "https://hooks.CORP./a", True, id="in any case, with a dot at the end"),
        pytest.param("corp", "https://tickets.eu.corp/a", True, id="a name holds what is below it"),
        pytest.param("corp", "https://acorp/a", False, id="but not what only ends alike"),
        pytest.param(".corp", "https://hooks.corp/", True, id="a domain with a dot"),
        pytest.param(".corp", "https://corp/", False, id="is not the domain itself"),
        pytest.param("*.corp", "https://hooks.corp/", True, id="a star is a dot"),
        pytest.param("10.0.0.0/8", "http://10.1.2.3:8080/", True, id="a network"),
        pytest.param("10.0.0.0/8", "http://11.1.2.3/", False, id="another network"),
        pytest.param("10.0.0.0/8", "http://ten.corp/", False, id="a name is not looked up"),
        pytest.param("192.0.2.7", "http://192.0.2.7/", True, id="an address"),
        pytest.param("fd00::/8", "http://[fd12::1]:80/", True, id="a network of IPv6"),
        pytest.param("[fd12::1]:8443", "https://[fd12::1]:8443/", True, id="an address of IPv6 with a port"),
        pytest.param("hooks.corp:8443", "https://hooks.corp:8443/", True, id="a port"),
        pytest.param("hooks.corp:443", "https://hooks.corp/", True, id="the port that an address does not name"),
        pytest.param("hooks.corp:8443", "https://hooks.corp/", False, id="another port"),
        pytest.param("*", "https://slack.com/api/", True, id="everything"),
        pytest.param("a.corp, b.corp  c.corp", "https://c.corp/", True, id="several"),
        pytest.param("", "https://slack.com/", False, id="none"),
        pytest.param("corp", "https://[broken", False, id="an address that is none"),
    ],
)  # fmt: skip
def test_who_is_reached_directly(written: str, url: str, direct: bool) -> None:
    hosts, unreadable = read_direct_hosts(written)
    assert (hosts.hold(url), unreadable) == (direct, ())


def test_what_is_no_host_is_named_and_keeps_no_other_out() -> None:
    hosts, unreadable = read_direct_hosts("10.0.0.0/99,corp,http://corp,a b/c")
    assert unreadable == ("10.0.0.0/99", "http://corp", "b/c")
    assert hosts.hold("https://hooks.corp/")
