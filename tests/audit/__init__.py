"""The site attacked by the tools of the trade: ``make audit``, or ``python -m tests.audit [step…]``.

A real server on this machine, loaded with the demo, meets schemathesis (an OpenAPI made from the
routers), wapiti and sqlmap; bandit reads the code, pip-audit the locked versions. What the tools
count and find is written into docs/security.md, beside what people have verified.
"""
