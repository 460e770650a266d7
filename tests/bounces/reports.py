"""Reports as servers write them; *envelope* is whom they answer, *to* whom our mail was for."""

from collections.abc import Callable

Writes = Callable[[str, str], bytes]
OURS = """Return-Path: <{envelope}>
Received: from petitions.exemple.fr (petitions.exemple.fr [192.0.2.7]) by mx.exemple.test (Postfix) id 4ABC
Subject: Une nouvelle
From: Signons <petitions@exemple.fr>
To: {to}
Message-ID: <176@exemple.fr>
List-Unsubscribe: <https://petitions.exemple.fr/desabonnement/jeton>

Bonjour, plus de spam, quota, inconnu : relisez notre politique.
"""


def _mime(top: str, *parts: tuple[str, str]) -> bytes:
    """*top* is headers; each part its headers and its text."""
    bound = "4ABC.1764230400/mx.exemple.test"
    body = "".join(f"--{bound}\n{headers}\n\n{text}\n" for headers, text in parts)
    return f'{top}; boundary="{bound}"\n\nThis is a MIME-encapsulated message.\n\n{body}--{bound}--\n'.encode()


def dsn(
    envelope: str,
    to: str,
    status: str = "5.1.1",
    diagnostic: str = "smtp; 550 5.1.1 <{to}>: Recipient address rejected: User unknown in virtual mailbox table",
    action: str = "failed",
    original: str = "Original-Recipient: rfc822;{to}\n",
    back: str = OURS,
) -> bytes:
    """Postfix's."""
    said = {"to": to, "envelope": envelope}
    top = (
        f"Return-Path: <>\nDate: Fri, 27 Nov 2026 09:00:00 +0100 (CET)\n"
        f"From: MAILER-DAEMON@mx.exemple.test (Mail Delivery System)\nSubject: Undelivered Mail Returned to Sender\n"
        f"To: {envelope}\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n"
        "Content-Type: multipart/report; report-type=delivery-status"
    )
    return _mime(
        top,
        ("Content-Description: Notification\nContent-Type: text/plain; charset=us-ascii",
         "This is the mail system at host mx.exemple.test.\n\nI'm sorry to have to inform you that your message could "
         f"not be delivered.\n\n<{to}>: {diagnostic.format(**said)}\n"),
        ("Content-Description: Delivery report\nContent-Type: message/delivery-status",
         "Reporting-MTA: dns; mx.exemple.test\nX-Postfix-Queue-ID: 4ABC\n"
         "Arrival-Date: Fri, 27 Nov 2026 09:00:00 +0100\n\n"
         f"Final-Recipient: rfc822; {to}\n{original.format(**said)}Action: {action}\nStatus: {status}\n"
         f"Remote-MTA: dns; mx.exemple.test\nDiagnostic-Code: {diagnostic.format(**said)}\n"),
        ("Content-Description: Undelivered Message\nContent-Type: message/rfc822", back.format(**said)),
    )  # fmt: skip


def postfix_full(envelope: str, to: str) -> bytes:
    return dsn(envelope, to, "5.2.2", "smtp; 552 5.2.2 <{to}>: Mailbox is full / Blah")


def postfix_expired(envelope: str, to: str) -> bytes:
    return dsn(envelope, to, "4.4.1", "X-Postfix; connect to mx.mort.test[192.0.2.9]:25: Connection timed out")


def postfix_delayed(envelope: str, to: str) -> bytes:
    return dsn(envelope, to, "4.4.1", "X-Postfix; connect to mx.lent.test: Connection timed out", "delayed")


def postfix_no_domain(envelope: str, to: str) -> bytes:
    return dsn(envelope, to, "5.4.4", "X-Postfix; Host or domain name not found. Name service error for name=mort.test")


def spam_refused(envelope: str, to: str) -> bytes:
    return dsn(envelope, to, "5.7.1", "smtp; 550 5.7.1 Message rejected due to spam content, user unknown to us")


def relay_refused(envelope: str, to: str) -> bytes:
    return dsn(envelope, to, "5.0.0", "smtp; 550 relay not permitted")


def delivered(envelope: str, to: str) -> bytes:
    return dsn(envelope, to, "2.0.0", "smtp; 250 2.0.0 OK", "relayed")


def opensmtpd(envelope: str, to: str) -> bytes:
    return dsn(envelope, to, "5.0.0", "smtp; 550 Invalid recipient", "error", original="")


def exim(envelope: str, to: str) -> bytes:
    """Four: its code says nothing, its words do."""
    top = (
        f"Return-path: <>\nAuto-Submitted: auto-replied\nX-Failed-Recipients: {to}\n"
        f"From: Mail Delivery System <Mailer-Daemon@smtp.exemple.fr>\nTo: {envelope}\n"
        "References: <176@exemple.fr>\nSubject: Mail delivery failed: returning message to sender\n"
        "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status"
    )
    return _mime(
        top,
        ("Content-type: text/plain; charset=us-ascii",
         "This message was created automatically by mail delivery software.\n\nA message that you sent could not be "
         f"delivered to one or more of its recipients.\n\n  {to}\n    host mx.exemple.test [192.0.2.1]\n"
         "    SMTP error from remote mail server after RCPT TO:<...>:\n    550 no such user here\n"),
        ("Content-type: message/delivery-status",
         f"Reporting-MTA: dns; smtp.exemple.fr\n\nAction: failed\nFinal-Recipient: rfc822;{to}\nStatus: 5.0.0\n"
         "Remote-MTA: dns; mx.exemple.test\nDiagnostic-Code: smtp; 550 no such user here\n"),
        ("Content-type: message/rfc822", OURS.format(envelope=envelope, to=to)),
    )  # fmt: skip


def exim_of_before(envelope: str, to: str) -> bytes:
    return (
        f"Return-path: <>\nX-Failed-Recipients: {to}\nAuto-Submitted: auto-replied\n"
        f"From: Mail Delivery System <Mailer-Daemon@smtp.exemple.fr>\nTo: {envelope}\n"
        "Subject: Mail delivery failed: returning message to sender\n\n"
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be "
        "delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n"
        f"  {to}\n    SMTP error from remote mail server after RCPT TO:<{to}>:\n    550 5.1.1 unknown user\n\n"
        "------ This is a copy of the message, including all the headers. ------\n\n"
        + OURS.format(envelope=envelope, to=to)
    ).encode()


def office(envelope: str, to: str) -> bytes:
    top = (
        "From: <postmaster@exemple.onmicrosoft.com>\nX-MS-Exchange-Message-Is-Ndr:\nContent-Language: fr-FR\n"
        f"In-Reply-To: <176@exemple.fr>\nTo: <{envelope}>\nSubject: =?utf-8?q?Non_remis_=3A_Une_nouvelle?=\n"
        "Auto-Submitted: auto-replied\nMIME-Version: 1.0\n"
        "Content-Type: multipart/report; report-type=delivery-status"
    )
    return _mime(
        top,
        ('Content-Type: multipart/alternative; differences=Content-Type; boundary="alt"',
         '--alt\nContent-Type: text/plain; charset="utf-8"\nContent-Transfer-Encoding: base64\n\n'
         "Vm90cmUgbWVzc2FnZSBuJ2EgcGFzIHB1IMOqdHJlIHJlbWlzLg==\n--alt--\n"),
        ("Content-Type: message/delivery-status",
         "Reporting-MTA: dns;PR0P264MB0001.FRAP264.PROD.OUTLOOK.COM\nReceived-From-MTA: dns;petitions.exemple.fr\n"
         f"Arrival-Date: Fri, 27 Nov 2026 08:00:00 +0000\n\nFinal-Recipient: rfc822;{to}\nAction: failed\n"
         "Status: 5.1.10\nDiagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient\n"
         f" {to} not found by SMTP address lookup\nX-Display-Name: Marie\n"),
        ("Content-Type: text/rfc822-headers", OURS.partition("\n\n")[0].format(envelope=envelope, to=to) + "\n"),
    )  # fmt: skip


def office_at_the_edge(envelope: str, to: str) -> bytes:
    return dsn(envelope, to, "5.4.1", "smtp;550 5.4.1 Recipient address rejected: Access denied. AS(201806281)")


def gmail(envelope: str, to: str) -> bytes:
    top = (
        "MIME-Version: 1.0\nFrom: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\n"
        f"To: {envelope}\nAuto-Submitted: auto-replied\nSubject: Delivery Status Notification (Failure)\n"
        f"X-Failed-Recipients: {to}\nContent-Type: multipart/report; report-type=delivery-status"
    )
    return _mime(
        top,
        ('Content-Type: text/plain; charset="UTF-8"',
         f"\n** Address not found **\n\nYour message wasn't delivered to {to} because the address couldn't be "
         "found.\n"),
        ("Content-Type: message/delivery-status",
         "Reporting-MTA: dns; googlemail.com\nArrival-Date: Fri, 27 Nov 2026 00:00:00 -0800 (PST)\n"
         f"X-Original-Message-ID: <176@exemple.fr>\n\nFinal-Recipient: rfc822; {to}\nAction: failed\nStatus: 5.1.1\n"
         "Remote-MTA: dns; gmail-smtp-in.l.google.com. (2a00::1a, the server for the domain exemple.test.)\n"
         "Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist.\n"
         " 550 5.1.1  https://support.google.com/mail/?p=NoSuchUser - gsmtp\n"
         "Last-Attempt-Date: Fri, 27 Nov 2026 00:00:01 -0800 (PST)\n"),
        ("Content-Type: message/rfc822", OURS.format(envelope=envelope, to=to)),
    )  # fmt: skip


def qmail(envelope: str, to: str) -> bytes:
    return (
        f"Return-Path: <>\nFrom: MAILER-DAEMON@mail.exemple.test\nTo: {envelope}\nSubject: failure notice\n\n"
        "Hi. This is the qmail-send program at mail.exemple.test.\nI'm afraid I wasn't able to deliver your message to "
        "the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n"
        f"<{to}>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\n"
        + OURS.format(envelope=envelope, to=to)
    ).encode()


def yahoo(envelope: str, to: str) -> bytes:
    return (
        f"Return-Path: <>\nFrom: MAILER-DAEMON@yahoo.com\nTo: {envelope}\nX-Loop: {envelope}\n"
        "Subject: Delivery failure\n\nMessage from  yahoo.com.\nUnable to deliver message to the following "
        f"address(es).\n\n<{to}>:\nThis user doesn't have a yahoo.com account ({to}) [-5]\n\n"
        "--- Original message follows.\n\n" + OURS.format(envelope=envelope, to=to)
    ).encode()


def odd_charset(envelope: str, to: str) -> bytes:
    """Latin-1 where only ASCII may stand, a charset that does not exist, and its own words alone."""
    return (
        f"Return-Path: <>\nFrom: Système de messagerie <postmaster@exemple.test>\nTo: {envelope}\n"
        "Subject: Message non délivré\nContent-Type: text/plain; charset=x-macromédia\n\n"
        "Votre message n'a pas été délivré : 550 5.1.1 Adresse inconnue à l'école\n"
    ).encode("latin-1")


def odd_fields(envelope: str, to: str) -> bytes:
    """Latin-1 in the status itself."""
    raw = dsn(envelope, to, "5.1.1", "smtp; 550 5.1.1 Adresse d'au moins un destinataire inconnue à l'été")
    return raw.decode().encode("latin-1")


def abuse(envelope: str, to: str) -> bytes:
    """Yahoo's loop: who complains is not said, what they complain of is given back."""
    top = (
        "From: Yahoo! Mail AntiSpam Feedback <feedback@arf.mail.yahoo.com>\nTo: abus@exemple.fr\n"
        "Subject: FW: Une nouvelle\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=feedback-report"
    )
    return _mime(
        top,
        ("Content-Type: text/plain; charset=US-ASCII", "This is an email abuse report for an email message.\n"),
        ("Content-Type: message/feedback-report",
         f"Feedback-Type: abuse\nUser-Agent: Yahoo!-Mail-Feedback/2.0\nVersion: 0.1\nOriginal-Mail-From: {envelope}\n"
         "Original-Rcpt-To: redacted\nReceived-Date: Fri, 27 Nov 2026 09:00:00 PST\n"),
        ("Content-Type: message/rfc822", OURS.format(envelope=envelope, to=to)),
    )  # fmt: skip


def not_spam(envelope: str, to: str) -> bytes:
    return abuse(envelope, to).replace(b"Feedback-Type: abuse", b"Feedback-Type: not-spam")


def on_holiday(envelope: str, to: str) -> bytes:
    return (
        f"Return-Path: <>\nFrom: {to}\nTo: {envelope}\nSubject: =?utf-8?q?R=C3=A9ponse_automatique?=\n"
        "Auto-Submitted: auto-replied\nX-Autoreply: yes\n\n"
        f"Je suis absente. The following address is no longer in use:\n{to}: user unknown 550 5.1.1\n"
    ).encode()


def a_person(envelope: str, to: str) -> bytes:
    return (
        f"From: {to}\nTo: {envelope}\nSubject: Re: Une nouvelle\n\nMerci ! Mon mari est inconnu, 550 5.1.1.\n".encode()
    )
