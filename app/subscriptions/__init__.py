"""Subscriptions: the optional mails that a person said yes to, each with its own clock.

``updates`` follows one petition, ``newsletter`` the platform; neither implies the other, and none
is needed to sign. Unsubscribing puts a keyed fingerprint on the *suppression list*, so that no old
list or restored backup writes again.
"""
