"""Every `except` of the gateway, sorted by a rule of its syntax: by where it stands, what it catches and what it does.

A clause that only gives the value that a text or the machine leads to decides nothing that could go wrong unseen: what follows of
the value is an outcome, and outcomes are counted where they are decided. The others are critical.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from tests.monitored.source import last_name, modules, with_functions

LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
# Each of these is how the name of a clause begins: its module, or its module and function.
OF_COMMANDS = (
    "cli/",
    "sandbox/",
    "simulate/",
    "diagnostics/",
    "config/admin_token.py",
    "config/new_token.py",
    "outbound/mail/wiring.py",
    "outbound/reach.py",
    "outbound/slack/channel_check.py",
    "outbound/webhook/notifier.py: check_address",
    "outbound/webhook/wiring.py",
)
OF_START = ("config/data_dir.py", "runtime/service_manager.py", "runtime/store.py", "runtime/tracing.py")
OF_UPKEEP = (
    "actions/slack_roles.py",
    "actions/slack_sockets.py",
    "config/secrets.py",
    "outbound/pagerduty/rest",
    "outbound/slack/socket_mode.py",
    "reconcile/loop.py",
    "rules/",
    "self_monitoring/auditor.py",
    "self_monitoring/heartbeat.py",
    "state/looking.py",
    "state/person_names.py",
    "state/statistics_sweep.py",
)
OF_STORE = {"StateUnavailable", "StateFull", "StateLost", "StateUnusable"}
OF_TEXTS = {
    "ValueError", "KeyError", "TypeError", "LookupError", "IndexError", "AttributeError", "RecursionError", "OverflowError",
    "UnicodeError", "UnicodeEncodeError", "UnicodeDecodeError", "ValidationError", "DecodeError", "Error", "error", "InvalidURL",
    "YAMLError", "MarkedYAMLError", "MatcherError", "TimeIntervalError", "BadWebhook", "BadRequest", "BadSettings",
}  # fmt: skip
OF_MACHINE = {
    "OSError", "RuntimeError", "FileNotFoundError", "FileExistsError", "PermissionError", "ProcessLookupError", "BlockingIOError",
}  # fmt: skip
OF_PROTOCOL = {
    "NoScriptError",
    "MovedError",
    "AskError",
    "ResponseError",
    "ClusterDownError",
    "RedisError",
    "InvalidResponse",
    "OF_THE_SERVER",
}
OF_WAITS = {"TimeoutError", "CancelledError"}
RESPONSES = {
    "Receipt",
    "WebhookResponse",
    "PlainTextResponse",
    "JSONResponse",
    "Response",
    "answer",
    "_refusal",
    "Unread",
}
OF_VENDORS = {"Refused", "Unanswered"}  # what a delivery is settled with
BROAD = {"Exception", "BaseException"}


class Sort(StrEnum):
    """The sorts of clauses. Those of `CRITICAL` have a metric, an event and a span; `REASONS` says why the others have not."""

    SAID = "it writes an event of its own"
    STORE = "the store has failed"
    VENDOR = "a call to a vendor has failed"
    ANSWERED = "a request gets the status that it leads to"
    FAULT = "a fault of ours is kept, for whoever goes on with the rest"
    UPKEEP = "a round of the gateway's own work has failed"
    START = "the process around the gateway"
    PASSED_ON = "it only raises"
    READS = "it reads a text"
    MACHINE = "it asks the machine"
    PROTOCOL = "a word of the store's protocol"
    WAITS = "the end of a wait"
    COMMAND = "a command"
    UNSORTED = "unsorted"


CRITICAL = (Sort.SAID, Sort.STORE, Sort.VENDOR, Sort.ANSWERED, Sort.FAULT, Sort.UPKEEP)
REASONS = {
    Sort.START: "It stands where a process starts, before anything counts or traces, or beside the gateway, where systemd is told that"
    " it lives. The log says it.",
    Sort.PASSED_ON: "It only raises, so that it decides nothing: whoever ends that error stands in this list, or answers 500.",
    Sort.READS: "A text cannot be read, and the clause gives the value or the refusal that this leads to. What follows of the value is an"
    " outcome, a reason or a status, and is counted as such.",
    Sort.MACHINE: "The machine is asked for a file, a process or a socket, and the answer is a value: null in `/health`, a finding about the"
    " rules or the tokens, a start that is refused.",
    Sort.PROTOCOL: "The servers of the store say where else to ask. What fails in the end is a failure of the store.",
    Sort.WAITS: "The time is over that was set for a wait: nothing has failed.",
    Sort.COMMAND: "It stands in a command, in a check that a person asks for, or in the local vendors: a person reads what comes of it.",
}


class Clause(NamedTuple):
    """One `except`: its module, the function that it stands in, the errors that it catches, its place among the clauses of that
    function that catch the same, what it is, the events that it writes, and the line on which its body begins.
    """

    module: str
    function: str
    caught: tuple[str, ...]
    number: int
    sort: Sort
    events: tuple[str, ...]
    line: int

    @property
    def name(self) -> str:
        again = f" ({self.number})" if self.number > 1 else ""
        return f"{self.module}: {self.function}, {' or '.join(self.caught)}{again}"


@cache
def clauses() -> tuple[Clause, ...]:
    return tuple(_clauses())


def _clauses() -> Iterator[Clause]:
    seen: dict[tuple[str, str, tuple[str, ...]], int] = {}
    for module, tree in modules(word="except"):
        for function, node in with_functions(tree):
            if isinstance(node, ast.ExceptHandler):
                caught = _caught(node)
                number = seen[module, function, caught] = seen.get((module, function, caught), 0) + 1
                events = tuple(_events(node))
                sort = _sort(f"{module}: {function}", caught, node, events)
                yield Clause(module, function, caught, number, sort, events, node.body[0].lineno)


def _caught(clause: ast.ExceptHandler) -> tuple[str, ...]:
    if clause.type is None:
        return ("BaseException",)
    kinds = clause.type.elts if isinstance(clause.type, ast.Tuple) else [clause.type]
    return tuple(last_name(kind.value if isinstance(kind, ast.Starred) else kind) for kind in kinds)


def _events(clause: ast.ExceptHandler) -> Iterator[str]:
    for node in ast.walk(clause):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS:
            first = node.args[0] if node.args else None
            if ast.unparse(node.func.value) == "log" and isinstance(first, ast.Constant):
                yield str(first.value)


def _sort(name: str, caught: tuple[str, ...], clause: ast.ExceptHandler, events: tuple[str, ...]) -> Sort:
    kinds = set(caught)
    if name.startswith(OF_COMMANDS):
        return Sort.COMMAND
    if isinstance(clause.body[-1], ast.Raise) and not events:
        return Sort.PASSED_ON
    if name.startswith(OF_START):
        return Sort.START
    if events or kinds & OF_STORE:
        fails = Sort.SAID if events else Sort.STORE
        return Sort.UPKEEP if name.startswith(OF_UPKEEP) else _answered(name, clause) or fails
    if kinds <= OF_TEXTS and not _gives(clause, OF_VENDORS):
        return _answered(name, clause) or Sort.READS
    if name.startswith("outbound/") or "heartbeat.py" in name:
        return Sort.UPKEEP if name.startswith(OF_UPKEEP) else Sort.VENDOR
    if (answered := _answered(name, clause)) is not None:
        return answered
    return next((sort for sort, errors in OF_KINDS.items() if kinds <= errors), Sort.UNSORTED)


OF_KINDS = {
    Sort.WAITS: OF_WAITS,
    Sort.MACHINE: OF_MACHINE | OF_TEXTS | OF_WAITS,
    Sort.PROTOCOL: OF_PROTOCOL | OF_MACHINE,
    Sort.FAULT: BROAD,
}


def _answered(name: str, clause: ast.ExceptHandler) -> Sort | None:
    """Say whether a handler of requests answers one in this clause."""
    return Sort.ANSWERED if name.startswith("inbound/") and _gives(clause, RESPONSES) else None


def _gives(clause: ast.ExceptHandler, names: set[str]) -> bool:
    return any(isinstance(node, ast.Name) and node.id in names for node in ast.walk(clause))
