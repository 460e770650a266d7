"""Mail: written as rows in the transaction that causes it, sent by the worker.

An *outbox mail* names a template and carries its context sealed: waiting → sent, or set aside
after too many tries (a poison mail), or cancelled, also because its address has had enough (see
``budget``) or does not answer (``bounced``). Without an SMTP server, in the demo, mails are *caught*
and shown on a local page. This package knows no domain but by the names of their mails.
"""
