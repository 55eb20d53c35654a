"""The people and programs who ask the gateway for something, what they may do, and whether two names are one
person's.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

TYPED_MARK = " (admin token)"
"""What stands behind a name that somebody typed, where other names are those of people with tokens."""


class Role(StrEnum):
    """The acts that a token lets its holder do; each role may do what the ones before it may."""

    SEE = "see"
    ACT = "act"  # on incidents, silences, dead letters and the quarantine
    ADMINISTER = "administer"  # a pause of paging, a bypass of suppression

    def may(self, needed: Role) -> bool:
        order = [*Role]
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who makes, extends or approves a silence, and how they are known.

    `name` is what people read. `token`: a token of their own was shown. `slack` is the Slack user: `T…/U…` of
    somebody who pressed there, `U…` of the holder of a token that is bound to one, empty where none is known.
    """

    name: str
    token: bool = False
    slack: str = ""

    @property
    def known(self) -> bool:
        """Return whether it is a person, and not only a name that was typed."""
        return self.token or bool(self.slack)

    @property
    def slack_user(self) -> str:
        return self.slack.rpartition("/")[2]

    @property
    def slack_team(self) -> str:
        return self.slack.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever has shown a token. `person` is empty for the admin token: whoever holds it may be anybody.

    `beside_people`: there are people with tokens, so that a name which was only typed is marked as such.
    `slack` is the Slack user that the token is bound to, empty for none.
    """

    role: Role
    person: str = ""
    beside_people: bool = False
    slack: str = ""

    @property
    def is_person(self) -> bool:
        return bool(self.person)

    def named(self, typed: str) -> str:
        """Return the name under which people read what this caller does. `typed` is what the caller says."""
        if self.person:
            return self.person
        return f"{typed.removesuffix(TYPED_MARK)}{TYPED_MARK}" if self.beside_people else typed


class Through(StrEnum):
    """The place where a person did something."""

    API = "api"  # the commands go this way, too
    SLACK = "slack"
    PAGERDUTY = "pagerduty"


@dataclass(frozen=True, slots=True)
class Press:
    """One press of a button, and what its presser saw: the message and the generation that it told of.

    `mark` is the same however often and by whichever way the press arrives. Without a `message` it was
    pressed on nothing that may be out of date. `places` are the vendor's names of where the message stands,
    if messages in several places may have one name. `whole_seconds`: that is as exactly as the vendor says
    when.
    """

    mark: str
    generation: int = 0
    message: str = ""
    channel: str = ""
    happened_at: int | None = None  # ms, by the clock of a vendor whose word may come late and out of order
    places: tuple[str, ...] = ()
    whole_seconds: bool = False


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever does something to an incident. `human` is False for a program or a vendor's own timer.

    `ids` are those that are known of the person at vendors, the surest first: `slack:U…`, `pagerduty:P…`.
    """

    name: str
    through: Through
    human: bool = True
    press: Press | None = None
    ids: tuple[str, ...] = ()

    @property
    def logged(self) -> dict[str, str | int]:
        """The lines of a log entry that say who did it, and where."""
        return {"by": self.name, "through": self.through.value}


def slack_ids(user: str) -> tuple[str, ...]:
    """Return the ids of a person of whom this Slack user is known, `T…/U…` or `U…`; empty for none.

    The workspace does not count: a token is bound to a user alone.
    """
    return (f"slack:{user.rpartition('/')[2]}",) if user else ()


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """One line of the tokens file: a person's name, a role, the hash of a token, and the person's Slack
    user.
    """

    name: str
    role: Role
    hash: str
    slack: str = ""


def plain_name(name: str) -> str:
    """Return a name as it is compared: trimmed, whatever its capitals and its way of being encoded."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def is_same_person(name: str, other: str) -> bool:
    return plain_name(name) == plain_name(other)


def people_who_act(issued: tuple[IssuedToken, ...]) -> int:
    """Count the people who may approve a silence; one with two tokens, or two names for one Slack user, is
    one.
    """
    acting = [token for token in issued if token.role.may(Role.ACT)]
    name_of = {token.slack: plain_name(token.name) for token in acting if token.slack}
    return len({name_of.get(token.slack, plain_name(token.name)) for token in acting})
