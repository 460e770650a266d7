"""What servers write is understood as they mean it; what strangers write harms nobody."""

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.bounces.reading import read
from app.mail.models import Bounce
from app.mail.verdicts import judged
from tests.bounces import reports
from tests.bounces.reports import Writes

ENVELOPE, TO = "retours+abcdefghijklmnopqrstuvwx@exemple.fr", "Marie.Durand@exemple.test"


@pytest.mark.parametrize(
    ("writes", "bounce"),
    [
        (reports.dsn, Bounce.HARD),
        (reports.postfix_full, Bounce.SOFT),
        (reports.postfix_expired, Bounce.SOFT),
        (reports.postfix_delayed, Bounce.DELAYED),
        (reports.postfix_no_domain, Bounce.HARD),
        (reports.spam_refused, Bounce.BLOCKED),
        (reports.relay_refused, Bounce.BLOCKED),
        (reports.delivered, Bounce.IGNORED),
        (reports.opensmtpd, Bounce.HARD),
        (reports.exim, Bounce.HARD),
        (reports.exim_of_before, Bounce.HARD),
        (reports.office, Bounce.HARD),
        (reports.office_at_the_edge, Bounce.HARD),
        (reports.gmail, Bounce.HARD),
        (reports.qmail, Bounce.HARD),
        (reports.yahoo, Bounce.HARD),
        (reports.odd_fields, Bounce.HARD),
        (reports.abuse, Bounce.COMPLAINT),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_reports_of_many_servers(writes: Writes, bounce: Bounce) -> None:
    (said,) = read(writes(ENVELOPE, TO))
    assert said.bounce == bounce
    assert TO.lower() in {address.lower() for address in said.addresses}


def test_a_server_that_names_no_address_is_understood_all_the_same() -> None:
    (said,) = read(reports.odd_charset(ENVELOPE, TO))
    assert (said.bounce, said.addresses) == (Bounce.HARD, ())


@pytest.mark.parametrize("writes", [reports.on_holiday, reports.a_person])
def test_who_answers_is_no_server(writes: Writes) -> None:
    assert read(writes(ENVELOPE, TO)) == []


def test_what_is_no_complaint_stops_nobody() -> None:
    assert [said.bounce for said in read(reports.not_spam(ENVELOPE, TO))] == [Bounce.IGNORED]


@pytest.mark.parametrize(
    ("status", "said", "bounce"),
    [
        ("5.1.1", "", Bounce.HARD),
        ("5.2.1", "550 5.2.1 The email account that you tried to reach is inactive", Bounce.HARD),
        ("5.2.1", "is receiving mail at a rate that prevents additional messages", Bounce.SOFT),
        ("5.5.0", "550 5.5.0 Requested action not taken: mailbox unavailable", Bounce.HARD),
        ("5.0.0", "550 5.5.0 Adresse d au moins un destinataire invalide. Invalid recipient. OFR_416", Bounce.HARD),
        ("", "550 <spam.trap@exemple.test>: no such user", Bounce.HARD),
        ("", "550", Bounce.SOFT),
        ("", "", Bounce.SOFT),
        ("4.2.2", "452 4.2.2 The email account that you tried to reach is over quota", Bounce.SOFT),
        ("4.7.0", "421 4.7.0 Try again later, closing connection", Bounce.BLOCKED),
        ("", "451 blocked by our policy", Bounce.BLOCKED),
        ("5.1.8", "501 5.1.8 Domain of sender address does not exist", Bounce.BLOCKED),
        ("5.1.1", "550 5.1.1 Blocked by spam filter", Bounce.BLOCKED),
        ("5.3.4", "552 5.3.4 Message too big", Bounce.SOFT),
        ("9.9.9", "nonsense", Bounce.SOFT),
    ],
)
def test_a_doubt_kills_no_address(status: str, said: str, bounce: Bounce) -> None:
    assert judged(status, said) == bounce


@given(st.binary(max_size=4000))
@settings(max_examples=200, deadline=None)
def test_any_bytes_whatever(raw: bytes) -> None:
    read(raw)


@given(st.sampled_from([reports.dsn, reports.gmail, reports.qmail, reports.abuse, reports.exim_of_before]), st.data())
@settings(max_examples=150, deadline=None)
def test_reports_that_were_cut_or_altered_anywhere(writes: Writes, data: st.DataObject) -> None:
    raw = bytearray(writes(ENVELOPE, TO))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 60))] = data.draw(st.binary(max_size=30))
        raw = raw or bytearray(b"x")
    for said in read(bytes(raw)):
        assert all("@" in address for address in said.addresses)


@pytest.mark.parametrize(
    "raw",
    [
        b"a" * 2_000_000,
        b"From: MAILER-DAEMON@x.test\nSubject: failure notice\n\n" + b"<a@b.test>:\n" * 20_000,
        b"From: postmaster@x.test\n\n" + b"recipient " * 200_000,
        b"From: postmaster@x.test\n\n" + (b" " * 1900 + b"\n") * 130,
        b"From: postmaster@x.test\n\n" + b"<" * 250_000,
        b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\nContent-Type: message/rfc822\n\n" * 9000,
        b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\n\n" * 60_000,
        b"X: y\n" * 60_000,
        b"Content-Type: multipart/report\n\n" * 5000,
        b"Content-Type: message/rfc822\n\n" * 8000,
    ],
    ids=[
        "one line",
        "qmail",
        "words",
        "blanks",
        "brackets",
        "nested",
        "parts",
        "headers",
        "no boundary",
        "one in another",
    ],
)
def test_nobody_makes_us_read_for_long(raw: bytes) -> None:
    began = process_time()
    read(raw)
    assert process_time() - began < 3
