"""GATEWAY_REDIS_URL: what may be written, and that what may not is refused without showing a password."""

from __future__ import annotations

import pytest

from gateway.errors import BadSettings
from gateway.storage.connections import Kind
from gateway.storage.connections.addresses import parse


@pytest.mark.parametrize(
    ("url", "kind", "hosts"),
    [
        ("redis://", Kind.SERVER, (("localhost", 6379),)),
        ("redis://[::1]:7000/2", Kind.SERVER, (("::1", 7000),)),
        ("rediss://user:p%40ss@cache.example:6380", Kind.SERVER, (("cache.example", 6380),)),
        ("redis+sentinel://a,b:26380/main", Kind.SENTINEL, (("a", 26379), ("b", 26380))),
        ("rediss+sentinel://a/main/3", Kind.SENTINEL, (("a", 26379),)),
        ("redis+cluster://a:1,b,[::1]:3", Kind.CLUSTER, (("a", 1), ("b", 6379), ("::1", 3))),
        ("rediss+cluster://a/0?ssl_cert_reqs=none", Kind.CLUSTER, (("a", 6379),)),
    ],
)
def test_each_kind_of_address_is_read(url: str, kind: Kind, hosts: tuple[tuple[str, int], ...]) -> None:
    address = parse(url)
    assert (address.kind, address.hosts, address.tls) == (kind, hosts, url.startswith("rediss"))


def test_names_passwords_and_databases_are_decoded() -> None:
    address = parse(
        "redis+sentinel://us%3Aer:p%40s,s@a:1,b/ma%2Fin/4?sentinel_password=x%26y&sentinel_username=s"
    )
    assert address.options == {"username": "us:er", "password": "p@s,s", "db": 4}
    assert address.sentinel_options == {"username": "s", "password": "x&y"}
    assert address.primary == "ma/in"
    assert parse("redis://h/?db=2").options["db"] == 2
    assert parse("unix://:sesame@/run/my%20redis.sock?db=1").path == "/run/my redis.sock"
    assert parse("unix:///run/redis.sock?password=sesame").options["password"] == "sesame"


def test_an_address_shows_no_password_when_it_is_printed() -> None:
    assert "sesame" not in repr(parse("redis+sentinel://:sesame@a/main?sentinel_password=opensesame"))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://:sesame@redis:6379", "no such kind of address"),
        ("sesame", "no such kind of address"),
        ("redis://:sesame@host:port", "cannot be read"),
        ("redis://:sesame@[::1", "cannot be read"),
        ("redis://:sesame@a,b", r"several hosts need redis\+sentinel"),
        ("redis://:sesame@a/one", "number of a database"),
        ("redis+cluster://:sesame@a/1", "database 0 alone"),
        ("redis+sentinel://:sesame@a", "name of the primary is missing"),
        ("redis+sentinel://:sesame@a/main/one", "number of a database"),
        ("redis://:sesame@a?ssl_ca_certs=ca.pem", "needs a scheme that starts with rediss"),
        ("rediss://:sesame@a?ssl_ca_cert=ca.pem", "is `ssl_ca_certs` meant"),
        ("rediss://:sesame@a?ssl_min_version=1.1", "is 1.2 or 1.3"),
        ("redis://a?passwort=sesame", "is `password` meant"),
        ("redis://a?retry_on_timeout=yes", "an option that is not known here"),  # it would repeat commits
        ("redis://a?sesame", "an option that is not known here"),
        ("redis://a?sentinel_password=sesame", "an option that is not known here"),
    ],
)
def test_what_cannot_be_meant_is_refused_without_showing_it(url: str, said: str) -> None:
    with pytest.raises(BadSettings, match=said) as caught:
        parse(url)
    assert str(caught.value).startswith("GATEWAY_REDIS_URL: ")
    assert "sesame" not in str(caught.value)
