"""Killing for real, under load: ``make crash``, or ``python -m tests.crash [scene…] [--kills N]``.

A crowd signs and confirms while a process, a server, the disk or the clock fails, again and again.
Its ledger of what was answered is then held against the database and the mailboxes: nothing
promised may be missing, nothing may be there twice.
"""
