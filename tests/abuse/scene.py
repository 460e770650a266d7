"""A site where something stands behind every form; for each POST route who posts it, where, and what is plausible."""

from dataclasses import dataclass, field
from pathlib import Path

from fastapi.routing import APIRoute
from sqlalchemy import select
from starlette.testclient import TestClient

from app import clock
from app.accounts import links as account_links
from app.accounts.models import Account
from app.db import vault_of
from app.drafting import actions as drafting
from app.drafting import links as draft_links
from app.moderation import actions as moderation
from app.moderation import links
from app.moderation.actions import Judgment, team
from app.moderation.models import Decision
from app.moderation.queries import workbench
from app.petitions import actions as petition_actions
from app.petitions import importing, versions
from app.petitions import queries as petition_queries
from app.petitions.models import Petition
from app.redress import actions as redress
from app.signatures import links as signature_links
from app.subscriptions import actions as subscriptions
from app.subscriptions.models import Subscription
from app.updates import actions as updates
from app.web.crowd import Door
from tests.deliveries import handing as deliveries
from tests.moderation.desk import OTHER, PASSAGE, PUBLISH, REFUSE, TEXT, decide
from tests.organisations import desk as organisations
from tests.privacy.test_self_service import line, opened
from tests.site import FORM, PETITION, Site
from tests.test_architecture import address

MINE, JUDGE = "mienne@exemple.test", "troisieme@exemple.test"
NOTICE = {"reasons": "C’est une insulte.", "name": "Paul", "email": "paul@exemple.test", "good_faith": "on"}
# For each field something of its kind, whatever the form: what stands behind it is reached too.
PLAUSIBLE = {
    **FORM,
    "alt": "Des vélos sous la pluie", "caption": "", "credit": "Paul", "focus_x": "20", "focus_y": "80",
    "picture": "0123 9 9", "rights": "on",
    "act": "send", "adresse": "paul@exemple.test", "altcha": "eyJzaWduYXR1cmUiOiIifQ==", "answer": "no",
    "abroad": "1", "code-1": "35000", "how_many": "3", "n-1": "2", "return_to": "Mairie", "sheet": "5", "total": "4",
    "again": "une autre phrase de passe", "applies-1": "À tous.",
    "article": "1", "articles": "2,3", "asked": "delivery", "author": "Collectif des pédales",
    "authority": "Parquet de Rennes", "blur": "on", "body-1": "On ne s’en prend pas aux personnes.", "breaks-1": "Toi.",
    "capacity": "maire", "capitals": "founded", "category": "insult", "channel": "letter", "closes_on": "",
    "choix": "1", "cle": "{}", "code": "12345678", "comment": "", "comments": "2", "compte": "mienne@exemple.test",
    "confirm": "on", "consent_newsletter": "on",
    "consent_organiser": "on",
    "consent_texts": "", "consent_updates": "on", "country": "FR", "decision": "refuse",
    "avant": "updates", "description": "Nous veillons sur les vélos.",
    "delivery_mode": "count", "devenir": "keep", "digest": "daily", "donnees": "p",
    "effective_from": "2027-06-01", "effects": "mask",
    "email": "paul@exemple.test", "english": "Sea", "explanation": "Critiquez ce qu’il fait.",
    "format": "csv",
    "go": "suite", "goal": "2 000", "graine": "",
    "good_faith": "on", "ground": "charter", "groupe": "aside", "image_alt": "Une porte fermée",
    "image_caption": "", "image_credit": "Paul", "into": "2",
    "invitation": "paul@exemple.test", "item-1": "0",
    "keys": "on", "lien": "",
    "ligne-0123456789abcdef0123456789abcdef": "on", "lignes": "0123456789abcdef0123456789abcdef",
    "mask": "", "members": "on", "name": "Paul Roux",
    "name-1": "Claire Vasseur", "role-1": "Maire", "seen": "0",
    "new": "une autre phrase de passe", "nom": "téléphone", "note": "À relire.",
    "nouvelle_cle": "{}", "ok-1": "Ce projet…",
    "diagnostic": "", "envelope": "", "extent": "", "message": "", "recipient": "ada@exemple.test", "status": "5.1.1",
    "type": "bounce",
    "objet": "", "open": "on", "origin": "https://www.exemple.fr", "organisation": "les-amis-de-la-lanterne",
    "outcome": "upheld", "passage": PASSAGE, "passage-1": PASSAGE,
    "password": "une phrase de passe",
    "petitions": "", "prepare": "",
    "present": "une phrase de passe", "preuve": "une phrase de passe", "provision": "article 24",
    "purpose": "audit", "quiet_from": "20", "quiet_to": "8", "reason": "other", "reasons": "Ce texte me vise, à tort.",
    "received_at": "2026-11-20T10:30", "received_on": "2026-11-20",
    "recipients": "Claire Vasseur, Maire de Montfleur", "reference": "RG 26/00012", "remark-1": "Ajoutez la source.",
    "request": "Une personne demande la copie de ses données.", "retired-1": "", "role": "moderator",
    "s": "affiche", "secondes": "12", "secours": "abcd-efgh-jkmn-pqrs", "seul": "on",
    "shown": "", "signatures": "on", "since": "", "site": "www.lanterne.test", "single_name": "",
    "sources": "Les vélos trempés | La Gazette | 2026-02-03", "state": "answered",
    "steps": "-1", "suite": "/organisation", "text_version": "", "summary": "L’article 1 est plus clair.",
    "text": "Chaque matin, cent vélos dorment sous la pluie devant la gare, faute d’abri.", "theme": "Transports",
    "title": "Un abri pour les vélos de la gare", "title-1": "Les personnes", "toutes": "on", "updates": "on",
    "urgent": "on",
    "address": "cabinet@montfleur.example", "checked": "on", "delivery": "2", "mail": "on", "on": "2026-11-20",
    "place": "0", "source": "https://www.montfleur.example/le-cabinet", "source_title": "Courrier du 3 mars",
    "source_url": "", "to-0": "on", "url": "https://www.montfleur.example/reponse", "way": "hand",
    "who": "Claire Vasseur, maire",
    "vers": "/organisation", "version": "0", "view": "publish", "view_reasons": "Le premier avis tient.", "website": "",
}  # fmt: skip


@dataclass
class Scene:
    site: Site
    slug: str
    # Place → a browser of somebody who works there.
    people: dict[str, TestClient]
    # Path of a route → its address here.
    addresses: dict[str, str] = field(default_factory=dict)

    def cookie(self, route: APIRoute | Door) -> str:
        """Of whoever posts to this route."""
        browser = next((who for place, who in self.people.items() if route.path.startswith(place)), None)
        return "; ".join(f"{name}={value}" for name, value in browser.cookies.items()) if browser else ""

    def where(self, route: APIRoute | Door) -> str:
        return self.addresses.get(route.path) or address(route, self.slug)


def set_up(site: Site) -> Scene:
    slug = site.publish()
    for email in ("moderator@exemple.test", OTHER):
        site.account("moderator", email=email)
    waiting, published, reported, appealed, refused, judged, mine = (
        site.comment(slug, f"{TEXT} BRAVO À TOUS QUAND MÊME !", email=f"auteur{n}@exemple.test", consent_updates="on")
        for n in range(7)
    )
    people = {
        "/organisation": site.staff("organiser", slug, email=MINE),
        "/compte": site.staff("organiser", email="compte@exemple.test"),
        "/moderation": site.staff("moderator", email=JUDGE),
        "/administration": site.staff("admin"),
        "/mes-signatures": opened(site, "auteur0@exemple.test"),
    }
    for comment_id in (published, reported):
        decide(site, comment_id, PUBLISH)
    against, open_to_appeal, viewed = (decide(site, comment_id, REFUSE) for comment_id in (appealed, refused, judged))
    own = decide(site, mine, REFUSE, by=JUDGE)
    scene = Scene(site, slug, people)
    scene.addresses |= {
        **_petitions(scene),
        **_tokens(scene, open_to_appeal),
        **_organisation(scene),
        **_sheets(scene),
        **_news(scene),
        **_delivery(scene),
        "/organisation/petitions/{slug}/exports/{export_id}/fichier": _export(scene),
        "/commentaires/{comment_id}/signaler": f"/commentaires/{published}/signaler",
        "/moderation/decisions/{decision_id}/annulation": f"/moderation/decisions/{own.id}/annulation",
        "/moderation/recours/{appeal_id}/jugement": "/moderation/recours/2/jugement",
        "/moderation/relectures/{decision_id}": f"/moderation/relectures/{against.id}",
        "/moderation/prises/{key}": f"/moderation/prises/comment-{waiting}",
        "/compte/sessions/{session_id}/fin": "/compte/sessions/0123456789abcdef/fin",
    }
    _pile_up(scene, against, viewed, reported)
    return scene


def _pile_up(scene: Scene, against: Decision, viewed: Decision, reported: int) -> None:
    """A case, an urgent one, an appeal, a reply, a second look, a person's request, an export asked for."""
    site, slug = scene.site, scene.slug
    for path, category in ((f"/commentaires/{reported}/signaler", "insult"), (f"/petitions/{slug}/signaler", "threat")):
        assert site.client.post(path, data={**NOTICE, "category": category}).status_code == 200
    assert site.client.post(f"/petitions/{slug}/droit-de-reponse", data=PLAUSIBLE).status_code == 200
    with site.database.write() as session:
        for decision in (against, viewed):
            redress.appeal(session, decision.id, "author", "Ce n’était pas une attaque.")
        judge = session.get_one(Account, site.account_id(JUDGE))
        redress.form_view(session, 2, judge, "publish", "Le mot est vif, rien de plus.")
        if workbench.lock_second_look(session, against.id) is None:  # drawn by lot already
            team.draw(session, against, required=True)
    admin, second = scene.people["/administration"], site.staff("admin", email="seconde@exemple.test")
    assert admin.post("/administration/demandes", data=PLAUSIBLE).status_code == 303
    asked = {"asked": "delivery", "reason": "Le destinataire les demande."}
    assert second.post(f"/organisation/petitions/{slug}/exports/demandes", data=asked).status_code == 303


def _news(scene: Scene) -> dict[str, str]:
    """A draft, one that waits for a moderator, one that is on the page."""
    with scene.site.database.write() as session:
        owner = session.scalars(select(Account).where(Account.email == MINE)).one()
        petition = session.scalars(select(Petition).where(Petition.slug == scene.slug)).one()
        past = clock.now() - updates.CALL_BACK
        told = {"title": "Une date", "text": "Le conseil municipal en parle mardi soir."}
        shown = updates.post(
            session, petition, kind="answer", **told, by=owner.id, mail=False, facts=None, review=False, now=past
        )
        updates.publish_due(session, clock.now())
        waiting = updates.post(
            session, petition, kind="news", **told, by=owner.id, mail=True, facts=None, review=True, now=None
        )
        draft = updates.begin(session, petition.id, told["title"], told["text"], owner.id)
        base = f"/organisation/petitions/{scene.slug}/nouvelles"
        return {
            f"{NEWS}/{{update_id}}": f"{base}/{draft.id}",
            **{f"{NEWS}/{{update_id}}/{act}": f"{base}/{draft.id}/{act}" for act in ("essai", "envoi", "suppression")},
            f"{NEWS}/{{update_id}}/rappel": f"{base}/{waiting.id}/rappel",
            "/moderation/nouvelles/{update_id}/decision": f"/moderation/nouvelles/{waiting.id}/decision",
            "/moderation/nouvelles/{update_id}/retrait": f"/moderation/nouvelles/{shown.id}/retrait",
        }


NEWS = "/organisation/petitions/{slug}/nouvelles"


def _export(scene: Scene) -> str:
    """Where a file waits to be fetched."""
    form = {"purpose": "audit", "prepare": "on", "reason": "Le compte est contesté."}
    answer = scene.people["/organisation"].post(f"/organisation/petitions/{scene.slug}/exports", data=form)
    assert answer.status_code == 303
    return f"{answer.headers['location']}/fichier"


DRAFT_ACTS = ("apercu", "adresse", "garder", "proposer")


def _petitions(scene: Scene) -> dict[str, str]:
    """One that is being written, one that waits for its review."""
    with scene.site.database.write() as session:
        owner = session.scalars(select(Account).where(Account.email == MINE)).one()
        made = []
        for town in ("Valfleur", "Clairfleur", "Rudefleur"):
            file = importing.parse(PETITION.replace("Montfleur", town), "essai.md")
            made.append(petition_actions.create(session, file, folder=None, image_store=Path("unused")))
            petition_actions.add_owner(session, made[-1], owner.id)
        draft, sent, refused = made
        moderation.submit(session, sent, owner.id)
        vault = vault_of(session)
        kept, abandoned = (
            draft_links.address_of(vault, drafting.begin(session, scene.site.settings, None, {}).id) for _ in range(2)
        )
        moderation.submit(session, refused, owner.id)
        judge = session.scalars(select(Account).where(Account.email == OTHER)).one()
        refusal = Judgment("refuse", [10], "la bibliothèque de Rudefleur", "Trop vague.")
        moderation.review(session, refused.id, 1, judge, refusal)
        file = importing.parse(PETITION.replace("Montfleur", "Belfleur"), "essai.md")
        amended = petition_actions.create(session, file, folder=None, image_store=Path("unused"))
        petition_actions.publish(session, amended)
        text = f"{file.text} Et le dimanche aussi."
        waiting = versions.propose(session, amended.id, file.title, text, "Nous précisons le jour.", owner.id)
        return {
            "/lancer/{address}/{name}": f"/lancer/{kept}/destinataires",
            **{f"/lancer/{{address}}/{act}": f"/lancer/{kept}/{act}" for act in DRAFT_ACTS},
            "/lancer/{address}/supprimer": f"/lancer/{abandoned}/supprimer",
            "/moderation/amendements/{amendment_id}/decision": f"/moderation/amendements/{waiting.id}/decision",
            "/moderation/petitions/{petition_id}/decision": f"/moderation/petitions/{sent.id}/decision",
            "/organisation/petitions/{slug}/texte": f"/organisation/petitions/{draft.slug}/texte",
            "/organisation/petitions/{slug}/proposer": f"/organisation/petitions/{draft.slug}/proposer",
            "/organisation/petitions/{slug}/recours": f"/organisation/petitions/{refused.slug}/recours",
        }


def _sheets(scene: Scene) -> dict[str, str]:
    """One to check with its copy, one that counts, one that may be begun anew."""
    mine, second = scene.people["/organisation"], scene.site.staff("organiser", scene.slug, email="papier@exemple.test")
    desk = f"/organisation/petitions/{scene.slug}/papier"
    assert mine.post(desk, data={"how_many": "9", "return_to": "Mairie"}).status_code == 303
    sent = {"scan": ("f.png", b"\x89PNG\r\n\x1a\n", "image/png")}
    for number, browser in ((1, second), (2, second), (3, mine)):
        typed = {"sheet": str(number), "code-1": "35000", "n-1": "4"}
        assert browser.post(f"{desk}/saisir", data=typed, files=sent).status_code == 303
    assert mine.post(f"{desk}/feuilles/2/verification", data={"total": "4"}).status_code == 303
    acts = {"verification": 1, "copie": 1, "retrait": 2, "reprise": 3}
    path = "/organisation/petitions/{slug}/papier/feuilles/{number}"
    return {f"{path}/{act}": f"{desk}/feuilles/{number}/{act}" for act, number in acts.items()}


def _organisation(scene: Scene) -> dict[str, str]:
    """One with a member and somebody who is awaited; and the invitation to another."""
    site, mine = scene.site, scene.people["/organisation"]
    assert mine.post(f"{organisations.DESK}/nouvelle", data={"name": organisations.NAME}).status_code == 303
    organisations.join(site, mine, organisations.SECOND, "updates")
    organisations.invite(site, mine, "attendue@exemple.test")
    other = organisations.found(site, "Les Amis du Phare", "phare@exemple.test")
    link = organisations.invite(site, other, MINE, home=f"{organisations.DESK}/les-amis-du-phare")
    member, home = site.account_id(organisations.SECOND), organisations.HOME
    paths = {
        "presentation": "presentation",
        "invitations": "invitations",
        "invitations/{invitation_id}/annulation": "invitations/2/annulation",
        "membres/{account_id}/droits": f"membres/{member}/droits",
        "membres/{account_id}/retrait": f"membres/{member}/retrait",
        "depart": "depart",
        "suppression": "suppression",
    }
    return {
        "/organisation/invitations/{token}": f"/organisation{link.replace('/invitation/', '/invitations/')}",
        **{f"{organisations.DESK}/{{organisation}}/{route}": f"{home}/{path}" for route, path in paths.items()},
    }


def _delivery(scene: Scene) -> dict[str, str]:
    """Another petition that was handed over, with a link to its recipient; and a third that is to be."""
    site, mine = scene.site, scene.people["/organisation"]
    handed, waiting = (site.publish(PETITION.replace("Montfleur", town)) for town in ("Hautfleur", "Basfleur"))
    with site.database.write() as session:
        owner = session.scalars(select(Account).where(Account.email == MINE)).one()
        for slug in (handed, waiting):
            petition = petition_queries.by_slug(session, slug)
            assert petition is not None
            petition_actions.add_owner(session, petition, owner.id)
    assert deliveries.hand_over(mine, handed, deliveries.PDF).status_code == 303
    assert deliveries.hand_over(mine, handed, seen="1").status_code == 303
    admin = scene.people["/administration"]
    assert admin.post("/administration/remises/1/0/lien", data=PLAUSIBLE).status_code == 303
    path = site.mails()[-1].link("/destinataire/")
    at, desk = "/organisation/petitions/{slug}", f"/organisation/petitions/{handed}"
    return {
        f"{at}/remise": f"/organisation/petitions/{waiting}/remise",
        f"{at}/remise/dossier": f"{desk}/remise/dossier",
        f"{at}/remise/lien": f"{desk}/remise/lien",
        f"{at}/remise/{{number}}/preuve": f"{desk}/remise/2/preuve",
        f"{at}/remise/{{number}}/preuve/copie": f"{desk}/remise/1/preuve/copie",
        f"{at}/reponse": f"{desk}/reponse",
        "/administration/remises/{delivery_id}/{place}/lien": "/administration/remises/2/0/lien",
        "/administration/remises/{delivery_id}/{place}/annulation": "/administration/remises/1/0/annulation",
        **{f"/destinataire/{{token}}/{act}": f"{path}/{act}" for act in ("reception", "reponse")},
    }


def _tokens(scene: Scene, refused: Decision) -> dict[str, str]:
    """Links as mails carry them."""
    site, slug = scene.site, scene.slug
    own = line(scene.people["/mes-signatures"])
    confirmed = site.confirmed(slug, email="choisit@exemple.test", given_name="Fanny")
    site.sign(slug, email="attend@exemple.test", given_name="Fanny")
    pending = site.mails()[-1].link("/confirmer/").rpartition("/")[2]
    site.sign(slug, email="auteur2@exemple.test", given_name="Marie")
    withdraw = site.mails()[-1].link("/mes-signatures/retirer/")
    site.client.post("/mes-signatures", data={"email": "auteur1@exemple.test"})
    manage = site.mails()[-1].link("/mes-signatures/")
    with site.database.read() as session:
        vault = vault_of(session)
        subscription = session.scalars(select(Subscription).limit(1)).one()
        join = account_links.welcome(vault, "nouvelle@exemple.test", "/lancer", clock.now())
        organiser, now = session.scalars(select(Account).where(Account.email == MINE)).one(), clock.now()
        moved = account_links.confirming(vault, organiser, "ailleurs@exemple.test", now)
        kept = account_links.vetoing(vault, organiser.id, organiser.email, "ailleurs@exemple.test", now)
        password, factor = (account_links.mending(vault, kind, organiser, now) for kind in ("password", "factor"))
        stop = subscriptions.unsubscribe_token(session, subscription)
        back = signature_links.make_undo(vault, bytes(32), now + signature_links.UNDO_FOR)
    return {
        **{f"/mes-signatures/ligne/{{line_id}}/{act}": f"{own}/{act}" for act in ("corriger", "arreter", "retirer")},
        "/confirmer/{token}": f"/confirmer/{pending}",
        "/confirmer/{token}/choix": f"{confirmed}/choix",
        "/connexion/adresse/{token}": f"/connexion/adresse/{moved}",
        "/connexion/adresse-refusee/{token}": f"/connexion/adresse-refusee/{kept}",
        "/connexion/mot-de-passe/{token}": f"/connexion/mot-de-passe/{password}",
        "/connexion/second-facteur/{token}": f"/connexion/second-facteur/{factor}",
        "/compte/creer/{token}": f"/compte/creer/{join}",
        "/pas-moi/{token}": f"/pas-moi/{pending}",
        "/mes-signatures/{token}": manage,
        "/mes-signatures/effacer/{token}": manage.replace("/mes-signatures/", "/mes-signatures/effacer/"),
        "/mes-signatures/annuler/{token}": f"/mes-signatures/annuler/{back}",
        "/mes-signatures/retirer/{token}": withdraw,
        "/desabonnement/{token}": f"/desabonnement/{stop}",
        "/rester/{token}": f"/rester/{stop}",
        "/recours/{token}": f"/recours/{links.appeal(vault, refused, 'author')}",
        "/reecrire/{token}": f"/reecrire/{links.rewrite(vault, refused)}",
    }
