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
# Where a reader came from: ``?s=`` in the links that we make ourselves, and no other word is counted.
TAGS = {
    "lien": "Lien copié",
    "appareil": "Partage de l’appareil",
    "courriel": "E-mail",
    "whatsapp": "WhatsApp",
    "mastodon": "Mastodon",
    "affiche": "Affiche",
    "feuille": "Feuille de signatures",
    "nouvelle": "Courriel de nouvelles",
    "cadre": "Cadre sur un autre site",
    "flux": "Flux Atom",
}
