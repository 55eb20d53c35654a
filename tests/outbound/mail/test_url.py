"""The server's address: what is understood, what is refused, and that nothing leaves this machine
unencrypted.
"""

from __future__ import annotations

import pytest

from gateway.outbound.mail.url import Encryption, SmtpServer, parse_smtp_url


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.org", SmtpServer("mail.example.org", 587, Encryption.STARTTLS)),
        ("smtps://mail.example.org", SmtpServer("mail.example.org", 465, Encryption.TLS)),
        ("smtp://mail.example.org:25/", SmtpServer("mail.example.org", 25, Encryption.STARTTLS)),
        (
            "smtp://u%40x:p%2Fw@mail.example.org",
            SmtpServer("mail.example.org", 587, Encryption.STARTTLS, "u@x", "p/w"),
        ),
        ("smtp://localhost:25", SmtpServer("localhost", 25, Encryption.NONE)),
        ("smtp://127.0.0.1:2525", SmtpServer("127.0.0.1", 2525, Encryption.NONE)),
        ("smtp://[::1]:25", SmtpServer("::1", 25, Encryption.NONE)),
        ("smtps://127.0.0.1", SmtpServer("127.0.0.1", 465, Encryption.TLS)),
        ("smtp://localhost.example.org", SmtpServer("localhost.example.org", 587, Encryption.STARTTLS)),
    ],
)
def test_it_is_read(url: str, server: SmtpServer) -> None:
    assert parse_smtp_url(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "", "mail.example.org", "http://mail.example.org", "smtp://", "smtp://host:port", "smtp://host:0", "smtp://host:99999",
        "smtp://host/path", "smtp://host?starttls=no", "smtp://user@host", "smtp://:password@host", "smtp://[::1",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"needed|needs"):
        parse_smtp_url(url)


def test_nothing_of_it_stands_in_the_message() -> None:
    with pytest.raises(ValueError) as caught:
        parse_smtp_url("smtp://somebody:secret-word@host/path")
    assert "secret-word" not in str(caught.value)
    assert "somebody" not in str(caught.value)


def test_a_server_is_shown_without_its_login() -> None:
    assert str(SmtpServer("::1", 25, Encryption.NONE, "user", "password")) == "[::1]:25"
