"""Authentication of senders: a source is known by its token, and by nothing else in a request."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from gateway.decisions.intake.normalise import Normaliser
from gateway.inbound.auth import Senders, Tokens
from gateway.model.rules.origin import SOURCE
from gateway.model.rules.rulebook import Rulebook
from gateway.ports import Secrets


class SourceAuth:
    """The sources of one rule set, each with its tokens and its normaliser."""

    def __init__(self, senders: Senders, normalisers: Mapping[str, Normaliser]) -> None:
        self._senders = senders
        self._normalisers = normalisers

    @property
    def open(self) -> bool:
        """Return whether everybody is let in, so that nobody shows a token."""
        return self._senders.open

    def admit(self, authorization: str) -> Normaliser | None:
        """Return the normaliser of the source with this token; None for a token that no source has."""
        source = self._senders.who(authorization)
        return self._normalisers[source] if source is not None else None


def source_auth(
    rules: Rulebook,
    normalisers: Mapping[str, Normaliser],
    shared_tokens: Collection[str],
    secrets: Secrets,
    *,
    private: bool,
) -> SourceAuth:
    """Build the authentication of one rule set.

    `shared_tokens` are those of GATEWAY_WEBHOOK_TOKEN; they let in the shared source. Every webhook is taken
    for the shared source's if no token is set or named anywhere and only this machine can reach the gateway
    (`private`). A secret that is named in the rules and cannot be read lets nobody in.
    """
    tokens = {rules.shared.name: Tokens(shared_tokens)} if shared_tokens else {}
    with_token = [
        (source.name, source.token) for source in rules.sources.values() if source.token is not None
    ]
    named = {name: secrets.secret(token.env, SOURCE) for name, token in with_token}
    tokens |= {name: Tokens(_split(text)) for name, text in named.items() if text}
    no_token_anywhere = not shared_tokens and not named
    everybody = rules.shared.name if private and no_token_anywhere else None
    return SourceAuth(Senders(tokens, everybody), normalisers)


def _split(text: str) -> list[str]:
    """Split the value of a secret into its tokens: several with commas, so that they can be rotated."""
    return [token.strip() for token in text.split(",") if token.strip()]
