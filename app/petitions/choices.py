"""What an author chooses from, beside words."""

# What a signer may show of themselves, from nothing to everything.
DISPLAYS = ("hidden", "initial", "full")
# What the recipient gets: who signed, or how many.
DELIVERIES = ("identities", "count")
# What a source is, in the words of its page.
SOURCE_KINDS = {
    "article": "Article",
    "investigation": "Enquête",
    "study": "Étude",
    "video": "Vidéo",
    "official": "Texte officiel",
}
