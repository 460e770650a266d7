"""Transparency: what everybody may check of moderation.

The charter in all its versions, the journal of decisions, the figures of any period (DSA art. 15 and 24), each
statement of reasons, and their export for the Commission's database (*disclosure*).
"""
