"""Measurements, never tests: ``make bench`` or ``python -m tests.bench [name…]``.

Each bench measures its own ceiling in the same run, because machines differ and are noisy: only the
ratio means something. Servers are real processes with every protection on; the load comes from
distinct client addresses, given in X-Forwarded-For by a proxy that the settings trust.
"""
