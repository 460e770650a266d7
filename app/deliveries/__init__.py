"""Deliveries: a petition handed over to its recipients, and what they answer.

A *pack* (*dossier de remise*) is made for it: the text, the number and how it was counted, the list
as promised. A *delivery* (*remise*) is a dated public line with a sealed *proof*; the first one ends
signing and starts the clock of erasure. A *recipient link* is sent by the operator to an official
address, never by the author: whoever holds it acknowledges, and answers.
"""
