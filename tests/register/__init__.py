"""The register: what changes a count is a line that nobody can rewrite unseen."""
