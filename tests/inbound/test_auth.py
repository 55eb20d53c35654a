"""Tokens are known in both kinds of authentication, and nothing else is taken for one."""

from __future__ import annotations

from base64 import b64encode

import pytest

from gateway.inbound.auth import Senders, Tokens


def basic(password: str, user: str = "any") -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param("Bearer one", id="a bearer token"),
        pytest.param("bearer  one ", id="the scheme in any case, spaces around the token"),
        pytest.param(basic("one"), id="the password of any user"),
        pytest.param(basic("one", ""), id="the password of nobody"),
        pytest.param("Bearer two", id="each of several tokens"),
    ],
)
def test_a_token_is_taken(authorization: str) -> None:
    assert Tokens(["one", "two"]).allow(authorization)


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param(None, id="no header"),
        pytest.param("", id="an empty header"),
        pytest.param("Bearer", id="no token"),
        pytest.param("Bearer on", id="the beginning of a token"),
        pytest.param("Bearer onetwo", id="two tokens in a row"),
        pytest.param("one", id="no scheme"),
        pytest.param("Digest one", id="another scheme"),
        pytest.param("Basic one", id="what is not base64"),
        pytest.param("Basic " + b64encode(b"one").decode(), id="a user without a password"),
        pytest.param(basic("any", "one"), id="the token as the user"),
        pytest.param("Bearer \u20ac", id="what no header can hold"),
    ],
)
def test_what_is_no_token_is_refused(authorization: str | None) -> None:
    assert not Tokens(["one", "two"]).allow(authorization)


def test_without_any_token_everybody_is_allowed() -> None:
    assert Tokens([]).open
    assert Tokens([]).allow(None)
    assert not Tokens([]).hold(b""), "nobody is known by a token where there is none"


def test_a_sender_is_known_by_its_token_and_a_stranger_is_none() -> None:
    senders = Senders({"eu": Tokens(["one"]), "us": Tokens(["two"])})
    assert [senders.who(f"Bearer {token}") for token in ("one", "two", "three")] == ["eu", "us", None]
    assert senders.who(None) is None


def test_of_two_senders_with_one_token_it_is_the_first() -> None:
    assert Senders({"eu": Tokens(["one"]), "us": Tokens(["one"])}).who("Bearer one") == "eu"


def test_where_no_token_is_asked_for_everybody_is_the_same_sender() -> None:
    assert Senders({}, everybody="default").who(None) == "default"
