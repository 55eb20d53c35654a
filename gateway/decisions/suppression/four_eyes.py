"""Decide whether whoever approves a silence is another person than its maker.

Somebody with a token is known by its name, somebody in Slack by their Slack user. One of each are two
people where the token is bound to a Slack user, and that is another one.
"""

from __future__ import annotations

from gateway.model.controls import Rejection, Silence
from gateway.model.people import Identity, is_same_person

OF_ONES_OWN = "`gateway token add NAME act` gives a person a token of their own (GATEWAY_TOKENS_FILE)"
ITS_OWN_MAKER = Rejection("by", "whoever makes a silence cannot approve it", "ask a second person")


def maker_of(silence: Silence) -> Identity:
    return Identity(silence.by, silence.person, silence.slack)


def why_no_second(maker: Identity, other: Identity) -> Rejection | None:
    """Return why `other` is not known to be a second person beside the maker; None where they are two."""
    # A typed name may be anybody's: one person could make a silence under one name and
    # approve it under another.
    if not other.known:
        error = "only a person can approve a silence, and the token that was shown is nobody's"
        return Rejection("by", error, f"{OF_ONES_OWN}; or press Approve in Slack")
    if not maker.known:
        error = "nobody knows who made this silence, so that nobody can be the second person"
        return Rejection("silence", error, f"make it anew with a token of your own; {OF_ONES_OWN}")
    # Whatever the names: a token that is bound to whoever pressed is theirs.
    if maker.slack_user and maker.slack_user == other.slack_user:
        return ITS_OWN_MAKER
    if maker.token and other.token:
        # The same name in other letters is still the same person, so case does not count.
        return ITS_OWN_MAKER if is_same_person(maker.name, other.name) else None
    unbound = [one for one in (maker, other) if not one.slack_user]
    if unbound:
        return _unbound(unbound[0].name, made=unbound[0] is maker)
    # A person may have a user in each of two workspaces that share the channel.
    if maker.slack_team != other.slack_team and maker.slack_team and other.slack_team:
        error = "its maker is of another Slack workspace, so that nobody knows whether you are two people"
        return Rejection("by", error, "ask somebody of the same workspace")
    return None


def _unbound(name: str, *, made: bool) -> Rejection:
    """Say that nobody knows which Slack user the holder of a token is, and how to let it be known."""
    error = (
        f"the token of {name} is bound to no Slack user, so that nobody knows whether its holder and the person in"
        " Slack are two people"
    )
    anew = ", and make the silence anew" if made else ""
    return Rejection(
        "by", error, f"put the id of their Slack user (U…) behind the hash in GATEWAY_TOKENS_FILE{anew}"
    )
