"""The verbs of privacy, by what they do."""
