"""The file of people's tokens (GATEWAY_TOKENS_FILE): a line a token, with a name, a role and a hash.

It is read again when it changes, as rules are: while it has an error, what was read before stays in force.
At the start nothing was, so nobody gets in by it; alerts are told all the same.
"""

from __future__ import annotations

import asyncio
import os
import re
from hashlib import sha256
from pathlib import Path

import structlog

from gateway.model.people import TYPED_MARK, IssuedToken, Role, people_who_act

POLL_SECONDS = 2.0
MAX_NAME = 200
VARIABLE = "GATEWAY_TOKENS_FILE"
_HASH = re.compile(r"sha256:[0-9a-f]{64}")
# https://docs.slack.dev/reference/objects/user-object: ids begin with U, in Enterprise Grid also with W.
SLACK_USER = re.compile(r"[UW][A-Z0-9]{2,20}")

log = structlog.get_logger("gateway.settings")


def hash_of(token: str) -> str:
    """Return the hash of a token. Tokens are random, so that nobody can find one by trying."""
    return f"sha256:{sha256(token.encode()).hexdigest()}"


def name_problem(name: str) -> str:
    """Say what is wrong with a person's name; empty where nothing is."""
    if not name or len(name) > MAX_NAME or not name.isprintable() or name != name.strip():
        return f"a name is one line of at most {MAX_NAME} characters that can be seen"
    if name.startswith("#") or name.endswith(TYPED_MARK.strip()):
        return "a name begins with no `#`, and does not end as what the admin token's holder types is marked"
    return ""


def parse_tokens(text: str) -> tuple[tuple[IssuedToken, ...], tuple[str, ...]]:
    """Return the tokens, and a sentence about each line that is none. No sentence shows what stands there."""
    issued: list[IssuedToken] = []
    problems: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        parts, slack = line.rsplit(maxsplit=2), ""
        if SLACK_USER.fullmatch(parts[-1]):
            *parts, slack = line.rsplit(maxsplit=3)
        roles = [*Role]
        if len(parts) != 3 or parts[1] not in roles or not _HASH.fullmatch(parts[2]):
            problems.append(
                f"line {number} is no name, role ({', '.join(roles)}), hash and at most a Slack user: use"
                " `gateway token add`"
            )
        elif problem := name_problem(parts[0].strip()):
            problems.append(f"line {number}: {problem}")
        elif any(token.hash == parts[2] for token in issued):
            problems.append(f"line {number} has the hash of an earlier line: a token is one person's")
        else:
            issued.append(IssuedToken(parts[0].strip(), Role(parts[1]), parts[2], slack))
    return tuple(issued), tuple(problems)


class TokensFile:
    """The tokens in force, and what is wrong with the file now. Without a path there are none."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.issued: tuple[IssuedToken, ...] = ()
        self.problems: tuple[str, ...] = ()
        self._seen = self._state()
        if path is not None:
            issued, self.problems = read_tokens(path)
            self.issued = () if self.problems else issued

    @property
    def configured(self) -> bool:
        return self.path is not None

    async def run(self) -> None:
        """Read the file again whenever it changes, until cancelled."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            await asyncio.to_thread(self.look)

    def look(self) -> None:
        """Read the file again if it has changed, and put it in force if nothing is wrong with it."""
        state = self._state()
        if self.path is None or state == self._seen:
            return
        self._seen = state
        issued, self.problems = read_tokens(self.path)
        if self.problems:
            log.error("tokens_rejected", path=str(self.path), errors=self.problems, in_force=len(self.issued))
            return
        self.issued = issued
        log.warning("tokens_reloaded", path=str(self.path), tokens=len(issued))

    def _state(self) -> tuple[int, ...] | None:
        try:
            found = self.path.stat() if self.path is not None else None
        except OSError:
            return None
        if found is None:
            return None
        # Rights that were mended change nothing but the time of the last change of the inode.
        return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def read_tokens(path: Path) -> tuple[tuple[IssuedToken, ...], tuple[str, ...]]:
    try:
        issued, problems = parse_tokens(path.read_text("utf-8"))
    except FileNotFoundError:
        return (), (f"{VARIABLE}: {path} is not there: `gateway token add NAME ROLE` makes it",)
    except PermissionError as error:
        owner = f"make it readable by the user that the gateway runs as (here: uid {os.geteuid()})"
        return (), (f"{VARIABLE}: {path} cannot be read: {error.strerror}; {owner}",)
    except (OSError, UnicodeDecodeError) as error:
        return (), (
            f"{VARIABLE}: {path} cannot be read: {getattr(error, 'strerror', '') or 'it is not UTF-8'}",
        )
    return issued, tuple(f"{VARIABLE}: {path}: {problem}" for problem in problems)


def four_eyes_problem(tokens: TokensFile, *, heard_in_slack: bool) -> str:
    """Say why nobody can approve a silence as a second person; empty where somebody can.

    `heard_in_slack`: people's presses in Slack reach the gateway.
    """
    people = people_who_act(tokens.issued)
    if people >= 2 or heard_in_slack:
        return ""
    where = f"{tokens.path} names {people} of them" if tokens.configured else f"{VARIABLE} is not set"
    return (
        "policy.silences: `critical: four_eyes` cannot be satisfied: it takes two people with tokens of their own"
        f" that may act, and {where} (`gateway token add NAME act` adds one), or buttons in Slack; no silence covers a critical alert,"
        " unless it was approved before"
    )
