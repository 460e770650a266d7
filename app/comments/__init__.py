"""Comments: a few words that a signer adds, read by a moderator before anybody else.

States: waiting → published | refused → removed …; withdrawn by the author at any time. A comment
is published as it is or refused: nobody rewrites it. Its revisions are kept, so that a decision
always names the text it judged.
"""
