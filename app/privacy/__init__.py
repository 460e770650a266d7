"""Privacy: what people may ask about their data, and how long it is kept.

The *retention schedule* is data in one place; pages print from it and the daily job applies it.
"""
