"""Signatures: one person's support for one petition.

States: pending → confirmed → withdrawn | invalidated | quarantined; erased leaves no row. Only
``confirmed`` counts and shows. One signature per person and petition is decided by a unique
constraint on a keyed HMAC of the canonical address; the key belongs to the petition, so that
nothing joins petitions together. What the public sees of a signer is chosen at signing: *hidden*
(default), *initial* or *full*.
"""
