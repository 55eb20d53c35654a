"""The table of what is done with a due subject, by its kind."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping

from gateway.model.agenda import SubjectKind
from gateway.model.changes import Claim
from gateway.reconcile.audit_shipping import ship
from gateway.reconcile.compaction import compact_days
from gateway.reconcile.context import Context, log
from gateway.reconcile.deliver import deliver
from gateway.reconcile.digest import plan_digest
from gateway.reconcile.expire import expire_alert, expire_incident
from gateway.reconcile.plan_claimed import plan_incident
from gateway.reconcile.probe import probe
from gateway.reconcile.silence_upkeep import upkeep_silences
from gateway.reconcile.source_poll import poll
from gateway.reconcile.sweep import sweep
from gateway.reconcile.told_in_log import plan_told_in_log
from gateway.reconcile.watchdog_check import check_watchdog
from gateway.state.transact import let_go

UNKNOWN_WAIT_MS = 60_000  # before a subject that only a newer gateway knows is looked at again
Handler = Callable[[Context, Claim], Coroutine[None, None, bool | None]]
HANDLERS: Mapping[str, Handler] = {
    SubjectKind.PLAN: plan_incident,
    SubjectKind.DELIVER: deliver,
    SubjectKind.EXPIRE: expire_incident,
    SubjectKind.EXPIRE_ALERT: expire_alert,
    SubjectKind.AUDIT: ship,
    SubjectKind.POLL: poll,
    SubjectKind.SWEEP: sweep,
    SubjectKind.SILENCE_UPKEEP: upkeep_silences,
    SubjectKind.WATCHDOG: check_watchdog,
    SubjectKind.TOLD_IN_LOG: plan_told_in_log,
    SubjectKind.PROBE: probe,
    SubjectKind.COMPACT: compact_days,
    SubjectKind.DIGEST: plan_digest,
}
"""What is done with a due subject, by its kind. False means that the subject only waited."""


async def leave_to_newer(context: Context, claim: Claim) -> bool:
    """Leave a kind of subject that only a newer gateway knows to that gateway (a rolling deployment)."""
    log.warning("subject_unknown", subject=str(claim.subject))
    await let_go(context.store, claim, await context.store.now() + UNKNOWN_WAIT_MS)
    return False
