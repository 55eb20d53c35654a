"""The tokens without which a gateway that other machines can reach does not start."""

from __future__ import annotations

from gateway.config.loopback import is_loopback
from gateway.config.settings import Settings
from gateway.errors import BadSettings


def demand_tokens(settings: Settings, *, sources_have_them: bool = False) -> None:
    """Raise `BadSettings` if other machines can reach the gateway and a token is missing.

    `sources_have_them` says that every source of the rules has a token of its own.
    """
    wanted = {
        "GATEWAY_WEBHOOK_TOKEN": settings.webhook_token,
        "GATEWAY_ADMIN_TOKEN": settings.admin_token,
    }
    missing = [name for name, tokens in wanted.items() if not tokens]
    # People with tokens of their own get in without one that all share.
    if settings.tokens_file is not None:
        missing = [name for name in missing if name != "GATEWAY_ADMIN_TOKEN"]
    if sources_have_them:
        missing = [name for name in missing if name != "GATEWAY_WEBHOOK_TOKEN"]
    # Without tokens anybody in the network could silence alerts, or send false ones.
    if missing and not is_loopback(settings.host):
        raise BadSettings(
            f"GATEWAY_LISTEN: {settings.listen} can be reached from other machines, "
            f"so set {' and '.join(missing)}"
        )
