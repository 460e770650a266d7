"""What every domain's pages share: rendering, forms, errors, headers, limits. Knows no domain."""
