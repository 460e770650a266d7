"""The register: one log a petition, append-only, of every change of its count, which anybody can check and add up.

An *entry* is a line of text (``entries``): its kind, what it changes, the version of the text, the hour, and for one
person's event a *commitment*, which says nothing to anybody but whoever has the *secret* of that signature. Entries
are hashed into a tree (``tree``, RFC 6962), whose *head* is signed (``notes``, C2SP ``tlog-checkpoint``). Everything is
served as C2SP ``tlog-tiles`` has it: what tools of the transparency logs read elsewhere, they read here.

Whatever changes a count goes through ``actions.count``, which writes the change and its *news* in the transaction of
the change; a job *sequences* the news a moment later. Displayed count = sum of the register + its news, always.
A register has a *name*, the address that its petition had when it began: it stays when the petition moves.
"""
