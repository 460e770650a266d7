"""Signatures on paper: sheets of twelve lines, what they bear, and how they join the count.

A *sheet* is printed with its number and the version of the text that people sign on it; whoever organises keeps the
paper. Its *entry* says how many signed, by postal code, and no name. A second person finds the same number on it, and
only then does it count. A copy (*scan*) may come with the entry: sealed, and gone with the signatures.
"""
