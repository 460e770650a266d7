"""Moderation: comments and petitions judged under a public charter, with reasons.

The *charter* is data: numbered articles in versions; a *decision* cites the article in the
version in force when the text was written, quotes the passage, and gives its author a *statement
of reasons* with a public reference. A decision is a row that is never changed: another supersedes
it. Nothing is deleted before the redress period ends.
"""
