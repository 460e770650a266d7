"""Drafts: a petition before it is one, written in six steps by whoever holds its address.

A *draft* belongs to the holder of its address, without account, until its author confirms an e-mail
address and proposes it; then to that account. What is in it is what was typed, right or wrong:
nothing is refused while one writes, each *step* says what it lacks. It becomes a petition when it is
proposed, is written in again when corrections are asked, and goes once the petition is published.
"""
