"""A new token of a person is written into the file of people's tokens here, for `gateway token add`."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from secrets import token_hex, token_urlsafe

from gateway.config.tokens_file import SLACK_USER, VARIABLE, hash_of, name_problem, read_tokens
from gateway.errors import BadSettings
from gateway.model.people import Role

TOKEN_BYTES = 32
HEADER = (
    "# The tokens of people: a name, a role (see, act or administer), the hash of a token, and the id of the person's\n"
    "# Slack user where it is known. `gateway token add` writes such lines; a token is taken back by taking out its line.\n"
)


def add_token(path: Path, name: str, role: Role, day: date | None = None, slack: str = "") -> str:
    """Write a new token of a person into the file, and return it: it is shown once, and kept nowhere.

    The `day` on which it was made stands above its line, so that the older of two can be told. `slack` is the
    id of the person's Slack user. Raises `BadSettings`.
    """
    name = name.strip()
    if problem := slack_problem(slack):
        raise BadSettings(problem)
    if problem := name_problem(name):
        raise BadSettings(problem)
    token = token_urlsafe(TOKEN_BYTES)
    try:
        problems = read_tokens(path)[1] if path.exists() else ()
        if problems:
            raise BadSettings("\n".join(problems))
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = f"# made {day.isoformat()}\n" if day is not None else ""
        _replace(path.resolve(), f"{made}{name} {role} {hash_of(token)}{f' {slack}' if slack else ''}\n")
    except OSError as error:
        raise BadSettings(f"{VARIABLE}: {path} cannot be written: {error.strerror}") from error
    return token


def slack_problem(user: str) -> str:
    """Say what is wrong with the id of a Slack user; empty where nothing is, and where there is none."""
    if not user or SLACK_USER.fullmatch(user):
        return ""
    return f"{user[:40]!r} is no id of a Slack user such as U024BE7LH: Slack shows it in the person's profile"


def _replace(path: Path, line: str) -> None:
    """Add a line in one step: a gateway that reads just now sees the file before or after it."""
    before = path.read_text("utf-8") if path.exists() else HEADER
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
    # Root writes for the user that the gateway runs as, which could not read a file of root's.
    owner = (path if path.exists() else path.parent).stat() if os.geteuid() == 0 else None
    new = path.with_name(f".{path.name}-{token_hex(4)}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(before if before.endswith("\n") or not before else f"{before}\n")
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        new.chmod(mode)
        if owner is not None:
            os.chown(new, owner.st_uid, owner.st_gid)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
