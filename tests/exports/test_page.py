"""The page of exports: what is chosen, seen before it leaves, why; the file once; the journal; who is told."""

import hashlib
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from html import unescape

import httpx2
import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from app.audit import AuditLine
from app.exports import actions
from app.exports.models import ExportRecord
from app.organisations import queries as organisations
from app.petitions.queries import by_slug
from tests.exports.test_files import _insert, rows_of
from tests.organisations.desk import MAKER, SECOND, found, join
from tests.site import PASSWORD, Site, text_of

pytestmark = pytest.mark.databases("sqlite")

REASON = "Remise à la mairie le 12 mars."
HIDDEN = re.compile(r'<input type="hidden" name="([a-z]+)" value="([^"]*)">')


def url(slug: str) -> str:
    return f"/organisation/petitions/{slug}/exports"


def preview(browser: TestClient, slug: str, purpose: str = "delivery", **more: str) -> httpx2.Response:
    return browser.post(f"{url(slug)}/apercu", data={"purpose": purpose, "format": "csv"} | more)


def prepared(browser: TestClient, slug: str, purpose: str = "delivery", **more: str) -> str:
    """As the page does it: seen, then asked for; gives the address of its line."""
    seen = preview(browser, slug, purpose, **more)
    assert seen.status_code == 200, text_of(seen.text)
    fields = {name: unescape(value) for name, value in HIDDEN.findall(seen.text)}
    asked = browser.post(url(slug), data=fields | {"reason": REASON})
    assert asked.status_code == 303, text_of(asked.text)
    return str(asked.headers["location"])


def fetched(browser: TestClient, slug: str, purpose: str = "delivery", **more: str) -> httpx2.Response:
    return browser.post(prepared(browser, slug, purpose, **more) + "/fichier")


def acts(site: Site) -> list[str]:
    with site.database.read() as session:
        lines = session.scalars(select(AuditLine).where(AuditLine.act.like("export.%")).order_by(AuditLine.id))
        return [line.act for line in lines]


def records(site: Site) -> list[ExportRecord]:
    with site.database.read() as session:
        return list(session.scalars(select(ExportRecord).order_by(ExportRecord.id)))


def again(site: Site, email: str) -> TestClient:
    browser = site.browser()
    assert browser.post("/connexion", data={"email": email, "password": PASSWORD}).status_code == 303
    return browser


@pytest.mark.databases("sqlite", "postgresql")
def test_seen_asked_for_fetched_once_and_in_the_journal_at_each_step(site: Site) -> None:
    slug = site.publish()
    for n in range(7):
        site.confirmed(slug, email=f"p{n}@exemple.test", given_name="Zoé" + "a" * n, postal_code="01000")
    organiser = site.staff("organiser", slug)
    seen = preview(organiser, slug)
    assert seen.headers["cache-control"] == "no-store"
    table = seen.text[seen.text.index("<table") : seen.text.index("</table")]
    assert table.count("<tr>") == 6  # the header and five of seven
    assert "Zoé" in table
    assert "Zoéaaaaaa" not in table
    assert "01000" in table
    assert "Remise au destinataire · CSV · en entier · 7 lignes" in text_of(seen.text).replace("\u202f", " ").replace(
        "\xa0", " "
    )
    line = prepared(organiser, slug)
    waiting = text_of(organiser.get(line).text)
    assert "Télécharger le fichier" in waiting
    assert "à télécharger" in waiting[waiting.index("Journal des exports") :]
    assert REASON in waiting
    file = organiser.post(line + "/fichier")
    assert len(rows_of(file)) == 8
    journal = text_of(organiser.get(line).text)
    assert hashlib.sha256(file.content).hexdigest() in journal
    assert "Le fichier est allé au bout : 7 lignes" in journal.replace("\u202f", " ").replace("\xa0", " ")
    assert organiser.post(line + "/fichier").status_code == 410
    (record,) = records(site)
    assert (record.format, record.reason, record.since, record.rows) == ("csv", REASON, None, 7)
    assert acts(site) == ["export.previewed"] * 2 + ["export.prepared", "export.begun", "export.finished"]


def test_a_file_is_fetched_by_whoever_asked_and_within_ten_minutes(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug)
    organiser, other = site.staff("organiser", slug), site.staff("organiser", slug, email="autre@exemple.test")
    line = prepared(organiser, slug)
    assert "Le fichier attend la personne" in text_of(other.get(line).text)
    assert other.post(line + "/fichier").status_code == 404
    site.later(minutes=10)
    assert organiser.post(line + "/fichier").status_code == 410
    assert "jamais téléchargé" in text_of(organiser.get(line).text)
    assert acts(site) == ["export.previewed", "export.prepared"]
    # Nothing of it has gone out: nobody is told to drop anything from it, or that it had them.
    for path in ("999", "0", "1" * 20, "x"):
        assert organiser.get(f"{url(slug)}/{path}").status_code == 404
        assert organiser.post(f"{url(slug)}/{path}/fichier").status_code == 404
    second = site.publish()
    stranger = site.staff("organiser", second, email="ailleurs@exemple.test")
    number = line.rsplit("/", 1)[1]
    for path in (url(slug), line, f"{url(second)}/{number}"):
        assert stranger.get(path).status_code == 404
    assert stranger.post(line + "/fichier").status_code == 404
    assert preview(stranger, slug).status_code == 404


@pytest.mark.parametrize(("purpose", "asked"), [("delivery", True), ("contact", True), ("audit", False)])
def test_people_are_seen_and_leave_after_a_fresh_proof_and_the_choice_survives(
    site: Site, purpose: str, asked: bool
) -> None:
    slug = site.publish()
    site.confirmed(slug, consent_organiser="on")
    organiser = site.staff("organiser", slug)
    site.later(minutes=11)
    for path, form in (
        (f"{url(slug)}/apercu", {"purpose": purpose, "format": "xlsx", "extent": "whole"}),
        (url(slug), {"purpose": purpose, "format": "xlsx", "since": "", "prepare": "on", "reason": REASON}),
        (url(slug), {"purpose": purpose}),  # a program
    ):
        answer = organiser.post(path, data=form)
        if not asked:
            assert answer.status_code in {200, 303}
            continue
        assert (answer.status_code, "C’est bien vous" in answer.text) == (403, True)
        assert b"Durand" not in answer.content
        kept = dict(re.findall(r'<input type="hidden" name="([a-z]+)" value="([^"]*)">', answer.text))
        assert kept == form | {"vers": path}
        proof = organiser.post("/compte/preuve", data=form | {"vers": path, "preuve": PASSWORD})
        assert (proof.status_code, proof.headers["location"]) == (307, path)
        assert organiser.post(path, data=form).status_code in {200, 303}
        site.later(minutes=11)


def test_only_numbers_need_no_proof(site: Site) -> None:
    slug = site.publish(delivery_mode="count")
    site.confirmed(slug)
    organiser = site.staff("organiser", slug)
    site.later(minutes=11)
    seen = preview(organiser, slug)
    assert seen.status_code == 200
    assert "Autres" in seen.text
    assert "Ce fichier contient des personnes" not in text_of(seen.text)


@pytest.mark.parametrize("reason", ["", "court", " \u200b " * 9, "\u3164" * 20, "é" * 501])
def test_the_page_asks_for_a_reason_and_a_program_may_give_none(site: Site, reason: str) -> None:
    slug = site.publish()
    site.confirmed(slug)
    organiser = site.staff("organiser", slug)
    form = {"purpose": "delivery", "format": "xlsx", "prepare": "on", "reason": reason}
    refused = organiser.post(url(slug), data=form)
    assert refused.status_code == 422
    assert "Dites pourquoi, en 10 à 500 caractères." in text_of(refused.text)
    assert "Durand" not in refused.text  # seen by nobody without a line in the journal
    assert ("format", "xlsx") in HIDDEN.findall(refused.text)
    assert records(site) == []
    assert organiser.post(url(slug), data={"purpose": "delivery"}).headers["content-type"].startswith("text/csv")
    assert "sans motif" in text_of(organiser.get(url(slug)).text)


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"purpose": ""}, "Choisissez ce que l’export doit contenir."),
        ({"purpose": "tout"}, "Choisissez ce que l’export doit contenir."),
        ({"purpose": "delivery", "format": "ods"}, "Choisissez ce que l’export doit contenir."),
        ({"purpose": "delivery", "extent": "new"}, "Aucun export de ce fichier n’est allé au bout"),
        ({"purpose": "delivery", "since": "x"}, "Donnez un numéro."),
        ({"purpose": "delivery", "since": "9" * 30}, "Donnez un numéro."),
        ({"purpose": "delivery", "since": "7"}, "Aucun export de ce fichier n’est allé au bout"),
        ({"purpose": "audit", "since": "7"}, "il se prend toujours en entier"),
    ],
)
def test_what_cannot_be_exported_is_said_on_the_page(site: Site, form: dict[str, str], sentence: str) -> None:
    slug = site.publish()
    site.confirmed(slug)
    organiser = site.staff("organiser", slug)
    path = url(slug) if "since" in form else f"{url(slug)}/apercu"
    refused = organiser.post(path, data=form | {"prepare": "on", "reason": REASON})
    assert refused.status_code == 422
    assert sentence in text_of(refused.text)
    assert 'name="extent"' in refused.text
    assert records(site) == []


def test_the_others_in_charge_are_told_and_nobody_who_signed_is_named(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, given_name="Zénobie", family_name="Quenouille")
    organiser = site.staff("organiser", slug)
    site.account("organiser", slug, email="autre@exemple.test")
    site.account("organiser", email="ailleurs@exemple.test")
    fetched(organiser, slug)
    (told,) = [mail for mail in site.mails() if "export" in mail.subject]
    assert told.to == "autre@exemple.test"
    text = text_of(told.text)
    for said in ("organiser@exemple.test", REASON, "1 ligne", "noms et codes postaux", f"{url(slug)}"):
        assert said in text
    for private in ("Zénobie", "Quenouille", "35000", "marie@exemple.test"):
        assert private not in told.text + told.html
    # The same file again within the hour is in the journal; another file is told, and later this one too.
    fetched(organiser, slug)
    assert len([mail for mail in site.mails() if "export" in mail.subject]) == 1
    assert organiser.post(url(slug), data={"purpose": "audit"}).status_code == 200
    assert len([mail for mail in site.mails() if "export" in mail.subject]) == 2
    site.later(minutes=61)
    fetched(again(site, "organiser@exemple.test"), slug)
    assert len([mail for mail in site.mails() if "export" in mail.subject]) == 3


def test_members_who_export_or_manage_are_told_and_others_are_not(site: Site) -> None:
    maker = found(site)
    join(site, maker, SECOND, "signatures")
    join(site, maker, "gere@exemple.test", "members")
    join(site, maker, "ecrit@exemple.test", "petitions", "updates")
    slug = site.publish()
    with site.database.write() as session:
        petition = by_slug(session, slug)
        assert petition is not None
        (membership,) = organisations.memberships(session, site.account_id(SECOND))
        petition.organisation_id = membership.organisation_id
        record = actions.begin(session, petition, "delivery", None, reason="Sauvegarde.")
    b"".join(actions.stream(site.database, record.id))
    told = {mail.to: mail for mail in site.mails() if "export" in mail.subject}
    assert set(told) == {MAKER, SECOND, "gere@exemple.test"}
    assert "L’opérateur de la plateforme exporte, en ligne de commande" in text_of(told[SECOND].text)
    assert "Sauvegarde." in told[SECOND].html


def test_the_journal_of_all_is_the_administrators(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug)
    organiser, admin = site.staff("organiser", slug), site.staff("admin")
    file = fetched(organiser, slug, format="xlsx")
    page = text_of(admin.get("/administration/exports").text)
    for said in (REASON, "organiser@exemple.test", hashlib.sha256(file.content).hexdigest(), "Classeur", "Montfleur"):
        assert said in page
    assert organiser.get("/administration/exports").status_code == 404


@pytest.mark.databases("sqlite", "postgresql")
def test_sixty_at_once_fetch_one_file_once(site: Site) -> None:
    slug = site.publish()
    _insert(site, slug, 30)
    organiser = site.staff("organiser", slug)
    site.account("organiser", slug, email="autre@exemple.test")
    line = prepared(organiser, slug) + "/fichier"
    browsers, gate = [site.browser(cookies=organiser.cookies) for _ in range(60)], threading.Barrier(60)

    def fetch(browser: TestClient) -> int:
        gate.wait()
        return browser.post(line).status_code

    with ThreadPoolExecutor(60) as pool:
        codes = list(pool.map(fetch, browsers))
    assert codes.count(200) == 1
    assert set(codes) <= {200, 410, 503}  # 503: too many at once
    (record,) = records(site)
    assert record.rows == 30
    assert len([mail for mail in site.mails() if "export" in mail.subject]) == 1
