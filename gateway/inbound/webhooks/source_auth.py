"""Who may send webhooks by the rules in force: a source is known by its token, and by nothing else that it says of itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from gateway.decisions.intake.normalise import Normaliser
from gateway.inbound.auth import Senders, Tokens
from gateway.model.rules.rulebook import Rulebook
from gateway.ports import Secrets


class SourceAuth:
    """The sources of one rule set, each with its tokens and its normaliser."""

    def __init__(self, senders: Senders, normalisers: Mapping[str, Normaliser]) -> None:
        self._senders = senders
        self._normalisers = normalisers

    def admit(self, authorization: str) -> Normaliser | None:
        """The normaliser of who sends this; None for a stranger."""
        source = self._senders.who(authorization)
        return self._normalisers[source] if source is not None else None


def source_auth(
    rules: Rulebook, normalisers: Mapping[str, Normaliser], shared_tokens: Collection[str], secrets: Secrets, *, private: bool
) -> SourceAuth:
    """`shared_tokens` are GATEWAY_WEBHOOK_TOKEN's, of the source without a token of its own.

    Everybody is let in as that source only where no token is set or named anywhere, and only this machine can reach us
    (`private`): a secret that is named and not there lets nobody in.
    """
    tokens = {rules.shared.name: Tokens(shared_tokens)} if shared_tokens else {}
    named = {one.name: secrets.secret(one.token.env) for one in rules.sources.values() if one.token is not None}
    tokens |= {name: Tokens(part.strip() for part in text.split(",") if part.strip()) for name, text in named.items() if text}
    nobody_asks = private and not shared_tokens and not named
    return SourceAuth(Senders(tokens, rules.shared.name if nobody_asks else None), normalisers)
