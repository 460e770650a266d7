"""One change at a time in verbs, queries and privacy, by mutmut: does a test notice?"""
