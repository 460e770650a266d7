"""The sheet "À propos" of a workbook: what the file is, and what may be done with it, wherever it goes."""

from datetime import datetime

from app.exports.models import ExportRecord
from app.petitions.models import Petition
from app.zone import ZONE

OPERATOR = "l’opérateur de la plateforme, en ligne de commande"
PURPOSES = {"delivery": "Remise au destinataire", "contact": "Contact", "audit": "Contrôle"}
MAY = {
    "identities": "Remettre ces noms aux destinataires de la pétition, et à personne d’autre : c’est ce que les"
    " signataires ont accepté. Ni publication, ni fichier de contacts, ni rapprochement avec un autre fichier.",
    "count": "Dire aux destinataires combien de personnes ont signé, par département. Les groupes de moins de onze sont"
    " réunis sous « Autres », avec les signatures les plus récentes, pour que personne ne s’y reconnaisse.",
    "contact": "Écrire à ces personnes au sujet de cette pétition : elles l’ont accepté, et peuvent l’arrêter à tout"
    " moment. Ne transmettez leurs adresses à personne.",
    "audit": "Vérifier le compte. Aucune identité n’est ici, et chercher à en retrouver une est interdit.",
}
DROP = (
    "Une personne qui retire sa signature ou son accord après cet export est à retirer de ce fichier : la page"
    " « Exports » de la pétition donne, sous « À répercuter », les références des lignes à supprimer."
)
HOW_LONG = "Supprimez ce fichier dès qu’il a servi, et au plus tard quand la page annonce l’effacement des données."


def rows(petition: Petition, record: ExportRecord, who: str, n: int) -> list[tuple[str, object]]:
    """Label and value, a line each; dates are those of the wall."""
    mode = petition.delivery_mode if record.purpose == "delivery" else record.purpose
    lines: list[tuple[str, object]] = [
        ("Pétition", petition.title),
        ("Version du texte", petition.version),
        ("Finalité", PURPOSES[record.purpose]),
        ("Exporté le", wall(record.started_at)),
        ("Étendue", extent(record)),
        ("Nombre de lignes", n),
        ("Exporté par", who or OPERATOR),
        ("Numéro au journal des exports", record.id),
        ("Ce qui peut en être fait", MAY[mode]),
    ]
    if mode in {"identities", "contact"}:
        lines += [("À répercuter", DROP), ("Durée", HOW_LONG)]
    return [*lines, ("Dates et heures", "Celles de Paris.")]


def extent(record: ExportRecord) -> str:
    if record.since is None:
        return "En entier"
    return f"Seulement ce qui est nouveau depuis l’export du {record.since.astimezone(ZONE):%d/%m/%Y à %H:%M}"


def wall(at: datetime) -> datetime:
    return at.astimezone(ZONE).replace(microsecond=0, tzinfo=None)
