"""Why a store does not answer is said in words for people, by the class of the error and not by its text."""

from __future__ import annotations

import socket
import ssl

import pytest
from redis.asyncio.sentinel import MasterNotFoundError
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    InvalidResponse,
    NoPermissionError,
    ResponseError,
)
from redis.exceptions import ConnectionError as BrokenConnection
from redis.exceptions import TimeoutError as NoAnswer

from gateway.storage.connections.reasons import hopeless, reason_of


def raised_from(cause: Exception, text: str = "Error connecting to sesame@host") -> Exception:
    """As redis-py raises it: its own error, while the system's was being handled."""
    try:
        try:
            raise cause
        except type(cause):
            raise BrokenConnection(text)  # noqa: B904
    except BrokenConnection as error:
        return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (raised_from(ConnectionRefusedError(111, "refused")), "connection refused"),
        (raised_from(OSError("Multiple exceptions: [Errno 111] ('::1'), [Errno 111]")), "connection refused"),
        (raised_from(socket.gaierror(-2, "sesame")), "its name is not known (DNS)"),
        (raised_from(FileNotFoundError(2, "sesame")), "there is no such socket"),
        (NoAnswer("Timeout reading from sesame"), "no answer in time"),
        (BusyLoadingError("Redis is loading"), "it still reads its data (LOADING)"),
        (MasterNotFoundError("No master found for 'sesame'"), "no Sentinel names a primary"),
        (ResponseError("NOREPLICAS Not enough good replicas"), "NOREPLICAS"),
        (BrokenConnection("Connection closed by sesame"), "ConnectionError"),
    ],
)
def test_what_passes_has_words_and_is_waited_for(error: Exception, words: str) -> None:
    assert (reason_of(error), hopeless(error)) == (words, "")


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (AuthenticationError("invalid username-password pair"), "set both in the address"),
        (NoPermissionError("this user has no permissions"), "allow +@all"),
        (raised_from(ssl.SSLCertVerificationError("self-signed")), "ssl_ca_certs"),
        (raised_from(ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version")), "write redis://"),
        (InvalidResponse("Protocol Error: H"), "is the port right"),
    ],
)
def test_what_no_waiting_helps_against_names_a_remedy(error: Exception, remedy: str) -> None:
    assert remedy in hopeless(error)
    assert reason_of(error) == hopeless(error)
