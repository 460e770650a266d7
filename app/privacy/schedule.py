"""The retention schedule: data in one place, printed by the pages and applied by the daily job.

Durations are maxima: they may be shortened, not lengthened. One that a domain below applies by itself stands
there and is named here. A test reads the figures that the sentences print and compares them with ``figures``.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from app.accounts.actions.signing_in import SESSION as STAFF_SESSION
from app.accounts.actions.throttling import FORGOTTEN_AFTER
from app.accounts.origins import BROWSER_FOR
from app.deliveries.links import OPENS_FOR as RECIPIENT_LINK
from app.drafting.actions import ACCOUNTS_FOR, STRANGERS_FOR
from app.mail import bounced, budget
from app.moderation.queries.waiting import TARGETS
from app.moderation.statements import APPEAL_FOR
from app.organisations.links import INVITED_FOR
from app.petitions.cells import SMALLEST
from app.petitions.end_of_life import AFTER_CLOSING, AFTER_DELIVERY, AFTER_OPENING
from app.petitions.typed import LONGEST
from app.signatures.links import CONFIRM_FOR, REMIND_AFTER, UNDO_FOR
from app.signatures.proof import LASTS as PROOF
from app.subscriptions.actions import ANSWER_WITHIN, RENEW_AFTER

YEAR = timedelta(days=365)
PENDING = CONFIRM_FOR
UPDATES_AFTER_END = YEAR
SUPPRESSION = 3 * YEAR
# The longest window of the limiter's rates (settings.py).
SIGNER_ADDRESS = timedelta(hours=1)
POSTING = YEAR
COMMENT_AFTER_CLOSING = YEAR
COMMENT_WAITING = timedelta(days=30)
COMMENT_REFUSED = YEAR
NOTICE = YEAR
NOTICE_IDENTITY = timedelta(days=183)
EVIDENCE_AFTER_PURGE = YEAR
ACCOUNT_IDLE = 2 * YEAR
ACCOUNT_WARNING = timedelta(days=30)
AUDIT = YEAR
EXPORTS_AFTER_PURGE = YEAR
PROOF_AFTER_PURGE = YEAR
# Kept by whoever runs the instance: what the technical logs and the backups of its host are set to.
LOGS = (timedelta(days=183), YEAR)
BACKUPS = timedelta(days=30)
UNSENT_MAIL = timedelta(days=7)
SENT_MAIL = timedelta(days=30)
RECIPIENT = budget.DAY
BOUNCED, BOUNCED_SOFTLY, BOUNCE_SEEN = bounced.KEPT, bounced.SOFT_KEPT, bounced.SEEN_KEPT
SIGN_IN_FAILURE = FORGOTTEN_AFTER
SELF_SERVICE = timedelta(minutes=30)
# As long as a backup may come back, with a margin.
ERASURE_JOURNAL = BACKUPS + timedelta(days=15)
REQUEST = YEAR
NEWS_DRAFT = YEAR
# A request is answered within a month (GDPR, art. 12.3), whoever answers being reminded before.
REQUEST_ANSWERED = timedelta(days=30)
REQUEST_ALERT = timedelta(days=20)


def shortened(data: str) -> str:
    """What a line is about, in a few words, in French or in English."""
    return re.split(r" ?: |, (?:avec|pour|with|to) ", data)[0]


@dataclass(frozen=True)
class Line:
    """One kind of data: until when it is kept, what happens then, and on what ground."""

    name: str
    data: str
    until: str
    then: str
    basis: str
    # What ``data``, ``until`` and ``then`` print, in this order.
    figures: tuple[timedelta | int, ...] = ()


# The day called D, after which a petition's signers are forgotten.
DAY_D = (
    "La date D est la plus proche de ces trois dates : un mois après la remise de la pétition, six mois après sa"
    " clôture, vingt et un mois après son ouverture. Une pétition se clôt d’elle-même douze mois au plus après son"
    " ouverture."
)
DAY_D_FIGURES = (AFTER_DELIVERY, AFTER_CLOSING, AFTER_OPENING, LONGEST)

# The privacy notice, newest first: what changed, and since when.
NOTICE_VERSIONS = ((1, date(2026, 11, 22), "Première version."),)

SCHEDULE = (
    Line(
        "pending_signature",
        "Signature en attente de confirmation, avec le brouillon de commentaire, les consentements qui "
        "l’accompagnent et, si le lien suivi vient de nous, son mot (« affiche », « courriel »…), oublié à la "
        "confirmation ; aussi celle d’une autre personne à la même adresse",
        "Sept jours après l’envoi du formulaire ; un seul rappel part au bout de 48 heures.",
        "Tout est supprimé ; il reste un nombre par jour, sans aucune donnée sur les personnes.",
        "Votre consentement explicite, demandé dans le formulaire (RGPD, art. 6.1.a et 9.2.a)",
        (PENDING, REMIND_AFTER),
    ),
    Line(
        "confirmed_signature",
        "Signature confirmée : prénom, nom, code postal, pays, adresse électronique et empreinte qui évite "
        "les doublons",
        "La date D, ou tout de suite si vous retirez votre signature ; vous avez une minute pour l’annuler.",
        "Les signatures sont comptées par pétition, département et semaine, les groupes de moins de onze "
        "personnes étant réunis ; puis les lignes sont supprimées et les clés de la pétition détruites.",
        "Votre consentement explicite (RGPD, art. 6.1.a et 9.2.a)",
        (UNDO_FOR, SMALLEST),
    ),
    Line(
        "public_register",
        "Registre public du compte d’une pétition : à chaque signature comptée, retirée ou écartée, l’heure et une "
        "empreinte que personne ne peut rattacher à une adresse sans le secret du reçu de cette signature",
        "La date D, pour la clé dont ces secrets sont tirés. La ligne reste publique, sans plus rien dire de personne, "
        "pour que le nombre puisse toujours être vérifié.",
        "La clé est détruite : personne ne peut plus refaire un secret, ni relier une ligne à quelqu’un.",
        "Votre consentement explicite, comme la signature (RGPD, art. 6.1.a et 9.2.a) ; après la date D, ce ne sont "
        "plus des données personnelles (considérant 26)",
    ),
    Line(
        "paper_sheet",
        "Feuille de signatures sur papier : codes postaux et nombres, sans aucun nom ; copie de la feuille, scellée, "
        "s’il y en a une ; qui l’a saisie et vérifiée",
        "La date D. La feuille elle-même est chez l’organisateur, qui la détruit à la même date.",
        "Les signatures sont comptées avec les autres par département et semaine, les groupes de moins de onze"
        " personnes étant réunis ; les lignes et la copie sont supprimées. Restent le numéro de la feuille et le nombre"
        " de ses signatures.",
        "Votre consentement explicite, donné sur la feuille (RGPD, art. 6.1.a et 9.2.a)",
        (SMALLEST,),
    ),
    Line(
        "updates_optin",
        "Abonnement aux nouvelles d’une pétition",
        "Votre désabonnement, ou douze mois après la remise de la pétition ou, sans remise, après sa clôture.",
        "L’abonnement et l’adresse sont supprimés ; une empreinte de l’adresse rejoint la liste d’opposition.",
        "Votre consentement explicite (RGPD, art. 6.1.a et 9.2.a)",
        (UPDATES_AFTER_END,),
    ),
    Line(
        "newsletter_optin",
        "Abonnement à la lettre d’information de la plateforme",
        "Votre désabonnement, ou trois ans après votre dernière action ; l’ouverture d’un message n’en est pas une.",
        "Nous vous demandons une fois si vous souhaitez rester ; sans réponse sous trente jours, l’abonnement"
        " est supprimé.",
        "Votre consentement explicite (RGPD, art. 6.1.a et 9.2.a)",
        (RENEW_AFTER, ANSWER_WITHIN),
    ),
    Line(
        "suppression_list",
        "Liste d’opposition : empreinte de l’adresse, faite avec une clé réservée à cette liste, pour ne plus"
        " vous écrire",
        "Trois ans après votre opposition ou votre désabonnement.",
        "L’empreinte est supprimée.",
        "Notre obligation de respecter le retrait et l’opposition (RGPD, art. 6.1.c, avec les art. 7.3 et 21)",
        (SUPPRESSION,),
    ),
    Line(
        "signer_address",
        "Adresse IP d’un signataire, pour limiter les envois répétés ; quand une preuve de calcul est demandée,"
        " empreinte à clé de l’adresse e-mail, pour que la preuve ne serve qu’à elle",
        "Une heure au plus, trente minutes pour l’empreinte, dans la mémoire du limiteur ; l’adresse IP n’est jamais"
        " écrite avec la signature.",
        "Elle expire d’elle-même.",
        "Notre intérêt légitime à protéger le service et l’exactitude du compte (RGPD, art. 6.1.f et 32)",
        (SIGNER_ADDRESS, PROOF),
    ),
    Line(
        "posting_address",
        "Adresse IP, port et heure du dépôt d’un commentaire",
        "Un an après le dépôt, scellée avec une clé à part ; aucune page ne la montre.",
        "La ligne est supprimée.",
        "L’obligation légale des hébergeurs (RGPD, art. 6.1.c ; loi n° 2004-575 du 21 juin 2004, art. 6 ; "
        "décret n° 2021-1362 du 20 octobre 2021)",
        (POSTING,),
    ),
    Line(
        "published_comment",
        "Commentaire publié",
        "Douze mois après la clôture de la pétition ; à la date D, son auteur devient « Anonyme ».",
        "Le commentaire est supprimé.",
        "Le service que vous demandez en le déposant, et sa publication par votre choix (RGPD, art. 6.1.b et 9.2.e)",
        (COMMENT_AFTER_CLOSING,),
    ),
    Line(
        "waiting_comment",
        "Commentaire en attente de décision",
        "La décision, que nous visons sous 72 heures ; au bout de trente jours sans décision, il est refusé "
        "pour le motif « non traité » et son auteur en est averti.",
        "Il suit la règle des commentaires publiés ou celle des commentaires refusés.",
        "Le service que vous demandez en le déposant en vue d’une publication (RGPD, art. 6.1.b et 9.2.e)",
        (TARGETS["comment"][0], COMMENT_WAITING),
    ),
    Line(
        "refused_comment",
        "Commentaire refusé ou retiré, avec la limite posée à son auteur s’il y en a une",
        "Douze mois après la décision ; vous avez six mois pour la contester.",
        "Le texte et la limite sont supprimés ; le code du motif et la date sont gardés.",
        "L’obligation de motiver la décision et de permettre un recours (RGPD, art. 6.1.c et 9.2.f ; "
        "règlement (UE) 2022/2065, art. 17)",
        (COMMENT_REFUSED, APPEAL_FOR),
    ),
    Line(
        "notice",
        "Signalement et exposé des motifs d’une décision",
        "Douze mois après la fin du dossier ; six mois pour l’adresse électronique de la personne qui a signalé.",
        "L’identité des personnes est supprimée ; les chiffres et les motifs, sans nom, sont gardés pour le "
        "rapport de transparence.",
        "Les obligations légales des hébergeurs (RGPD, art. 6.1.c ; règlement (UE) 2022/2065, art. 16 et 17)",
        (NOTICE, NOTICE_IDENTITY),
    ),
    Line(
        "consent_evidence",
        "Preuve des consentements donnés et retirés : finalité, version du texte, date, moyen, empreinte à clé du"
        " formulaire ; ni adresse IP ni navigateur",
        "Douze mois après la date D, sous une clé distincte ; pour la lettre d’information, douze mois après"
        " la fin de l’abonnement si elle vient plus tard.",
        "Les preuves sont supprimées et leur clé est détruite.",
        "Notre obligation de démontrer le consentement (RGPD, art. 6.1.c et 9.2.f, avec les art. 5.2 et 7.1)",
        (EVIDENCE_AFTER_PURGE, EVIDENCE_AFTER_PURGE),
    ),
    Line(
        "organiser_account",
        "Compte d’organisateur : adresse, langue, empreinte du mot de passe, secret scellé du second facteur,"
        " empreintes des codes de secours, partie publique et nom des clés d’accès",
        "Deux ans sans connexion, nous vous prévenons trente jours avant ; ou tout de suite si vous le fermez. Une"
        " adresse donnée sans que le compte soit créé n’est pas gardée.",
        "Le compte est supprimé ; il reste un numéro, auteur anonyme des actes passés.",
        "L’exécution du contrat qui lie l’organisateur à la plateforme (RGPD, art. 6.1.b)",
        (ACCOUNT_IDLE, ACCOUNT_WARNING),
    ),
    Line(
        "membership",
        "Membre d’une organisation : son compte, ses droits, depuis quand, par qui invité",
        "Son départ, ou la fin du compte. L’organisation reste aussi longtemps qu’elle a un membre ou une pétition.",
        "La ligne est supprimée.",
        "L’exécution du contrat qui lie l’organisateur à la plateforme (RGPD, art. 6.1.b)",
    ),
    Line(
        "invitation",
        "Invitation à rejoindre une organisation : adresse électronique, droits proposés",
        "Sept jours après l’invitation, acceptée ou non.",
        "La ligne est supprimée, et le lien n’ouvre plus rien.",
        "L’intérêt légitime des organisateurs à inviter qui travaille avec eux (RGPD, art. 6.1.f)",
        (INVITED_FOR,),
    ),
    Line(
        "audit_log",
        "Journal des actes du personnel et des organisateurs : des identifiants, jamais les données elles-mêmes",
        "Douze mois après l’acte.",
        "La ligne est supprimée.",
        "Notre intérêt légitime à contrôler les accès et à sécuriser les données (RGPD, art. 6.1.f et 32)",
        (AUDIT,),
    ),
    Line(
        "export_file",
        "Fichier d’export d’une pétition, et journal des exports, avec le motif de chacun",
        "Le fichier n’est jamais gardé : il est fait pendant le téléchargement. Douze mois après la date D "
        "pour le journal.",
        "La ligne du journal est supprimée.",
        "Votre consentement explicite pour les données transmises (RGPD, art. 6.1.a et 9.2.a) ; notre "
        "obligation de rendre compte pour le journal (art. 5.2 et 6.1.c)",
        (EXPORTS_AFTER_PURGE,),
    ),
    Line(
        "delivery_proof",
        "Preuve de la remise d’une pétition : le document que l’organisateur garde, et son nom de fichier",
        "Douze mois après la date D, scellée ; elle n’est jamais publique.",
        "Elle est supprimée, et la clé dont la sienne est tirée est détruite.",
        "L’intérêt légitime de l’organisateur à pouvoir prouver la remise (RGPD, art. 6.1.f)",
        (PROOF_AFTER_PURGE,),
    ),
    Line(
        "recipient_contact",
        "Adresse officielle où le lien pour accuser réception est envoyé, pour le destinataire d’une pétition",
        "La date D, scellée ; le lien lui-même vaut 60 jours.",
        "L’adresse est supprimée ; l’accusé de réception et la réponse, publics, restent.",
        "Notre intérêt légitime à savoir que la réponse vient du destinataire (RGPD, art. 6.1.f)",
        (RECIPIENT_LINK,),
    ),
    Line(
        "logs",
        "Journaux techniques, sans paramètre d’adresse, sans courriel et sans jeton",
        "Six mois au moins, douze mois au plus.",
        "Ils sont remplacés par rotation.",
        "Notre intérêt légitime à sécuriser et à dépanner le service (RGPD, art. 6.1.f et 32)",
        LOGS,
    ),
    Line(
        "backups",
        "Sauvegardes chiffrées",
        "Trente jours.",
        "Elles expirent ; la destruction des clés rend illisible ce que les plus anciennes contenaient, et "
        "toute restauration rejoue les effacements faits depuis.",
        "Notre intérêt légitime à pouvoir rétablir le service (RGPD, art. 6.1.f et 32.1.c)",
        (BACKUPS,),
    ),
    Line(
        "outbox",
        "Courriel en attente ou envoyé : adresse et texte, scellés ; empreinte à clé de l’adresse quand un formulaire"
        " l’a reprise pour une autre, pour que la limite de messages la compte",
        "L’envoi. Un courriel qui n’a pas pu partir est gardé sept jours.",
        "L’adresse et le texte sont effacés ; la ligne, sans eux, est supprimée au bout de trente jours.",
        "Base du traitement qui l’envoie",
        (UNSENT_MAIL, SENT_MAIL),
    ),
    Line(
        "mail_budget",
        "Empreinte à clé d’une adresse à qui nous avons écrit, avec l’heure de ces messages, pour que personne ne"
        " puisse lui en faire envoyer plus de six par heure et vingt par jour",
        "Vingt-quatre heures après le dernier message.",
        "L’empreinte est supprimée.",
        "Notre intérêt légitime, et le vôtre, à ce que ce service ne serve pas à remplir une boîte aux lettres"
        " (RGPD, art. 6.1.f et 32)",
        (budget.AN_HOUR, budget.A_DAY, RECIPIENT),
    ),
    Line(
        "bounced_address",
        "Empreinte à clé d’une adresse d’où nos courriels reviennent, ou qui s’en est plainte : rien de ce qui part à"
        " beaucoup de monde ne lui est plus écrit",
        "Douze mois après le dernier retour ; soixante jours quand la boîte était seulement pleine ou absente ; sept"
        " jours pour l’empreinte du message de retour, qui n’est pas gardé.",
        "L’empreinte est supprimée ; elle l’est tout de suite quand l’adresse confirme une signature.",
        "Notre obligation de respecter l’opposition, et notre intérêt légitime à ne pas écrire à des boîtes mortes"
        " (RGPD, art. 6.1.c et 6.1.f, avec l’art. 21)",
        (BOUNCED, BOUNCED_SOFTLY, BOUNCE_SEEN),
    ),
    Line(
        "staff_session",
        "Session d’une personne qui travaille sur la plateforme : navigateur et système en un mot chacun, empreinte à "
        "clé du réseau",
        "Dix heures au plus, ou la déconnexion ; le navigateur garde 180 jours de quoi être reconnu.",
        "La ligne est supprimée.",
        "Notre intérêt légitime à contrôler les accès (RGPD, art. 6.1.f et 32)",
        (STAFF_SESSION, BROWSER_FOR),
    ),
    Line(
        "sign_in_failure",
        "Essais de connexion manqués : empreinte à clé du réseau, jamais l’adresse IP",
        "Un jour.",
        "La ligne est supprimée.",
        "Notre intérêt légitime à protéger les comptes (RGPD, art. 6.1.f et 32)",
        (SIGN_IN_FAILURE,),
    ),
    Line(
        "organiser_contact",
        "Accord pour être contacté par l’organisateur",
        "Son retrait, ou la date D.",
        "L’accord est supprimé ; l’organisateur, responsable de la liste qu’il a reçue, est averti des retraits.",
        "Votre consentement explicite (RGPD, art. 6.1.a et 9.2.a)",
    ),
    Line(
        "self_service_session",
        "Accès à « Mes signatures »",
        "Trente minutes, ou la fermeture de la page.",
        "La ligne est supprimée ; l’adresse y était scellée avec un secret que nous n’avons pas.",
        "Notre obligation de vous donner accès à vos données (RGPD, art. 6.1.c et 15)",
        (SELF_SERVICE,),
    ),
    Line(
        "erasure_journal",
        "Journal des effacements : empreinte à clé de l’adresse, pour effacer de nouveau après une restauration",
        "Quarante-cinq jours, plus que la durée de vie des sauvegardes.",
        "L’empreinte est effacée ; la référence de la ligne à retirer des exports suit le journal des exports.",
        "Notre obligation d’effacer (RGPD, art. 6.1.c et 17)",
        (ERASURE_JOURNAL,),
    ),
    Line(
        "undo",
        "De quoi annuler un retrait ou un effacement que vous venez de demander : ce qui a été effacé, scellé avec un"
        " secret qui n’est que dans la page qui vous le dit ; nous ne pouvons pas l’ouvrir",
        "Une minute, ou votre annulation. L’effacement, lui, vaut tout de suite et partout, sans l’attendre.",
        "Ce qui était scellé est supprimé, et les citations de vos commentaires dans nos décisions avec lui.",
        "Votre droit de retirer votre accord et d’effacer sans vous tromper (RGPD, art. 6.1.c, avec les art. 7.3, 12.2"
        " et 17)",
        (UNDO_FOR,),
    ),
    Line(
        "data_request",
        "Demande d’exercice de droits reçue par un autre moyen",
        "Douze mois après la réponse.",
        "La ligne est supprimée.",
        "Notre obligation de répondre et d’en rendre compte (RGPD, art. 6.1.c et 12)",
        (REQUEST,),
    ),
    Line(
        "petition_draft",
        "Brouillon d’une pétition : tout ce qui y est tapé",
        "Trente jours sans y écrire ; douze mois pour qui a un compte. Tout de suite si on le supprime, ou quand la"
        " pétition est publiée.",
        "Le brouillon est supprimé.",
        "Les mesures que vous demandez avant de proposer un texte (RGPD, art. 6.1.b et 9.2.a)",
        (STRANGERS_FOR, ACCOUNTS_FOR),
    ),
    Line(
        "news_draft",
        "Nouvelle d’une pétition qui n’a jamais paru : brouillon, rappelée ou refusée",
        "Douze mois sans y écrire, ou tout de suite si son auteur la supprime.",
        "La nouvelle est supprimée.",
        "L’exécution du contrat qui lie l’organisateur à la plateforme (RGPD, art. 6.1.b)",
        (NEWS_DRAFT,),
    ),
    Line(
        "petition_text",
        "Texte d’une pétition, de ses versions et de ses nouvelles : auteur, destinataires, image",
        "Aussi longtemps que la pétition est publiée ou en préparation ; une demande fondée y met fin plus tôt.",
        "La page est retirée.",
        "Notre intérêt légitime et celui du public à garder la trace des pétitions (RGPD, art. 6.1.f et 9.2.e)",
    ),
)
