"""Updates: the news of a petition, told by its organiser to those who asked for them.

An *update* is written, sent to the subscribers of the petition in small batches, and shown on its
page. A *letter* is the same for the platform: to those who asked for it, on no page. Each mail says
how to stop, in one click.
"""
