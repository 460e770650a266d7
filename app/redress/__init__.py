"""Redress: what people may do against a text or a decision, and what the law hurries.

Anybody sends a *notice* of a text (DSA art. 16); notices of one revision gather in a *case* of moderation, which is
upheld or dismissed. Whoever is concerned by a decision *appeals* within six months, and somebody else judges. Who is
named in a text asks for a *right of reply*. An authority's *order* is carried out at once. What authors take back ends
all of that by itself. The tables stand with moderation's, whose queue shows whatever waits.
"""
