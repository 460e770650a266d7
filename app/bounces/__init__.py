"""Bounces: mail of ours that comes back, and complaints about it.

A *report* is a message that says what became of a mail: of a server (RFC 3464, or in its own words), of a provider
whose user pressed "spam" (RFC 5965), or posted by the sending service (Standard Webhooks). It counts once. It stops
an address only when it is *proven*: by the envelope address that this one mail left with (``mail/envelope.py``), or by
the signature of the service. What is stopped, and for how long, is in ``mail/bounced.py``. Numbers are shown, addresses
never; what came back is not kept.
"""
