"""What the journal calls each act, each thing acted on and each reason, for people."""

from collections.abc import Mapping

from app.moderation.models import DecisionKind, Target

TARGETS = {
    "account": "compte",
    "case": "dossier",
    "charter": "charte, version",
    "comment": "commentaire",
    "consent_text": "texte de consentement",
    "data_request": "demande",
    "decision": "décision",
    "hint": "indice",
    "letter": "lettre",
    "order": "injonction",
    "person": "personne",
    "petition": "pétition",
    "reply": "droit de réponse",
    "signature": "signature",
    "theme": "thème",
}
DECIDED = {
    "publish": "Publication décidée",
    "refuse": "Refus décidé",
    "remove": "Retrait décidé",
    "restore": "Remise en ligne décidée",
    "keep": "Maintien décidé",
    "correct": "Corrections demandées",
}
ACTS = {
    "account.created": "Compte créé",
    "account.disabled": "Compte désactivé",
    "account.enabled": "Compte réactivé",
    "account.ended": "Compte supprimé",
    "account.link_sent": "Lien de connexion envoyé",
    "account.locked": "Essais manqués de partout : seuls un lien ou un navigateur connu ouvrent ce compte",
    "account.origin_closed": "Essais manqués : leur origine attend un quart d’heure",
    "account.other_sessions_closed": "Toutes ses autres sessions fermées par la personne",
    "account.password_changed": "Mot de passe changé",
    "account.proof_failed": "Preuve demandée, manquée",
    "account.proved": "Preuve donnée avant un acte important",
    "account.session_closed": "Une de ses sessions fermée par la personne",
    "account.sessions_closed": "Sessions fermées",
    "account.sign_in_failed": "Connexion refusée",
    "account.signed_in": "Connexion",
    "account.signed_out": "Déconnexion",
    "appeal.received": "Recours reçu",
    "appeal.reversed": "Recours jugé : décision annulée",
    "appeal.upheld": "Recours jugé : décision confirmée",
    "appeal.withdrawn": "Recours devenu sans objet : texte repris par son auteur",
    "case.authority_told": "Autorités prévenues",
    "case.maintained": "Signalement : décision maintenue",
    "charter.published": "Charte publiée",
    "comment.escalated": "Commentaire confié à une autre personne",
    "comment.not_received": "Commentaire non reçu : son auteur est limité",
    "consent.text_replaced": "Texte de consentement remplacé",
    "data_request.answered": "Demande satisfaite",
    "data_request.noted": "Demande notée",
    "data_request.refused": "Demande refusée",
    "decision.second_look": "Seconde lecture",
    "decision.undone": "Décision annulée dans la minute",
    "export.asked": "Export demandé à une autre personne",
    "export.begun": "Export commencé",
    "export.denied": "Export refusé à une autre personne",
    "export.finished": "Export terminé",
    "export.granted": "Export accordé à une autre personne",
    "hint.switched_off": "Indice automatique coupé",
    "letter.written": "Lettre de la plateforme envoyée",
    "notice.received": "Signalement reçu",
    "order.executed": "Injonction exécutée",
    "person.erased": "Personne effacée",
    "petition.closed": "Pétition close",
    "petition.comments_closed": "Commentaires fermés",
    "petition.comments_opened": "Commentaires ouverts",
    "petition.created": "Pétition créée",
    "petition.delivered": "Pétition remise",
    "petition.delivery_mode": "Forme de la remise choisie",
    "petition.held": "Effacement suspendu (gel légal)",
    "petition.owner_added": "Responsable ajouté",
    "petition.published": "Pétition publiée",
    "petition.purged": "Signatures effacées à l’échéance",
    "petition.rewritten": "Texte corrigé",
    "petition.submitted": "Pétition proposée à la relecture",
    "reply.published": "Droit de réponse publié",
    "reply.refused": "Droit de réponse refusé",
    "signature.invalidated": "Signature écartée",
    "signature.quarantined": "Signature mise de côté",
    "signature.released": "Signature remise dans le compte",
    "signature.withdrawn": "Signature retirée",
    "theme.added": "Thème ajouté",
    "theme.merged": "Thème réuni à un autre",
    "theme.moved": "Thème déplacé dans la liste",
    "theme.renamed": "Thème renommé",
    "theme.restored": "Thème proposé de nouveau",
    "theme.retired": "Thème retiré de la liste",
    "update.written": "Nouvelle écrite",
} | {f"{target}.{kind}": f"{DECIDED[kind]} : {TARGETS[target]}" for target in Target for kind in DecisionKind}
# Why a signature was set aside or put back.
REASONS = {
    "burst": "Rafale",
    "domain": "Même domaine peu courant",
    "name": "Même nom répété",
    "reported": "Signalée par quelqu’un",
    "robot": "Saisie qui semble automatique",
    "other": "Autre raison",
    "comment": "Décision sur son commentaire",
    "checked": "Vérifiée",
}
# Those that a person chooses from at the fraud desk.
CHOICES = ("burst", "domain", "name", "reported", "robot", "other")


def act(code: str) -> str:
    return ACTS.get(code, code)


def target(kind: str, number: str, names: Mapping[tuple[str, str], str]) -> str:
    """The thing by its name where it has one, else by its number."""
    named = names.get((kind, number))
    return f"{TARGETS.get(kind, kind)} {f'« {named} »' if named else number}".removesuffix(" -")
