"""What a sheet is made of, and why one may leave the count."""

from enum import StrEnum

# Of a sheet; of a petition; numbered at once.
LINES = 12
MOST_SHEETS = 5000
AT_ONCE = 200


class SheetReason(StrEnum):
    """Why a sheet counts no more: a word, because everybody may read it and what is typed names people."""

    TYPED = "typed"
    COPIED = "copied"
    UNREADABLE = "unreadable"
    WITHDRAWN = "withdrawn"
    DOUBTFUL = "doubtful"


# In the words of the public page.
WHY = {
    SheetReason.TYPED: "erreur de saisie",
    SheetReason.COPIED: "feuille en double",
    SheetReason.UNREADABLE: "lignes illisibles ou incomplètes",
    SheetReason.WITHDRAWN: "signature retirée par son auteur",
    SheetReason.DOUBTFUL: "signatures douteuses",
}
