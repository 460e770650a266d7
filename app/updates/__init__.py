"""Updates: the news of a petition, told by its organiser to those who asked for them.

An *update* is written, sent to the subscribers of the petition in small batches, and shown on its
page. Each mail says how to stop, in one click.
"""
