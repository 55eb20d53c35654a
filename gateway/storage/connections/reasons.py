"""Say why a store did not answer, in words for people, and whether waiting can help.

The words are chosen by the class of an error. Its text may hold an address or what was sent, which must not
get into a log.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator

from redis.asyncio.sentinel import MasterNotFoundError
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    InvalidResponse,
    NoPermissionError,
)
from redis.exceptions import TimeoutError as NoAnswer

# No waiting helps against these: somebody has to change a setting here, or the server.
HOPELESS: tuple[tuple[type[Exception], str], ...] = (
    (AuthenticationError, "it refuses our user and password: set both in the address"),
    (AuthorizationError, "it refuses our user and password: set both in the address"),
    (NoPermissionError, "its ACL forbids our user a command that is needed: allow +@all on its keys"),
    (ssl.SSLCertVerificationError, "its certificate is not trusted: name its CA by ssl_ca_certs"),
    (InvalidResponse, "it does not speak Redis' protocol: is the port right?"),
)
PASSING: tuple[tuple[type[Exception], str], ...] = (
    (BusyLoadingError, "it still reads its data (LOADING)"),
    (MasterNotFoundError, "no Sentinel names a primary"),
    (ConnectionRefusedError, "connection refused"),
    (socket.gaierror, "its name is not known (DNS)"),
    (ssl.SSLError, "TLS failed"),
    (FileNotFoundError, "there is no such socket"),
    (PermissionError, "its socket may not be opened"),
    (NoAnswer, "no answer in time"),
    (TimeoutError, "no answer in time"),
)
NO_TLS = "it does not speak TLS: write redis:// in place of rediss://"
REFUSED = f"[Errno {errno.ECONNREFUSED}]"  # also in the text of an error that stands for several addresses


def reason_of(error: Exception) -> str:
    """Return why the store did not answer."""
    named = hopeless(error)
    for cause in _causes(error):
        named = named or _word(cause, PASSING)
        if not named and isinstance(cause, OSError) and REFUSED in str(cause):
            named = "connection refused"
    # The server's own word, such as NOREPLICAS, or the kind of error.
    word = str(error).partition(" ")[0]
    return named or (word if word.isalpha() and word.isupper() else type(error).__name__)


def hopeless(error: Exception) -> str:
    """Return what is wrong, with the remedy, where no waiting can help; else an empty text."""
    for cause in _causes(error):
        # https://docs.openssl.org/3.0/man3/ERR_get_error/: the other side answered in another protocol
        if isinstance(cause, ssl.SSLError) and "WRONG_VERSION_NUMBER" in str(cause):
            return NO_TLS
        if named := _word(cause, HOPELESS):
            return named
    return ""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the error, what it was raised from, and so on."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _word(error: BaseException, words: tuple[tuple[type[Exception], str], ...]) -> str:
    return next((word for kind, word in words if isinstance(error, kind)), "")
