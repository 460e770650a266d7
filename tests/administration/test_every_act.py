"""Every act that the journal names is written by whoever does it, about what it is done to.

A table of scenes: what people do, through the site's own doors, and the lines that are left. Together they hold
every act of ``acts.ACTS``; an act that nothing writes, or a verb that forgets its line, fails here.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select
from starlette.testclient import TestClient

from app import clock
from app.accounts import actions
from app.accounts.models import Account
from app.administration.acts import ACTS
from app.audit import AuditLine
from app.cli import main
from app.consents.models import ConsentText
from app.drafting.models import Draft
from app.mail import bounced
from app.mail.models import Bounce
from app.moderation.models import HintVerdict, SecondLook
from app.organisations import actions as organisation_actions
from app.petitions import actions as petition_actions
from app.privacy import retention
from app.updates import actions as updates
from app.updates.models import Update
from app.web import ratelimit
from app.zone import day_of
from tests.accounts.authenticator import Authenticator
from tests.accounts.test_joining import NO_CODES, filled
from tests.accounts.test_passkeys import add, asked
from tests.conftest import SECRET
from tests.deliveries import handing
from tests.drafting.writing import begun, proposed, written
from tests.moderation.desk import confirm_notifier
from tests.organisations import desk as organisations
from tests.organising import telling
from tests.privacy.test_self_service import line, opened
from tests.signatures.crowd import crowd
from tests.site import PASSWORD, PETITION, Site

pytestmark = pytest.mark.databases("sqlite")

ADMIN, MOD, OTHER, ORG = "admin@exemple.test", "moderator@exemple.test", "autre@exemple.test", "organiser@exemple.test"
MACHINE = ""  # or the operator's command line, or somebody without an account
Line = tuple[str, str, str, str]
CARRIER = "les-amis-de-la-lanterne"
# What a scene calls things whose number is drawn.
Names = dict[str, str]

TEXT = "Je signe, et ce maire est un minable."
REFUSE = {"decision": "refuse", "article": "1", "passage": "minable", "explanation": "Visez l’acte."}
NOTICE = {
    "category": "insult", "reasons": "C’est une insulte.", "name": "Paul", "email": "paul@exemple.test",
    "good_faith": "on",
}  # fmt: skip
REPLY = {
    "passage": "fermée", "text": "Le budget a été voté.", "name": "Claire Vasseur", "capacity": "Maire",
    "email": "maire@exemple.test",
}  # fmt: skip


def post(browser: TestClient, path: str, status: int = 303, /, **form: str) -> None:
    answer = browser.post(path, data=form)
    assert answer.status_code == status, answer.text


def decide(browser: TestClient, /, **form: str) -> None:
    """The first comment."""
    post(browser, "/moderation/commentaires/1/decision", **form)


def mailed(site: Site, start: str) -> str:
    """The last link of that kind, once the minute in which decisions are undone has passed."""
    site.later(seconds=61)
    return next(link for mail in reversed(site.mails()) for link in mail.links if link.startswith(start))


def signons(site: Site, *words: str) -> None:
    """A command typed by the operator."""
    environment = {
        "SIGNONS_DATABASE_URL": site.settings.database_url,
        "SIGNONS_VAR_DIR": str(site.settings.var),
        "SIGNONS_SECRET_KEY": SECRET,
        "SIGNONS_LOG_LEVEL": "ERROR",
    }
    done = CliRunner().invoke(main, list(words), env=environment)
    assert done.exit_code == 0, done.output


# Accounts


def accounts_are_kept(site: Site) -> None:
    admin = site.staff("admin")
    post(admin, "/administration/comptes/invitations", invitation="invitee@exemple.test")
    post(admin, "/administration/comptes", 200, email=OTHER, role="moderator")
    for what in ("sessions", "desactivation", "reactivation"):
        post(admin, f"/administration/comptes/2/{what}")


def themes_are_kept(site: Site) -> None:
    admin = site.staff("admin")
    post(admin, "/administration/themes", name="Mer", english="Sea")
    for what in ("nom", "ordre", "retrait", "retour", "reunion"):
        post(admin, f"/administration/themes/13/{what}", name="Mers", steps="-1", into="1")


def people_come_and_go(site: Site) -> None:
    browser = site.staff("moderator")
    post(browser, "/deconnexion")
    post(browser, "/connexion", 422, email=MOD, password="pas le bon du tout")
    post(browser, "/connexion/lien", email=MOD)


def somebody_tries_everywhere(site: Site) -> None:
    email = site.account("moderator")
    for n in range(30):
        ratelimit.limiter.reset()
        there = TestClient(
            site.app, base_url="http://127.0.0.1:8000", follow_redirects=False, client=(f"203.0.{n // 8 + 1}.7", 50_000)
        )
        post(there, "/connexion", 422, email=email, password="pas le bon du tout")


def somebody_joins(site: Site) -> None:
    with site.database.write() as session:
        actions.welcome(session, site.settings, ORG, "/lancer", "fr")
    path, browser = site.mails()[-1].link("/compte/creer/"), site.browser()
    codes = re.findall(NO_CODES, browser.post(path, data=filled(browser.get(path).text)).text)
    post(browser, "/deconnexion")
    post(browser, "/connexion", email=ORG, password=PASSWORD)
    post(browser, "/connexion", secours=codes[0])
    own = Authenticator(count=7)
    assert add(browser, own).status_code == 303
    post(
        browser,
        "/connexion/cle",
        422,
        cle=Authenticator(count=3, key=own.key, id=own.id).get(asked(browser, "/connexion/cle")),
    )
    post(browser, "/compte/cles/1/fin")
    post(browser, "/compte/code/nouveau", **filled(browser.post("/compte/code").text))


def an_address_changes(site: Site) -> None:
    mine, stranger = site.staff("organiser"), site.browser()
    post(mine, "/compte/adresse", adresse=OTHER)
    post(stranger, next(mail for mail in site.mails() if mail.to == OTHER).link("/connexion/adresse/"))
    post(stranger, site.mails()[-1].link("/connexion/adresse-refusee/"))


def somebody_leaves(site: Site) -> None:
    mine = site.staff("organiser", site.publish())
    post(mine, "/compte/fermeture", confirm="on", devenir="close")


def one_s_own_account(site: Site) -> None:
    here = site.staff("admin")
    for _ in range(3):
        assert site.browser().post("/connexion", data={"email": ADMIN, "password": PASSWORD}).status_code == 303
    sessions = re.findall(r'action="(/compte/sessions/[0-9a-f]{16}/fin)"', here.get("/compte").text)
    post(here, sessions[0])
    post(here, "/compte/sessions/fin")
    new = "une autre phrase de passe"
    post(here, "/compte/mot-de-passe", 422, present="pas le bon du tout", new=new, again=new)
    post(here, "/compte/preuve", present="", preuve=PASSWORD)
    post(here, "/compte/mot-de-passe", present=PASSWORD, new=new, again=new)


def an_account_is_forgotten(site: Site) -> None:
    site.account("organiser")
    for days in (701, 31):
        site.later(days=days)
        retention.run(site.database, site.settings)


# Petitions


def a_draft_is_kept_and_thrown_away(site: Site) -> Names:
    draft = begun(site.client)
    organiser = site.staff("organiser")
    with site.database.read() as session:
        one = session.scalars(select(Draft.id)).one()
    post(organiser, f"{draft}/garder")
    post(organiser, f"{draft}/supprimer")
    return {one.hex: "the draft"}


def a_petition_lives(site: Site) -> None:
    organiser, moderator = site.staff("organiser"), site.staff("moderator")
    draft = written(organiser)
    post(organiser, f"{draft}/proposer")
    at = "/organisation/petitions/un-abri-pour-les-velos-de-la-gare"
    remark = {"decision": "correct", "remark-1": "Dites quelle gare."}
    post(moderator, "/moderation/petitions/1/decision", **remark)
    post(organiser, f"{draft}/proposer")
    post(moderator, "/moderation/petitions/1/decision", decision="publish")
    post(organiser, f"{at}/nouvelles", title="Une date", text="Le conseil municipal en parle le 12.")
    post(organiser, f"{at}/nouvelles/1/suppression")
    post(organiser, f"{at}/commentaires", open="")
    post(organiser, f"{at}/commentaires", open="on")
    post(organiser, f"{at}/cloture")


def a_site_is_named(site: Site) -> None:
    at = f"/organisation/petitions/{site.publish()}/diffuser"
    organiser = site.staff("organiser", at.split("/")[3])
    post(organiser, f"{at}/sites", origin="https://www.exemple.fr")
    post(organiser, f"{at}/retrait", origin="https://www.exemple.fr")


def news_seen(site: Site) -> str:
    """The mark of what the moderator has read."""
    with site.database.read() as session:
        return updates.mark(session.get_one(Update, 1))


def the_news_are_told(site: Site) -> None:
    slug = site.publish()
    organiser, moderator = site.staff("organiser", slug), site.staff("moderator")
    at = f"/organisation/petitions/{slug}/nouvelles"
    post(organiser, at, title="Une date", text="Le conseil municipal en parle le 12.")
    post(organiser, f"{at}/1/essai")
    post(organiser, f"{at}/1/envoi", act="page")
    post(organiser, f"{at}/1/rappel")
    post(organiser, f"{at}/1/envoi", act="page")
    post(
        moderator,
        "/moderation/nouvelles/1/decision",
        seen=news_seen(site),
        decision="refuse",
        article="10",
        explanation="Dites la date.",
    )
    post(organiser, f"{at}/1/envoi", act="page")
    post(moderator, "/moderation/nouvelles/1/decision", seen=news_seen(site), decision="publish")
    site.later(minutes=10)
    telling.write(site)
    post(
        moderator,
        "/moderation/nouvelles/1/retrait",
        seen=news_seen(site),
        article="10",
        explanation="La date était fausse.",
    )


def the_operator_delivers_and_holds(site: Site) -> None:
    slug = site.publish()
    signons(site, "petition", "deliver", slug, "--how", "hand", "--yes")
    until = (clock.now() + timedelta(days=40)).date().isoformat()
    signons(site, "petition", "hold", slug, "--until", until, "--reason", "Procédure en cours")


def a_petition_is_won(site: Site) -> None:
    """Told, read, on the page; then taken off it."""
    slug = site.publish()
    mine, mod = site.staff("organiser", slug, email=ORG), site.staff("moderator", email=MOD)
    at, source = f"/organisation/petitions/{slug}", "Annonce orale du maire au conseil"
    on = day_of(clock.now()).isoformat()
    post(
        mine, f"{at}/issue", kind="obtained", on=on, source_title=source, text="Elle rouvre en mai, merci.", close="on"
    )
    post(mine, f"{at}/reouverture")
    post(mod, "/moderation/nouvelles/1/decision", seen=news_seen(site), decision="publish")
    with site.database.write() as session:
        updates.publish_due(session, clock.now() + updates.CALL_BACK)
    post(
        mod,
        "/moderation/nouvelles/1/retrait",
        seen=news_seen(site),
        article="10",
        explanation="La source ne dit rien de tel.",
    )


def a_petition_is_handed_over(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug)
    organiser, admin = site.staff("organiser", slug), site.staff("admin")
    at = handing.desk(slug)
    post(organiser, f"{at}/dossier", 200)
    assert handing.hand_over(organiser, slug).status_code == 303
    proof = organiser.post(f"{at}/1/preuve", files={"proof": ("recu.pdf", handing.PDF)})
    assert proof.status_code == 303
    post(organiser, f"{at}/1/preuve/copie", 200)
    source = "https://www.montfleur.example/le-cabinet"
    post(organiser, f"{at}/lien", delivery="1", place="0", source=source)
    link = {"address": "cabinet@montfleur.example", "source": source, "checked": "on"}
    post(admin, "/administration/remises/1/0/lien", **link)
    path = site.mails()[-1].link("/destinataire/")
    answer = "Nous rouvrirons la bibliothèque dès le mois de mars."
    post(site.client, f"{path}/reception")
    post(site.client, f"{path}/reponse", text=answer)
    post(admin, "/administration/remises/1/0/annulation")
    reported = {"who": "La maire", "on": handing.today().isoformat(), "text": answer, "source_title": "Courrier"}
    post(organiser, f"/organisation/petitions/{slug}/reponse", **reported)


def a_petition_ends_by_itself(site: Site) -> None:
    site.confirmed(site.publish())
    site.later(days=370)
    with site.database.write() as session:
        assert petition_actions.close_ended(session) == 1
    site.later(days=190)
    retention.run(site.database, site.settings)


def a_petition_is_reported(site: Site) -> None:
    slug = site.publish()
    site.account("organiser", slug)
    moderator = site.staff("moderator")
    post(site.client, f"/petitions/{slug}/signaler", 200, **NOTICE)
    post(moderator, "/moderation/dossiers/1/decision", decision="keep")


def a_petition_is_taken_down_and_restored(site: Site) -> None:
    slug = site.publish()
    site.account("organiser", slug)
    moderator, other = site.staff("moderator"), site.staff("moderator", email=OTHER)
    post(site.client, f"/petitions/{slug}/signaler", 200, **NOTICE)
    post(moderator, "/moderation/dossiers/1/decision", **REFUSE | {"passage": "bibliothèque"})
    judge(site, other, "reversed")


def a_published_text_changes(site: Site) -> None:
    slug = site.publish()
    organiser, moderator = site.staff("organiser", slug), site.staff("moderator")
    text = PETITION.rpartition("---")[2].strip()
    at, title = f"/organisation/petitions/{slug}", "Rouvrir la bibliothèque de Montfleur"
    post(organiser, f"{at}/version", act="correct", title=title, text=text.replace("est fermée", "est fermee"))
    other = {"act": "amend", "title": title, "text": f"{text} Vite.", "reasons": "Le temps presse, dit la mairie."}
    post(organiser, f"{at}/version", **other)
    post(organiser, f"{at}/version/reprise")
    post(organiser, f"{at}/version", **other)
    post(moderator, "/moderation/amendements/2/decision", decision="refuse", explanation="Dites la date.")
    post(organiser, f"{at}/version", **other)
    post(moderator, "/moderation/amendements/3/decision", decision="publish")
    post(organiser, f"{at}/modifier", goal="900", closes_on="", **{"name-1": "Claire", "role-1": "Maire"})
    signons(site, "petition", "rename", slug, "montfleur")


def sheets_are_counted(site: Site) -> None:
    slug = site.publish()
    first, second = site.staff("organiser", slug), site.staff("organiser", slug, email=OTHER)
    at = f"/organisation/petitions/{slug}/papier"
    post(first, at, how_many="2", return_to="Mairie")
    typed = {"sheet": "1", "code-1": "35000", "n-1": "4"}
    sent = {"scan": ("f.png", b"\x89PNG\r\n\x1a\n", "image/png")}
    assert first.post(f"{at}/saisir", data=typed, files=sent).status_code == 303
    post(second, f"{at}/feuilles/1/copie", 200)
    post(second, f"{at}/feuilles/1/verification", total="5")
    post(first, f"{at}/saisir", **typed)
    post(first, f"{at}/feuilles/1/reprise")
    post(first, f"{at}/saisir", **typed)
    post(second, f"{at}/feuilles/1/verification", total="4")
    post(first, f"{at}/feuilles/1/retrait", reason="copied")
    post(first, f"{at}/feuilles/1/reprise")


def a_petition_is_refused(site: Site) -> None:
    organiser, moderator = site.staff("organiser"), site.staff("moderator")
    proposed(organiser)
    post(moderator, "/moderation/petitions/1/decision", **REFUSE | {"passage": "cent vélos"})


# Comments, notices, redress


def judge(site: Site, other: TestClient, outcome: str) -> None:
    """The author contests; somebody else judges."""
    post(site.client, mailed(site, "/recours/"), 200, text="Ce n’est pas une insulte.")
    post(other, "/moderation/recours/1/avis", view="publish", view_reasons="C’est une opinion.")
    post(other, "/moderation/recours/1/jugement", outcome=outcome, reasons="Le propos vise un acte.")


def a_comment_is_refused_and_the_appeal_upheld(site: Site) -> None:
    moderator, other = site.staff("moderator"), site.staff("moderator", email=OTHER)
    site.comment(site.publish(), TEXT)
    decide(moderator, **REFUSE)
    judge(site, other, "upheld")


def a_comment_is_refused_and_restored(site: Site) -> None:
    moderator, other = site.staff("moderator"), site.staff("moderator", email=OTHER)
    site.comment(site.publish(), TEXT)
    decide(moderator, **REFUSE)
    judge(site, other, "reversed")


def an_author_takes_back_what_was_contested(site: Site) -> None:
    moderator = site.staff("moderator")
    site.comment(site.publish(), TEXT)
    decide(moderator, **REFUSE)
    post(site.client, mailed(site, "/recours/"), 200, text="Ce n’est pas une insulte.")
    browser = opened(site)
    post(browser, line(browser) + "/retirer")


def a_comment_is_published_reported_and_kept(site: Site) -> None:
    moderator, other = site.staff("moderator"), site.staff("moderator", email=OTHER)
    site.comment(site.publish(), TEXT)
    decide(moderator, decision="publish")
    post(site.client, "/commentaires/1/signaler", 200, **NOTICE)
    confirm_notifier(site)
    post(other, "/moderation/dossiers/1/decision", decision="keep")


def a_comment_is_published_reported_and_removed(site: Site) -> None:
    moderator, other = site.staff("moderator"), site.staff("moderator", email=OTHER)
    site.comment(site.publish(), TEXT)
    decide(moderator, decision="publish")
    post(site.client, "/commentaires/1/signaler", 200, **NOTICE)
    post(other, "/moderation/dossiers/1/decision", **REFUSE)


def a_decision_is_undone(site: Site) -> None:
    moderator = site.staff("moderator")
    site.comment(site.publish(), TEXT)
    decide(moderator, decision="publish")
    post(moderator, "/moderation/decisions/1/annulation")


def a_threat_is_handed_on(site: Site) -> None:
    moderator = site.staff("moderator")
    site.comment(site.publish(), "Je vais te tuer, toi et les tiens.")
    post(moderator, "/moderation/commentaires/1/transmission", note="Une menace.", urgent="on")
    post(moderator, "/moderation/urgences/1/autorites", authority="Gendarmerie de Brest, par téléphone")


def two_people_disagree(site: Site) -> None:
    moderator, other = site.staff("moderator"), site.staff("moderator", email=OTHER)
    site.comment(site.publish(), "Un texte qui décrit comment se blesser.")
    decide(moderator, **REFUSE | {"article": "8", "passage": "comment se blesser"})
    with site.database.read() as session:
        look = session.scalars(select(SecondLook.decision_id)).one()
    post(other, f"/moderation/relectures/{look}", decision="publish")
    post(moderator, "/moderation/dossiers/1/decision", decision="keep")


def a_limited_author_comes_back(site: Site) -> None:
    slug = site.publish()
    moderator = site.staff("moderator")
    site.comment(slug, TEXT)
    decide(moderator, **REFUSE, limit_author="on")
    post(site.client, next(mail.link("/pas-moi/") for mail in site.mails()))
    site.confirmed(slug, comment="Un deuxième avis, plus calme.")


def an_order_is_carried_out(site: Site) -> None:
    moderator = site.staff("moderator")
    site.comment(site.publish(), TEXT)
    order = {"authority": "Pharos", "reference": "X-1", "received_at": "2026-11-22T10:00", "comments": "1"}
    post(moderator, "/moderation/urgences/injonction", **order)


def two_replies_are_decided(site: Site) -> None:
    slug, moderator = site.publish(), site.staff("moderator")
    for n, decision in enumerate(("publish", "refuse"), 1):
        post(site.client, f"/petitions/{slug}/droit-de-reponse", 200, **REPLY)
        post(moderator, f"/moderation/reponses/{n}/decision", decision=decision, reasons="Voici pourquoi.")


def a_hint_is_wrong_too_often(site: Site) -> None:
    moderator = site.staff("moderator")
    site.comment(site.publish(), TEXT)
    with site.database.write() as session:
        for n in range(200):
            verdict = HintVerdict(comment_id=10_000 + n, hint="words-1", version=1, founded=n < 99, at=clock.now())
            verdict.account_id = session.scalars(select(Account.id)).one()
            session.add(verdict)
    post(moderator, "/moderation/commentaires/1/indices", **{"words-1": "unfounded"})


# Signatures, exports, rights


def signatures_are_set_aside(site: Site) -> Names:
    slug, admin = site.publish(), site.staff("admin")
    _, ids = crowd(site, slug, 2)
    for act, one in (("set_aside", 0), ("invalidate", 1), ("put_back", 0)):
        form = {"act": act, "reason": "reported", f"ligne-{ids[one].hex}": "on"}
        post(admin, f"/administration/fraude/{slug}/lots", **form)
    return {str(ids[0]): "first", str(ids[1]): "second"}


def a_signer_withdraws(site: Site) -> Names:
    site.confirmed(site.publish())
    (signature,) = site.signatures()
    browser = opened(site)
    again = browser.post(line(browser) + "/retirer").headers["location"]
    post(browser, again)
    return {str(signature.id): "hers"}


def a_signer_erases_everything(site: Site) -> Names:
    site.confirmed(site.publish())
    (signature,) = site.signatures()
    post(site.client, opened(site).post("/mes-signatures/effacer").headers["location"])
    return {str(signature.id): "hers"}


def people_are_exported(site: Site) -> None:
    slug = site.publish()
    admin, other = site.staff("admin"), site.staff("admin", email=OTHER)
    at = f"/organisation/petitions/{slug}/exports"
    for n, (purpose, said) in enumerate((("delivery", "no"), ("contact", "yes")), 1):
        post(admin, f"{at}/demandes", asked=purpose, reason="Réquisition du 12 mars, dossier 4.")
        post(other, f"/administration/exports/{n}/reponse", answer=said)
    post(admin, f"{at}/apercu", 200, purpose="contact")
    post(admin, at, purpose="contact", prepare="on", reason="Réquisition du 12 mars, dossier 4.")
    post(admin, f"{at}/1/fichier", 200)


def people_carry_together(site: Site) -> None:
    maker = site.staff("organiser", site.publish())
    post(maker, f"{organisations.DESK}/nouvelle", name=organisations.NAME)
    post(maker, f"{organisations.HOME}/presentation", name=organisations.NAME, site="lanterne.test")
    second = organisations.join(site, maker, OTHER)
    assert organisations.rights(site, maker, OTHER, "petitions") == 303
    organisations.invite(site, maker, "attendue@exemple.test")
    post(maker, f"{organisations.HOME}/invitations/2/annulation")
    post(maker, "/organisation/petitions/rouvrir-la-bibliotheque-de-montfleur/porteur", organisation=CARRIER)
    post(maker, "/organisation/petitions/rouvrir-la-bibliotheque-de-montfleur/reprise")
    post(second, f"{organisations.HOME}/depart")
    organisations.join(site, maker, ADMIN)
    post(maker, f"{organisations.HOME}/membres/{site.account_id(ADMIN)}/retrait")


def an_organisation_loses_its_people(site: Site) -> None:
    """Who looked after the members is forgotten, then who took over."""
    maker = organisations.found(site, email=ORG)
    organisations.join(site, maker, OTHER)
    with site.database.write() as session:
        for email in (ORG, OTHER):
            for left in organisation_actions.end_memberships(session, site.account_id(email)):
                organisation_actions.end(session, left)


def rights_are_asked_for_by_letter(site: Site) -> None:
    admin = site.staff("admin")
    for n, state in enumerate(("answered", "refused"), 1):
        form = {"received_on": clock.now().date().isoformat(), "channel": "letter", "request": "Une copie."}
        post(admin, "/administration/demandes", **form)
        post(admin, f"/administration/demandes/{n}/reponse", state=state, answer="Voici.")
    post(admin, "/administration/demandes/2/reouverture")


def the_house_writes(site: Site) -> Names:
    admin = site.staff("admin")
    post(admin, "/administration/lettre", title="La lettre", text="Bonjour à toutes et à tous.", act="send")
    day = (clock.now() + timedelta(days=2)).date().isoformat()
    form = {"summary": "Plus clair", "effective_from": day, "title-1": "Sans la moindre insulte"}
    post(admin, "/administration/charte", **form)
    file = Path(site.settings.var) / "texte.txt"
    file.write_text("Une autre lettre.")
    signons(site, "consent", "replace", "newsletter", str(file))
    with site.database.read() as session:
        return {str(session.scalars(select(func.max(ConsentText.id))).one()): "new"}


def a_provider_refused_everybody(site: Site) -> None:
    with site.database.write() as session:
        bounced.note(session, "marie@exemple.test", Bounce.HARD)
    signons(site, "bounces", "forgive", "--since", "2026-01-01")


SCENES: list[tuple[Callable[[Site], Names | None], list[Line]]] = [
    (accounts_are_kept, [
        ("account.created", MACHINE, "account", "1"), ("account.invited", ADMIN, "account", "-"),
        ("account.created", ADMIN, "account", "2"),
        ("account.sessions_closed", ADMIN, "account", "2"), ("account.disabled", ADMIN, "account", "2"),
        ("account.enabled", ADMIN, "account", "2"),
    ]),
    (themes_are_kept, [
        (f"theme.{act}", ADMIN, "theme", "13")
        for act in ("added", "renamed", "moved", "retired", "restored", "merged")
    ]),
    (people_come_and_go, [
        ("account.signed_in", MOD, "account", "1"), ("account.signed_out", MOD, "account", "1"),
        ("account.sign_in_failed", MACHINE, "account", "1"), ("account.link_sent", MACHINE, "account", "1"),
    ]),
    (somebody_tries_everywhere, [
        *[("account.origin_closed", MACHINE, "account", "1")] * 3, ("account.locked", MACHINE, "account", "1"),
    ]),
    (somebody_joins, [
        ("account.created", ORG, "account", "1"), ("account.codes_renewed", ORG, "account", "1"),
        ("account.signed_in", ORG, "account", "1"), ("account.signed_out", ORG, "account", "1"),
        ("account.code_used", ORG, "account", "1"), ("account.signed_in", ORG, "account", "1"),
        ("account.passkey_added", ORG, "account", "1"), ("account.passkey_copied", MACHINE, "account", "1"),
        ("account.passkey_removed", ORG, "account", "1"), ("account.code_changed", ORG, "account", "1"),
    ]),
    (an_address_changes, [
        ("account.address_asked", ORG, "account", "1"), ("account.address_changed", ORG, "account", "1"),
        ("account.address_vetoed", ORG, "account", "1"),
    ]),
    (somebody_leaves, [
        ("petition.closed", "compte-1-supprime", "petition", "1"),
        ("petition.owner_removed", "compte-1-supprime", "petition", "1"), ("account.ended", MACHINE, "account", "1"),
    ]),
    (one_s_own_account, [
        ("account.session_closed", ADMIN, "account", "1"), ("account.other_sessions_closed", ADMIN, "account", "1"),
        ("account.proof_failed", ADMIN, "account", "1"), ("account.proved", ADMIN, "account", "1"),
        ("account.password_changed", ADMIN, "account", "1"),
    ]),
    (an_account_is_forgotten, [("account.ended", MACHINE, "account", "1")]),
    (a_draft_is_kept_and_thrown_away, [
        ("draft.claimed", ORG, "draft", "the draft"), ("draft.thrown_away", ORG, "draft", "the draft"),
    ]),
    (people_carry_together, [
        ("organisation.created", ORG, "organisation", "1"), ("organisation.edited", ORG, "organisation", "1"),
        ("organisation.invited", ORG, "organisation", "1"), ("organisation.joined", OTHER, "organisation", "1"),
        ("organisation.rights_changed", ORG, "organisation", "1"), ("organisation.invited", ORG, "organisation", "1"),
        ("organisation.revoked", ORG, "organisation", "1"), ("petition.entrusted", ORG, "petition", "1"),
        ("petition.taken_back", ORG, "petition", "1"), ("organisation.left", OTHER, "organisation", "1"),
        ("organisation.invited", ORG, "organisation", "1"), ("organisation.joined", ADMIN, "organisation", "1"),
        ("organisation.member_removed", ORG, "organisation", "1"),
    ]),
    (an_organisation_loses_its_people, [
        ("organisation.left", MACHINE, "organisation", "1"), ("organisation.handed_on", MACHINE, "organisation", "1"),
        ("organisation.left", MACHINE, "organisation", "1"), ("organisation.ended", MACHINE, "organisation", "1"),
    ]),
    (a_site_is_named, [
        ("petition.origin_named", ORG, "petition", "1"), ("petition.origin_removed", ORG, "petition", "1"),
    ]),
    (a_petition_lives, [
        ("petition.created", ORG, "petition", "1"), ("petition.owner_added", ORG, "petition", "1"),
        ("petition.delivery_mode", ORG, "petition", "1"), ("petition.submitted", ORG, "petition", "1"),
        ("petition.correct", MOD, "petition", "1"), ("petition.rewritten", ORG, "petition", "1"),
        ("petition.submitted", ORG, "petition", "1"),
        ("petition.publish", MOD, "petition", "1"), ("petition.published", MOD, "petition", "1"),
        ("update.written", ORG, "petition", "1"), ("update.discarded", ORG, "petition", "1"),
        ("petition.comments_closed", ORG, "petition", "1"),
        ("petition.comments_opened", ORG, "petition", "1"), ("petition.closed", ORG, "petition", "1"),
    ]),
    (the_news_are_told, [
        ("update.written", ORG, "petition", "1"), ("update.tested", ORG, "petition", "1"),
        ("update.sent", ORG, "petition", "1"), ("update.recalled", ORG, "petition", "1"),
        ("update.sent", ORG, "petition", "1"), ("update.refused", MOD, "petition", "1"),
        ("update.sent", ORG, "petition", "1"), ("update.let_through", MOD, "petition", "1"),
        ("update.published", MACHINE, "petition", "1"), ("update.taken_off", MOD, "petition", "1"),
    ]),
    (the_operator_delivers_and_holds, [
        ("petition.delivered", MACHINE, "petition", "1"), ("delivery.noted", MACHINE, "delivery", "1"),
        ("update.sent", MACHINE, "petition", "1"), ("petition.held", MACHINE, "petition", "1"),
    ]),
    (a_petition_is_handed_over, [
        ("export.begun", ORG, "petition", "1"), ("delivery.packed", ORG, "petition", "1"),
        ("export.finished", ORG, "petition", "1"), ("petition.delivered", ORG, "petition", "1"),
        ("delivery.noted", ORG, "delivery", "1"), ("update.sent", ORG, "petition", "1"),
        ("delivery.proof_added", ORG, "delivery", "1"), ("delivery.proof_opened", ORG, "delivery", "1"),
        ("delivery.link_asked", ORG, "delivery", "1"), ("delivery.link_sent", ADMIN, "delivery", "1"),
        ("delivery.acknowledged", MACHINE, "delivery", "1"), ("update.sent", MACHINE, "petition", "1"),
        ("delivery.answered", MACHINE, "delivery", "1"), ("delivery.link_cancelled", ADMIN, "delivery", "1"),
        ("update.sent", ORG, "petition", "1"), ("delivery.answer_reported", ORG, "petition", "1"),
    ]),
    (a_petition_is_won, [
        ("petition.closed", ORG, "petition", "1"), ("update.sent", ORG, "petition", "1"),
        ("petition.outcome_told", ORG, "petition", "1"), ("petition.reopened", ORG, "petition", "1"),
        ("update.let_through", MOD, "petition", "1"), ("update.published", MACHINE, "petition", "1"),
        ("petition.outcome_shown", MACHINE, "petition", "1"), ("petition.outcome_hidden", MACHINE, "petition", "1"),
        ("update.taken_off", MOD, "petition", "1"),
    ]),
    (a_petition_ends_by_itself, [
        ("petition.closed", MACHINE, "petition", "1"), ("petition.purged", MACHINE, "petition", "1"),
    ]),
    (a_petition_is_reported, [
        ("notice.received", MACHINE, "petition", "1"), ("petition.keep", MOD, "petition", "1"),
    ]),
    (a_petition_is_taken_down_and_restored, [
        ("notice.received", MACHINE, "petition", "1"), ("petition.remove", MOD, "petition", "1"),
        ("appeal.received", MACHINE, "petition", "1"), ("petition.restore", OTHER, "petition", "1"),
        ("petition.put_online", OTHER, "petition", "1"),
        ("appeal.reversed", OTHER, "petition", "1"),
    ]),
    (a_published_text_changes, [
        ("petition.typo_corrected", ORG, "petition", "1"), ("petition.amendment_proposed", ORG, "petition", "1"),
        ("petition.amendment_taken_back", ORG, "petition", "1"), ("petition.amendment_proposed", ORG, "petition", "1"),
        ("petition.amendment_refused", MOD, "petition", "1"), ("petition.amendment_proposed", ORG, "petition", "1"),
        ("petition.amendment_published", MOD, "petition", "1"), ("petition.changed", ORG, "petition", "1"),
        ("petition.renamed", MACHINE, "petition", "1"),
    ]),
    (sheets_are_counted, [
        ("sheet.issued", ORG, "petition", "1"), ("sheet.entered", ORG, "sheet", "1"),
        ("sheet.scan_opened", OTHER, "sheet", "1"), ("sheet.sent_back", OTHER, "sheet", "1"),
        ("sheet.entered", ORG, "sheet", "1"), ("sheet.taken_back", ORG, "sheet", "1"),
        ("sheet.entered", ORG, "sheet", "1"), ("sheet.counted", OTHER, "sheet", "1"),
        ("sheet.set_aside", ORG, "sheet", "1"), ("sheet.reopened", ORG, "sheet", "1"),
    ]),
    (a_petition_is_refused, [("petition.refuse", MOD, "petition", "1")]),
    (a_comment_is_refused_and_the_appeal_upheld, [
        ("comment.refuse", MOD, "comment", "1"), ("appeal.received", MACHINE, "comment", "1"),
        ("appeal.upheld", OTHER, "comment", "1"),
    ]),
    (a_comment_is_refused_and_restored, [
        ("comment.refuse", MOD, "comment", "1"), ("appeal.received", MACHINE, "comment", "1"),
        ("comment.restore", OTHER, "comment", "1"), ("appeal.reversed", OTHER, "comment", "1"),
    ]),
    (an_author_takes_back_what_was_contested, [
        ("comment.refuse", MOD, "comment", "1"), ("appeal.received", MACHINE, "comment", "1"),
        ("appeal.withdrawn", MACHINE, "comment", "1"),
    ]),
    (a_comment_is_published_reported_and_kept, [
        ("comment.publish", MOD, "comment", "1"), ("notice.received", MACHINE, "comment", "1"),
        ("comment.keep", OTHER, "comment", "1"),
    ]),
    (a_comment_is_published_reported_and_removed, [
        ("comment.publish", MOD, "comment", "1"), ("notice.received", MACHINE, "comment", "1"),
        ("comment.remove", OTHER, "comment", "1"),
    ]),
    (a_decision_is_undone, [("comment.publish", MOD, "comment", "1"), ("decision.undone", MOD, "comment", "1")]),
    (a_threat_is_handed_on, [
        ("comment.escalated", MOD, "comment", "1"), ("case.authority_told", MOD, "case", "1"),
    ]),
    (two_people_disagree, [
        ("comment.refuse", MOD, "comment", "1"), ("decision.second_look", OTHER, "decision", "1"),
        ("comment.escalated", OTHER, "comment", "1"), ("case.maintained", MOD, "case", "1"),
    ]),
    (a_limited_author_comes_back, [
        ("comment.refuse", MOD, "comment", "1"), ("comment.not_received", MACHINE, "petition", "1"),
    ]),
    (an_order_is_carried_out, [("comment.refuse", MOD, "comment", "1"), ("order.executed", MOD, "order", "1")]),
    (two_replies_are_decided, [("reply.published", MOD, "reply", "1"), ("reply.refused", MOD, "reply", "2")]),
    (a_hint_is_wrong_too_often, [("hint.switched_off", MACHINE, "hint", "words-1")]),
    (signatures_are_set_aside, [
        ("signature.quarantined", ADMIN, "signature", "first"), ("signature.invalidated", ADMIN, "signature", "second"),
        ("signature.released", ADMIN, "signature", "first"),
    ]),
    (a_signer_withdraws, [
        ("signature.withdrawn", MACHINE, "signature", "hers"),
        ("signature.withdrawal_undone", MACHINE, "signature", "hers"),
    ]),
    (a_signer_erases_everything, [
        ("signature.withdrawn", MACHINE, "signature", "hers"), ("person.erased", MACHINE, "person", "-"),
        ("signature.withdrawal_undone", MACHINE, "signature", "hers"),
        ("person.erasure_undone", MACHINE, "person", "-"),
    ]),
    (people_are_exported, [
        ("export.asked", ADMIN, "petition", "1"), ("export.denied", OTHER, "petition", "1"),
        ("export.asked", ADMIN, "petition", "1"), ("export.granted", OTHER, "petition", "1"),
        ("export.previewed", ADMIN, "petition", "1"), ("export.prepared", ADMIN, "petition", "1"),
        ("export.begun", ADMIN, "petition", "1"), ("export.finished", ADMIN, "petition", "1"),
    ]),
    (rights_are_asked_for_by_letter, [
        ("data_request.noted", ADMIN, "data_request", "1"), ("data_request.answered", ADMIN, "data_request", "1"),
        ("data_request.noted", ADMIN, "data_request", "2"), ("data_request.refused", ADMIN, "data_request", "2"),
        ("data_request.reopened", ADMIN, "data_request", "2"),
    ]),
    (a_provider_refused_everybody, [("bounces.forgiven", MACHINE, "bounces", "-")]),
    (the_house_writes, [
        ("letter.written", ADMIN, "letter", "1"), ("charter.published", ADMIN, "charter", "2"),
        ("consent.text_replaced", MACHINE, "consent_text", "new"),
    ]),
]  # fmt: skip
# Words for what cannot happen: a comment is not sent back, a reply is decided as "reply.published" or "reply.refused".
NEVER = {
    "comment.correct",
    *(f"reply.{kind}" for kind in ("publish", "refuse", "remove", "restore", "keep", "correct")),
}


def journal(site: Site, names: Names) -> list[Line]:
    with site.database.read() as session:
        people = {None: MACHINE} | {row.id: row.email for row in session.scalars(select(Account))}
        lines = session.scalars(select(AuditLine).order_by(AuditLine.id)).all()
        return [(row.act, people[row.account_id], row.target, names.get(row.target_id, row.target_id)) for row in lines]


@pytest.mark.parametrize(("scene", "lines"), SCENES, ids=lambda value: getattr(value, "__name__", ""))
def test_each_act_leaves_its_line_with_who_and_what(
    site: Site, scene: Callable[[Site], Names | None], lines: list[Line]
) -> None:
    names = scene(site) or {}
    acts = {act for act, *_ in lines}
    assert [one for one in journal(site, names) if one[0] in acts] == lines
    with site.database.read() as session:
        for line in session.scalars(select(AuditLine)):  # details that are told are known
            assert None not in line.details.values(), line.act


def test_every_act_of_the_journal_is_in_a_scene() -> None:
    assert {act for _, lines in SCENES for act, *_ in lines} == set(ACTS) - NEVER
