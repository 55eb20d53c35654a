"""One question to PagerDuty's REST API, in a thread: the session lives as long as the question."""

from __future__ import annotations

import json
import ssl
import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import requests

from gateway.model.notification import Refused, Unanswered
from gateway.outbound.network import LIST_BYTES
from gateway.outbound.pagerduty.answers import judge_break, judge_response
from gateway.outbound.pagerduty.connections import CALL, Adapter
from gateway.outbound.pagerduty.rest import Params, Read
from gateway.outbound.pagerduty.sessions import make_ready
from gateway.outbound.thread_call import ThreadCall

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it says at import that it is no longer developed
    import pdpyras


class Question(NamedTuple):
    """What is asked, and the way there: `url` is the API's base. `said` is what is written, None where
    something is only read, and `sender` the address of the user who writes it.
    """

    token: str
    url: str
    proxy: str | None
    path: str
    params: Params
    said: Mapping[str, Any] | None = None
    sender: str = ""


def ask(question: Question, tls: ssl.SSLContext, call: ThreadCall) -> Read:
    """Return what was answered, or why there is nothing. Whoever waits for it can end it by `call`."""
    seconds = call.seconds_left()
    if seconds <= 0:
        return Refused("unavailable", "no thread was free in time")
    with pdpyras.APISession(question.token) as session:
        make_ready(session, question.url, question.proxy, Adapter(tls, LIST_BYTES))
        # The first is for connecting. Within the other one byte has to come; `call` bounds the whole.
        session.timeout = (seconds / 2, seconds)
        CALL.set(call)
        try:
            # A redirect could lead the token to another host.
            if question.said is None:
                response = session.get(question.path, params=dict(question.params), allow_redirects=False)
            else:
                # https://developer.pagerduty.com/docs/authentication: whoever writes is named
                named = {"From": question.sender}
                response = session.post(
                    question.path, json=dict(question.said), headers=named, allow_redirects=False
                )
        except pdpyras.PDClientError as error:
            # pdpyras raises on a 401, with the answer, and has whatever requests raises as the
            # cause of its own.
            if error.response is None:
                return judge_break(error.__cause__ or error)
            response = error.response
        finally:
            call.end()
        return judge_response(response, question.token) or _object_in(response)


def _object_in(response: requests.Response) -> Read:
    try:
        found = json.loads(response.text)
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else Unanswered("strange_answer", "the answer is no JSON object")
