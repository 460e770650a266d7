"""Sheets are printed, entered and checked by whom they may, until when they may; what is refused says why."""

import re
from io import BytesIO

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import IntegrityError

from app import clock
from app.audit import AuditLine
from app.paper.models import Sheet, SheetLine
from app.petitions import actions, queries
from app.petitions.models import Petition
from tests.organisations import desk as members
from tests.paper.desk import FIRST, PLACE, PNG, Desk, opened
from tests.petitions.amended import amend
from tests.petitions.reading import pdf_text
from tests.site import PETITION, Site, text_of

pytestmark = pytest.mark.databases("sqlite")
ACCESSIBLE = b"pdfuaid"


@pytest.fixture
def desk(site: Site) -> Desk:
    made = opened(site)
    assert made.ask(3).status_code == 303
    return made


def print_(desk: Desk, query: str = "de=1&a=3") -> tuple[int, bytes]:
    answer = desk.first.get(f"{desk.path}/feuilles.pdf?{query}")
    return answer.status_code, answer.content


def test_a_sheet_says_what_is_signed_who_keeps_it_and_where_to_bring_it(desk: Desk) -> None:
    status, content = print_(desk)
    assert status == 200
    assert ACCESSIBLE in content
    said = " ".join(pdf_text(content).split())
    for words in (
        "Rouvrir la bibliothèque de Montfleur", "Claire Vasseur, Maire de Montfleur", "Rouvrir : au moins trois jours",
        "Texte complet, version 1 du", "J’accepte expressément que Collectif des lectrices", "opinions politiques",
        "J’ai 15 ans ou plus", "recevra les noms, prénoms et codes postaux", "retirer votre ligne", "CNIL", PLACE,
        "Feuille 1", "Feuille 2", "Feuille 3",
    ):  # fmt: skip
        assert words in said, words
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", content)) == 3
    assert desk.enter(2, ("35000", 1)).status_code == 303
    assert "Feuille 2" not in pdf_text(print_(desk)[1])  # what is entered is not printed again


def test_sheets_are_printed_as_long_as_they_may_be_signed_and_of_the_present_text(site: Site, desk: Desk) -> None:
    for query in ("", "de=1&a=4", "de=3&a=1", "de=0&a=2", f"de=1&a={'9' * 20}", "de=1&a=101", "de=x&a=3"):
        assert print_(desk, query)[0] == 404, query
    for how_many in ("0", "201", "9" * 20, "dix", "-3", ""):
        answer = desk.first.post(desk.path, data={"how_many": how_many, "return_to": PLACE})
        assert answer.status_code == 422, how_many
        assert PLACE in answer.text
    assert desk.ask(1, place=" ").status_code == 422
    for _ in range(24):
        assert desk.ask(200).status_code == 303
    assert "il en reste 197" in text_of(desk.ask(200).text)
    assert desk.ask(197).status_code == 303
    assert desk.ask(1).status_code == 422
    amend(site, desk.slug, desk.first, site.staff("moderator"))
    assert print_(desk)[0] == 422
    site.later(days=366)
    third = site.staff("organiser", desk.slug, email="plus.tard@exemple.test")
    assert third.get(f"{desk.path}/feuilles.pdf?de=1&a=3").status_code == 422
    assert third.post(desk.path, data={"how_many": "1", "return_to": PLACE}).status_code == 422


@pytest.mark.parametrize(
    ("sheet", "lines", "words"),
    [
        ("4", [("35000", 1)], "n’est pas de cette pétition"),
        ("9" * 20, [("35000", 1)], "tel qu’il y est imprimé"),
        ("", [("35000", 1)], "tel qu’il y est imprimé"),
        ("1", [], "au moins une signature"),
        ("1", [("35000", 0)], "de 1 à 12"),
        ("1", [("35000", 13)], "de 1 à 12"),
        ("1", [("35000", int("9" * 20))], "de 1 à 12"),
        ("1", [("35000", 7), ("29000", 6)], "vous en avez compté 13"),
        ("1", [("3500", 1)], "cinq chiffres"),
        ("1", [("", 3)], "Indiquez le code postal de cette ligne"),
    ],
)
def test_an_entry_that_cannot_be_is_shown_again_with_what_to_do(
    desk: Desk, sheet: str, lines: list[tuple[str, int]], words: str
) -> None:
    answer = desk.enter(sheet, *lines)
    assert answer.status_code == 422
    assert words in text_of(answer.text)
    for code, n in lines:
        assert f'value="{n}"' in answer.text
        assert f'value="{code}"' in answer.text


def test_codes_are_read_as_in_the_sign_form_and_odd_ones_are_pointed_out(site: Site, desk: Desk) -> None:
    lines = (("35 000", 2), ("F-35000", 1), ("75999", 1))
    assert desk.enter(1, *lines, form={"abroad": "2"}).status_code == 303
    with site.database.read() as session:
        found = {line.postal_code: (line.departement, line.signatures) for line in session.scalars(select(SheetLine))}
    assert found == {"35000": ("35", 3), "75999": ("75", 1), "": ("", 2)}
    page = text_of(desk.second.get(f"{desk.path}/feuilles/1").text)
    assert "Nous ne connaissons pas ces codes postaux, relisez-les : 75999." in page
    assert "35000" not in page  # who checks counts for themselves
    assert desk.do(1, "reprise").headers["location"].endswith("/saisir?feuille=1")
    form = desk.second.get(f"{desk.path}/saisir?feuille=1").text
    assert 'name="abroad"' in form
    assert re.search(r'name="abroad"[^>]*value="2"', form)


def test_a_sheet_counts_once_a_second_person_finds_the_same_number(site: Site, desk: Desk) -> None:
    assert desk.enter(1, ("35000", 11)).status_code == 303
    assert site.count(desk.slug) == 0
    assert "une autre personne doit la vérifier" in text_of(desk.check(1, 11, by=desk.first).text)
    assert desk.check(1, 13).status_code == 422
    answer = desk.check(1, 12)
    assert answer.headers["location"].endswith("?fait=renvoyee")
    assert "à saisir de nouveau" in text_of(desk.second.get(answer.headers["location"]).text)
    assert site.count(desk.slug) == 0
    assert desk.check(1, 11).status_code == 409  # there is nothing to check any more
    assert desk.enter(1, ("35000", 12), by=desk.second).status_code == 303
    assert desk.check(1, 12, by=desk.first).status_code == 303
    assert site.count(desk.slug) == 12
    assert desk.do(1, "reprise").status_code == 409
    assert desk.check(3, 1).status_code == 409
    assert desk.check(4, 1).status_code == 404


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize(
    "values",
    [
        {"state": "entered", "signatures": None},
        {"signatures": 13},
        {"signatures": 0},
        {"entered_by": 7, "checked_by": 7},
        {"number": 5001},
        {"number": 1},
        {"state": "lost"},
    ],
)
def test_the_database_refuses_it_too(site: Site, values: dict[str, object]) -> None:
    slug = site.publish()
    with site.database.read() as session:
        petition_id = session.scalars(select(Petition.id).where(Petition.slug == slug)).one()
    row = {"petition_id": petition_id, "number": 1, "version": 1, "state": "issued", "issued_at": clock.now(),
           "return_to": "", "scan_kind": ""}  # fmt: skip
    with site.database.write() as session:
        session.execute(insert(Sheet).values(row))
    with pytest.raises(IntegrityError), site.database.write() as session:
        session.execute(insert(Sheet).values({**row, "number": 2, **values}))


def test_fifteen_days_of_grace_and_two_more_to_check(site: Site, desk: Desk) -> None:
    assert desk.enter(1, ("35000", 5)).status_code == 303
    with site.database.write() as session:
        petition = queries.by_slug(session, desk.slug)
        assert petition is not None
        actions.close(session, petition)

    def at(name: str, **delay: float) -> Desk:
        """Two others, whose sessions have not ended."""
        site.later(**delay)
        people = [site.staff("organiser", desk.slug, email=f"{name}{n}@exemple.test") for n in (1, 2)]
        return Desk(site, desk.slug, *people)

    on_the_last_day = at("avant", days=14, hours=23)
    assert on_the_last_day.enter(2, ("35000", 1)).status_code == 303
    after = at("apres", hours=2)
    assert "c’est passé" in text_of(after.enter(3, ("35000", 1)).text)
    assert "c’est passé" in text_of(after.first.get(after.path).text)
    assert after.check(2, 1).status_code == 303
    too_late = at("tard", hours=48)
    assert "c’est passé" in text_of(too_late.check(1, 5).text)
    assert site.count(desk.slug) == 1


def test_another_petition_and_a_member_without_the_right_see_nothing(site: Site, desk: Desk) -> None:
    other = site.publish(PETITION.replace("Montfleur", "Valfleur"))
    stranger = site.staff("organiser", other, email="autre@exemple.test")
    theirs = f"/organisation/petitions/{other}/papier"
    assert desk.enter(1, ("35000", 5), files={"scan": ("f.png", PNG, "image/png")}).status_code == 303
    for path in ("", "/saisir", "/feuilles/1", "/feuilles.pdf?de=1&a=1"):
        assert stranger.get(desk.path + path).status_code == 404, path
    for path in ("", "/saisir", *(f"/feuilles/1/{act}" for act in ("verification", "reprise", "retrait", "copie"))):
        assert stranger.post(desk.path + path, data={"total": "5"}).status_code == 404, path
    assert stranger.get(f"{theirs}/feuilles/1").status_code == 404
    answer = stranger.post(f"{theirs}/saisir", data={"sheet": "1", "code-1": "35000", "n-1": "1"})
    assert "n’est pas de cette pétition" in text_of(answer.text)


def test_rights_of_members_say_who_enters_checks_and_opens_copies(site: Site) -> None:
    slug, maker = site.publish(), members.found(site)
    with site.database.write() as session:
        petition = queries.by_slug(session, slug)
        assert petition is not None
        actions.add_owner(session, petition, site.account_id(members.MAKER))
    home = f"/organisation/petitions/{slug}"
    assert maker.post(f"{home}/porteur", data={"organisation": "les-amis-de-la-lanterne"}).status_code == 303
    writer, exporter, teller = (
        members.join(site, maker, f"{right}@exemple.test", right) for right in ("petitions", "signatures", "updates")
    )
    desk = Desk(site, slug, writer, exporter)
    assert teller.get(home).status_code == 200
    assert "/papier" not in teller.get(home).text
    assert [teller.get(desk.path + path).status_code for path in ("", "/saisir")] == [404, 404]
    assert desk.ask(2).status_code == 303
    sent = {"scan": ("f.png", PNG, "image/png")}
    assert desk.enter(1, ("35000", 4), files=sent).status_code == 303
    assert desk.do(1, "copie", by=writer).status_code == 404  # who has entered it has the paper
    assert desk.check(1, 4, by=teller).status_code == 404
    admin = site.staff("admin")
    assert "c’est à elle de le faire" in text_of(desk.check(1, 4, by=admin).text)
    assert desk.check(1, 4).status_code == 303
    assert desk.do(1, "copie", by=exporter).content == PNG  # exports signers
    assert desk.enter(2, ("35000", 4), by=exporter, files=sent).status_code == 303
    assert desk.do(2, "copie", by=writer).content == PNG  # has to check it
    assert desk.check(2, 4, by=writer).status_code == 303
    assert desk.do(2, "copie", by=writer).status_code == 404  # is done with it
    assert site.count(slug) == 8


def test_an_administrator_stands_in_where_there_is_one_person_only(site: Site) -> None:
    slug = site.publish()
    alone, admin = site.staff("organiser", slug, email=FIRST), site.staff("admin")
    desk = Desk(site, slug, alone, admin)
    assert desk.ask(2).status_code == 303
    assert desk.enter(1, ("35000", 4), files={"scan": ("f.png", PNG, "image/png")}).status_code == 303
    assert "quelqu’un de l’administration de la plateforme peut" in text_of(alone.get(desk.path).text)
    for path, form in (("", {"how_many": "1", "return_to": PLACE}), ("/saisir", {"sheet": "2"})):
        assert admin.post(desk.path + path, data=form).status_code == 404
    assert "À vérifier" in text_of(admin.get(desk.path).text)
    assert admin.get(f"/organisation/petitions/{slug}/papier/feuilles/1").status_code == 200
    home = text_of(admin.get("/administration").text)
    assert re.search(r"Feuilles de signatures à vérifier «.Rouvrir la bibliothèque de Montfleur.» 1\b", home)
    assert desk.do(1, "copie", by=admin).content == PNG
    assert desk.check(1, 4).status_code == 303
    assert desk.do(1, "copie", by=admin).status_code == 404  # it is checked
    assert desk.enter(2, ("35000", 4)).status_code == 303
    site.staff("organiser", slug, email="seconde@exemple.test")
    assert "c’est à elle de le faire" in text_of(desk.check(2, 4).text)


def test_a_copy_is_sealed_opened_by_whom_it_concerns_and_noted(site: Site, desk: Desk) -> None:
    for content, why in ((b"GIF89a", "PDF, JPEG ou PNG"), (PNG + bytes(10 * 1024 * 1024), "10 Mo au plus")):
        answer = desk.enter(1, ("35000", 4), files={"scan": ("f.png", BytesIO(content), "image/png")})
        assert answer.status_code == 422
        assert why in text_of(answer.text)
        assert 'value="35000"' in answer.text
    assert desk.enter(1, ("35000", 4), files={"scan": ("nom de quelqu’un.png", PNG, "image/png")}).status_code == 303
    answer = desk.do(1, "copie", by=desk.second)
    assert (answer.content, answer.headers["content-type"]) == (PNG, "image/png")
    assert answer.headers["cache-control"] == "no-store"
    assert desk.do(2, "copie", by=desk.second).status_code == 404
    site.later(minutes=11)
    asked = desk.do(1, "copie", by=desk.second)
    assert asked.status_code == 403  # a proof first: names are on it
    with site.database.read() as session:
        acts = session.scalars(select(AuditLine.act).where(AuditLine.act == "sheet.scan_opened")).all()
        assert len(acts) == 1
        assert "quelqu" not in str([line.details for line in session.scalars(select(AuditLine))])
    (file,) = (site.settings.var / "scans").iterdir()
    assert file.stat().st_mode & 0o077 == 0
    with site.database.write() as session:
        session.execute(update(Sheet).where(Sheet.number == 2).values(state="entered", signatures=4, scan=file.name))
        session.execute(text("UPDATE sheet SET scan = NULL WHERE number = 1"))
    site.later(minutes=-11)
    assert desk.do(2, "copie", by=desk.second).status_code == 410  # sealed for its own sheet
