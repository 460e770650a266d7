"""Organisations: several people who carry petitions together.

A *member* is an account with *rights* (see ``rights``), each given by hand; signatures are never given by default.
Somebody becomes one by an *invitation*, sent to an address for seven days. Whoever has the right *members* looks after
the others and what the organisation says of itself; there is always one of them.
"""
