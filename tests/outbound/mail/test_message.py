"""A mail's headers and parts: one thread, plain text and HTML, and no text that gets out of its place."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

from hypothesis import given, settings

from gateway.model.ledger import MessageRef, NotifiedState
from gateway.model.notification import Notification
from gateway.outbound.mail.content import content_of
from gateway.outbound.mail.message import Envelope, compose_mail, incident_of, message_ids, thread_id
from tests.outbound.notifications import NOW, line, notification, notifications

ENVELOPE = Envelope("alerts@example.org", ("ops@example.org", "dev@example.org"))
INJECTION = "down\r\nBcc: everybody@example.org\r\n\r\nhello"


def mail_of(shown: Notification, attempt: str = "a1", answered: str = "") -> EmailMessage:
    """The mail as a reader parses it."""
    ids = message_ids(attempt, (shown.incident,), ENVELOPE, MessageRef(answered) if answered else None)
    mail = compose_mail(content_of(shown), ENVELOPE, ids, NOW)
    return message_from_bytes(mail.as_bytes(), policy=policy.default)


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def test_it_comes_from_the_sender_to_all_readers_and_says_that_no_person_wrote_it() -> None:
    mail = mail_of(notification())
    assert mail["From"] == "alerts@example.org"
    assert mail["To"] == "ops@example.org, dev@example.org"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime.timestamp() * 1000 == NOW


def test_the_subject_says_the_state_how_bad_it_is_and_what_it_is_about() -> None:
    assert mail_of(notification())["Subject"].startswith("🔴 CRITICAL: ")
    assert mail_of(notification(generation=2))["Subject"].startswith("🔴 CRITICAL, again: ")
    ended = notification(state=NotifiedState.ENDED, firing=0, ended=1, ended_at=NOW)
    assert mail_of(ended)["Subject"].startswith("✅ Resolved: ")


def test_all_mails_of_an_incident_refer_to_one_id_and_each_later_one_answers_the_first() -> None:
    first = mail_of(notification())
    second = mail_of(notification(revision=2), "a2", str(first["Message-ID"]))
    assert first["Message-ID"] != second["Message-ID"]
    assert str(first["References"]).split() == [thread_id("abc123", ENVELOPE)]
    assert first["In-Reply-To"] is None
    assert str(second["References"]).split() == [thread_id("abc123", ENVELOPE), first["Message-ID"]]
    assert second["In-Reply-To"] == first["Message-ID"]


def test_the_same_attempt_has_the_same_id_and_the_id_tells_the_incident() -> None:
    ids = message_ids("a1", ("inc1",), ENVELOPE)
    assert ids == message_ids("a1", ("inc1",), ENVELOPE)
    assert incident_of(MessageRef(ids.own)) == "inc1"


def test_an_incident_that_goes_on_from_another_goes_on_in_its_thread() -> None:
    before, after = message_ids("a1", ("inc1",), ENVELOPE), message_ids("a2", ("inc1", "inc2"), ENVELOPE)
    assert after.references[0] == before.references[0]
    assert after.references[1] == thread_id("inc2", ENVELOPE)


def test_incidents_and_readers_have_threads_of_their_own() -> None:
    others = Envelope("alerts@example.org", ("dev@example.org",))
    threads = {thread_id("inc1", ENVELOPE), thread_id("inc2", ENVELOPE), thread_id("inc1", others)}
    assert len(threads) == 3


def test_both_parts_say_the_same() -> None:
    mail = mail_of(notification(lines=(line("Down", summary="The shop is down"),)))
    for kind in ("plain", "html"):
        assert "The shop is down" in part(mail, kind)
        assert "abc123" in part(mail, kind)


def test_line_breaks_in_a_label_make_no_header() -> None:
    mail = mail_of(notification(title=INJECTION, where={INJECTION: INJECTION}, owner=INJECTION))
    assert mail["Bcc"] is None
    assert "\n" not in mail["Subject"]
    assert "Bcc: everybody" in mail["Subject"]


def test_line_breaks_in_an_incidents_id_make_no_header() -> None:
    assert mail_of(notification(incident=INJECTION))["Bcc"] is None


def test_markup_in_an_annotation_is_shown_as_it_is_written() -> None:
    evil = '<script>alert(1)</script><img src=x onerror="x">'
    html = part(
        mail_of(notification(title=evil, lines=(line(evil, summary=evil),), where={"a": evil})), "html"
    )
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html


def test_only_addresses_of_the_web_become_links() -> None:
    lines = (line("A", runbook="javascript:alert(1)", dashboard='https://d.example/"onmouseover="x'),)
    html = part(mail_of(notification(lines=lines)), "html")
    assert 'href="javascript:' not in html
    assert "Runbook: javascript:alert(1)" in html, "what is no address is readable all the same"
    assert '"onmouseover="' not in html
    assert 'href="https://d.example/' in html


def test_a_subject_beyond_ascii_arrives_as_it_was() -> None:
    assert "Größenwarnung 過負荷" in mail_of(notification(title="Größenwarnung 過負荷"))["Subject"]


def test_no_line_is_longer_than_a_server_has_to_take() -> None:
    """RFC 5322, section 2.1.1: 998 characters, and 78 where it can be."""
    long = "x" * 5_000
    shown = notification(title=long, where={long: long}, lines=(line(long, summary=long * 3),))
    mail = compose_mail(content_of(shown), ENVELOPE, message_ids("a1", ("inc1",), ENVELOPE), NOW)
    assert max(len(sent) for sent in mail.as_bytes().split(b"\r\n")) <= 998
    assert len(str(mail["Subject"])) < 250


def test_how_many_updates_were_left_out_is_said() -> None:
    assert "3 updates were left out" in part(mail_of(notification(left_out=3)), "plain")
    assert "1 update was left out" in part(mail_of(notification(left_out=1)), "html")
    assert "left out" not in part(mail_of(notification()), "plain")


@settings(max_examples=60)
@given(notifications)
def test_whatever_the_texts_are_it_can_be_sent_and_read(shown: Notification) -> None:
    mail = mail_of(shown)
    assert {name.lower() for name in mail} == {
        "from", "to", "subject", "date", "message-id", "references", "auto-submitted", "x-auto-response-suppress",
        "mime-version", "content-type",
    }  # fmt: skip
    assert part(mail, "plain")
    assert part(mail, "html").count("<html>") == 1
