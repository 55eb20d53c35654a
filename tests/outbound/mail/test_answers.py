"""What a server's answers mean, a row for each: whose trouble it is, and whether the mail may have been
taken.
"""

from __future__ import annotations

import pytest

from gateway.model.notification import Refused, Unanswered
from gateway.outbound.mail.answers import (
    RETRY_AFTER,
    Stage,
    cut,
    describe_recipients,
    judge,
    judge_recipients,
)


@pytest.mark.parametrize(
    ("stage", "code", "reason", "permanent"),
    [
        (Stage.CONNECT, 421, "unavailable", False),
        (Stage.CONNECT, 554, "unavailable", False),
        (Stage.TLS, 454, "unavailable", False),
        (Stage.TLS, 501, "tls", False),
        (Stage.LOGIN, 535, "auth", True),
        (Stage.LOGIN, 454, "unavailable", False),
        (Stage.LOGIN, 500, "auth", True),
        (Stage.SENDER, 530, "auth", True),
        (Stage.SENDER, 550, "sender", True),
        (Stage.SENDER, 452, "unavailable", False),
        (Stage.DATA, 451, "unavailable", False),
        (Stage.DATA, 552, "invalid", True),
        (Stage.DATA, 554, "invalid", True),
    ],
)
def test_a_refusal_is_the_mails_or_the_destinations_own(
    stage: Stage, code: int, reason: str, permanent: bool
) -> None:
    answer = judge(stage, code, "no")
    assert (answer.reason, answer.permanent) == (reason, permanent)


def test_a_refused_login_is_not_tried_again_at_once_and_shows_no_text_of_the_server() -> None:
    assert judge(Stage.LOGIN, 535, "user somebody unknown") == Refused(
        "auth", "535", permanent=True, retry_after=RETRY_AFTER
    )


def test_with_no_recipient_left_the_mail_is_refused_for_good() -> None:
    refused = {"a@example.org": (550, "no such user"), "b@example.org": (551, "moved")}
    answer = judge_recipients(refused)
    assert (answer.reason, answer.permanent) == ("not_found", True)
    assert (
        answer.detail == "a@example.org was refused: 550 no such user; b@example.org was refused: 551 moved"
    )


def test_where_one_recipient_may_be_taken_later_the_mail_is_tried_again() -> None:
    answer = judge_recipients({"a@example.org": (550, "no such user"), "b@example.org": (450, "greylisted")})
    assert (answer.reason, answer.permanent) == ("unavailable", False)


def test_nobody_refused_is_nothing_to_say() -> None:
    assert describe_recipients({}) == ""


def test_a_broken_connection_leaves_a_doubt_only_once_the_content_is_under_way() -> None:
    assert cut(Stage.DATA, "cut") == Unanswered("cut")
    assert all(isinstance(cut(stage, "cut"), Refused) for stage in Stage if stage is not Stage.DATA)


def test_line_breaks_of_a_server_reach_no_log_line() -> None:
    assert judge(Stage.DATA, 554, "first\r\nsecond").detail == "554 first second"
