"""Strangers at every door: many at once, half of a form, slow, and with odd values."""
