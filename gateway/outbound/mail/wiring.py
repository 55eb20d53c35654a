"""How mails are sent and their server is examined. Importing this module imports the client of SMTP."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.model.notification import Notification
from gateway.model.rules.destination import Destination
from gateway.outbound.kind import EXAMINE_SECONDS, DestinationCheck, Mark, Wiring
from gateway.outbound.mail.client import NotTaken, SmtpClient
from gateway.outbound.mail.content import Content, content_of
from gateway.outbound.mail.destination import EMAIL
from gateway.outbound.mail.notifier import MailNotifier
from gateway.outbound.mail.url import parse_smtp_url


def make_notifier(wiring: Wiring) -> MailNotifier:
    """Each mail reads the server from its secret; only who vouches for it comes from the wiring."""
    return MailNotifier(SmtpClient(network=wiring.network))


def render(notification: Notification) -> Content:
    return content_of(notification)


async def examine(destination: Destination, secrets: Mapping[str, str], wiring: Wiring) -> DestinationCheck:
    """Connect, encrypt and log in, and send nothing."""
    variable = destination.credential
    try:
        server = parse_smtp_url(secrets[variable])
    except ValueError as error:
        return DestinationCheck(Mark.BAD, f"{variable}: {error}")
    try:
        await SmtpClient(EXAMINE_SECONDS, wiring.network).check(server)
    except NotTaken as trouble:
        said = EMAIL.trouble(trouble.answer, variable)
        return DestinationCheck(Mark.BAD, f"{server} ({server.encryption}): {said}")
    login = f"takes the login of {variable}" if server.user else "answers; nobody logs in"
    return DestinationCheck(Mark.GOOD, f"{server} ({server.encryption}) {login}")
