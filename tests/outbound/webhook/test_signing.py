"""Signatures as https://www.standardwebhooks.com wants them."""

from __future__ import annotations

from base64 import b64encode

import pytest

from gateway.outbound.webhook.signing import signature, signing_keys

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_published_example_gives_the_published_signature() -> None:
    """The vector that the test suites of the specification's own libraries share."""
    signed = signature(
        signing_keys(SECRET), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_prefix_may_be_left_out() -> None:
    assert signing_keys(SECRET.removeprefix("whsec_")) == signing_keys(SECRET)


def test_while_a_key_takes_the_place_of_another_there_is_a_signature_of_each() -> None:
    other = "whsec_" + b64encode(b"k" * 32).decode()
    both = signature(signing_keys(f"{other}, {SECRET}"), "m", 1, b"{}").split(" ")
    assert both == [signature(signing_keys(one), "m", 1, b"{}") for one in (other, SECRET)]


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("correct horse battery staple", "whsec_<base64>"),
        ("whsec_" + b64encode(b"short").decode(), "24 bytes"),
        (" , ", "no key"),
        ("", "no key"),
    ],
)
def test_what_is_no_key_is_refused_without_being_shown(secret: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        signing_keys(secret)
    assert not secret.strip(" ,") or secret not in str(caught.value)
