"""Decide what it means for all other notifications that a destination refuses everything.

1. A refusal that concerns the destination is written down once for its cause, with the first dead letter.
2. While the cause stands, one notification at a time asks whether it is over: the most urgent
   dead letter that is still true, or one that has just become due. Whatever else becomes due
   there is a dead letter unsent.
3. As soon as one is taken, the dead letters of the cause are sent at the destination's pace.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from gateway.decisions.delivery.probes import may_ask, wait_after
from gateway.model.ledger import Endpoint, Ledger
from gateway.model.notification import Answer, Delivered, Refused
from gateway.model.refusals import SCOPES, Refusal, Refusals, RefusalScope

# A vendor that refuses the place has accepted the credential, and then nothing in
# between has refused the call.
_ON_THE_WAY = ("proxy", "auth", "not_found")


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a notification may be sent now.

    `withheld` is the answer to write down in place of a vendor's, None where it is sent. `refusals` is the
    record to write with the intent where the notification becomes the probe of a cause, else None.
    """

    withheld: Refused | None = None
    refusals: Refusals | None = None


ADMITTED = Admission()


def cause_of(reason: str, endpoint: Endpoint | None) -> str:
    """Name the cause of a refusal; empty where it concerns one content alone, or nobody knows the way."""
    scope = SCOPES.get(reason)
    if scope is None or endpoint is None or not endpoint.kind:
        return ""
    further = {
        RefusalScope.PROXY: endpoint.proxy,
        RefusalScope.PLACE: endpoint.address,
        RefusalScope.REPLACED: endpoint.secret_hash,
    }
    parts = (scope.value, endpoint.kind, endpoint.secret, endpoint.url, further.get(scope, ""))
    return " ".join(part for part in parts if part)


def cause_of_dead_letter(ledger: Ledger) -> str:
    return cause_of(ledger.dead, ledger.endpoint) if ledger.dead else ""


def admit(refusals: Refusals, endpoint: Endpoint, key: str, now: int) -> Admission:
    """Decide whether the notification of the ledger `key` is sent, or is a dead letter unsent."""
    standing = {
        cause: refusal
        for cause in _causes_on_the_way(endpoint)
        if (refusal := refusals.causes.get(cause)) is not None and not refusal.works
    }
    if not standing or any(refusal.probe == key for refusal in standing.values()):
        return ADMITTED
    if all(may_ask(refusal, now) for refusal in standing.values()):
        # It is due just now, and the last try was a while ago: it asks in place of a dead letter.
        asked = {
            cause: msgspec.structs.replace(refusal, probe=key, tried_at=now)
            for cause, refusal in standing.items()
        }
        return Admission(refusals=refusals.having(asked))
    return _withheld(next(iter(standing.values())))


def withheld_by(refusals: Refusals, asking: Refusals) -> Admission:
    """Return that nothing is sent while another shard asks; `asking` is the record that would have asked."""
    return _withheld(
        next(refusal for cause, refusal in refusals.causes.items() if refusal != asking.causes[cause])
    )


def _withheld(refusal: Refusal) -> Admission:
    # It would only be refused as well. As a dead letter it reaches the people of the fallback at once.
    return Admission(withheld=Refused(refusal.reason, refusal.detail, permanent=True))


def after_answer(
    refusals: Refusals, endpoint: Endpoint, key: str, answer: Answer, mark: str, now: int
) -> Refusals:
    """Return the record after a vendor's answer to the notification of the ledger `key`.

    `mark` is of the credentials that were sent, and of the rules.
    """
    probed = refusals.probed_by(key)
    if isinstance(answer, Delivered):
        # People there can be told again: what was refused follows.
        return _taken_again(refusals, (*_causes_on_the_way(endpoint), *probed))
    if not isinstance(answer, Refused) or not answer.permanent:
        # Nobody knows yet, or it is tried again by itself: the probe goes on.
        return refusals
    cause = cause_of(answer.reason, endpoint)
    if not cause:
        # Its own content was refused, which says nothing of the destination: the next dead letter asks.
        return unasked(refusals, key, now)
    on_the_way = _causes_on_the_way(endpoint)
    passed = on_the_way[: on_the_way.index(cause)] if cause in on_the_way else ()
    after = _taken_again(refusals, passed)
    in_vain = [name for name in probed if name not in passed]
    after = after.having({name: _in_vain(after.causes[name], answer, mark, now) for name in in_vain})
    known = after.causes.get(cause)
    if known is None or known.works:
        scope = SCOPES[answer.reason]
        again = now + wait_after(scope, 0, answer.retry_after)
        names = endpoint.secret_names
        begun = Refusal(scope.value, answer.reason, answer.detail, names, mark, now, now, again)
        return after.having({cause: _not_before(begun, answer, now)})
    return after


def unasked(refusals: Refusals, key: str, now: int) -> Refusals:
    """Return the record where the ledger `key` has found nothing out: the next dead letter asks at once."""
    probed = refusals.probed_by(key)
    return refusals.having({name: _asked(refusals, name, probe="", next_try=now) for name in probed})


def _causes_on_the_way(endpoint: Endpoint) -> tuple[str, ...]:
    return tuple(cause_of(reason, endpoint) for reason in _ON_THE_WAY)


def _taken_again(refusals: Refusals, causes: tuple[str, ...]) -> Refusals:
    standing = [name for name in causes if name in refusals.causes and not refusals.causes[name].works]
    return refusals.having({name: _asked(refusals, name, probe="", works=True) for name in standing})


def _asked(refusals: Refusals, cause: str, **changed: object) -> Refusal:
    return msgspec.structs.replace(refusals.causes[cause], **changed)


def _in_vain(refusal: Refusal, answer: Refused, mark: str, now: int) -> Refusal:
    tries = refusal.tries + 1
    wait = wait_after(RefusalScope(refusal.scope), tries, answer.retry_after)
    vain = msgspec.structs.replace(
        refusal.tried_with(mark), probe="", tries=tries, tried_at=now, next_try=now + wait
    )
    return _not_before(vain, answer, now)


def _not_before(refusal: Refusal, answer: Refused, now: int) -> Refusal:
    """Return the cause with the time before which nothing is to be asked, by what the vendor said last."""
    return msgspec.structs.replace(refusal, not_before=now + answer.retry_after if answer.retry_after else 0)
