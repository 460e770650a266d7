"""Backups: the whole instance in one encrypted file, and back.

A *backup* is a tar encrypted with age (https://age-encryption.org): the database, the petitions’ images and the sealed
copies of paper sheets, after a *manifest* that says what they must be. Its key is derived from SIGNONS_SECRET_KEY,
which is hence all one needs to keep (with SIGNONS_MASTER_KEY_FILE, where there is one): without it
nobody reads a backup, us included. *Restoring* replaces the database whole or not at all, then
forgets again what was erased since the backup was made.
"""
