"""Live: every open browser sees the count and the newest signatures move.

One *hub* a process reads the database once a change and writes the same bytes to every viewer.
"""
