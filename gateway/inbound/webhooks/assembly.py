"""Put the webhook endpoint together: who may send, how much, and who takes the alerts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from gateway.clock import utc_ms
from gateway.config.environment import Environment
from gateway.config.settings import Settings
from gateway.inbound.webhooks.alertmanager import AlertmanagerWebhook, Counter
from gateway.inbound.webhooks.body import Caps
from gateway.inbound.webhooks.source_auth import SourceAuth, source_auth
from gateway.inbound.webhooks.unknown_senders import Note
from gateway.intake.held_copies import HeldCopies
from gateway.intake.parse_webhook import Parsed
from gateway.intake.repeats import Repeats
from gateway.intake.sharded import ShardedIntake
from gateway.intake.source_mutes import log_source_mutes
from gateway.intake.turns import Turn
from gateway.model.verdict import Taken
from gateway.ports import Secrets
from gateway.rules.compiled import CompiledRules
from gateway.state.shards import Shards


def endpoint_over(
    intake: ShardedIntake,
    shards: Shards,
    auth: SourceAuth,
    settings: Settings,
    counter: Counter,
    note: Note,
    repeats: Repeats,
) -> AlertmanagerWebhook:
    return AlertmanagerWebhook(
        partial(_take, intake, shards, HeldCopies(shards)),
        auth,
        Caps(body=settings.max_body),
        counter,
        note,
        utc_ms,
        repeats,
    )


def auth_of(environment: Environment, secrets: Secrets, rules: CompiledRules) -> SourceAuth:
    """Let in the senders that these rules list, and those with a token that the settings share."""
    shared = [token.get_secret_value() for token in environment.settings.webhook_token]
    return source_auth(rules.rules, rules.normalisers, shared, secrets, private=environment.private)


async def _take(
    intake: ShardedIntake, shards: Shards, held: HeldCopies, parsed: Parsed, address: str
) -> Sequence[Taken]:
    """Return the verdicts of what was sent once it is durable."""
    if parsed.from_recorder:
        # The recorder stands at the source itself, and a relay behind it may have changed what came to us.
        parsed = await held.find(parsed)
    # The alerts come first: if they cannot be kept, the sender repeats the whole request, mutes included.
    turn = Turn(parsed.source, address, parsed.group)
    verdicts = await intake.accept(parsed.seen, parsed.quarantined, parsed.groups, turn)
    if parsed.quieted:
        await log_source_mutes(shards, parsed.source, parsed.quieted)
    return verdicts
