"""A delivery is a dated public line that ends a petition, once, for good; its proof is sealed and opened by few."""

import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.audit import AuditLine
from app.deliveries.models import Delivery, DeliveryProof
from app.exports.models import ExportRecord
from app.organisations.models import Organisation
from app.petitions.models import Petition
from app.privacy import retention
from app.updates import jobs as update_jobs
from app.updates.models import Update
from tests.deliveries.handing import PDF, desk, form, hand_over, handed_over, png, signed_in, today
from tests.deliveries.test_commands import signons
from tests.organisations.desk import found, join
from tests.paper.desk import FIRST, opened
from tests.site import PETITION, Site, text_of

TWO = PETITION.replace("goal: 500", '  - name: "Paul Roux"\n    role: "Président de l’agglomération"\ngoal: 500')


def test_its_number_is_that_of_the_last_pack_of_that_day(site: Site) -> None:
    """Neither a list that goes on from another, nor sheets counted since, nor a later pack make another number."""
    desk_ = opened(site, TWO, delivery_mode="identities")
    slug, exports = desk_.slug, f"/organisation/petitions/{desk_.slug}/exports"
    site.confirmed(slug)
    desk_.ask(3)
    desk_.counted(1, ("35000", 12))
    first_day = today().isoformat()
    assert desk_.first.post(desk(slug, "/dossier")).status_code == 200
    site.later(minutes=1)
    site.confirmed(slug, email="deux@exemple.test")
    desk_.counted(2, ("35000", 5))
    assert desk_.first.post(exports, data={"purpose": "delivery", "since": "1"}).status_code == 200
    site.later(days=2)
    organiser = signed_in(site, FIRST)
    assert organiser.post(desk(slug, "/dossier")).status_code == 200
    assert hand_over(organiser, slug, on=first_day).status_code == 303
    assert hand_over(organiser, slug, to_1="on", seen="1").status_code == 303
    lines = site.client.get(f"/petitions/{slug}.json").json()["delivery"]["lines"]
    assert [line["signatures"] for line in lines] == [1 + 12, 2 + 12 + 5]
    with site.database.read() as session:
        marks = list(session.scalars(select(Delivery.pack_sha256).order_by(Delivery.id)))
        packs = select(ExportRecord.sha256).where(ExportRecord.format == "zip").order_by(ExportRecord.id)
        assert marks == list(session.scalars(packs))


@pytest.mark.databases("sqlite")
def test_without_a_pack_of_that_day_it_is_the_present_number_without_a_mark(site: Site) -> None:
    slug = site.publish()
    for n in range(3):
        site.confirmed(slug, email=f"p{n}@exemple.test")
    organiser, first_day = site.staff("organiser", slug), today().isoformat()
    export = organiser.post(f"/organisation/petitions/{slug}/exports", data={"purpose": "delivery"})
    assert export.status_code == 200
    site.later(days=1)
    site.confirmed(slug, email="tard@exemple.test")
    organiser = signed_in(site)
    assert organiser.post(desk(slug, "/dossier")).status_code == 200
    assert hand_over(organiser, slug, on=first_day).status_code == 303
    with site.database.read() as session:
        made = session.scalars(select(Delivery)).one()
        assert (made.signatures, made.pack_sha256) == (4, "")


@pytest.mark.databases("sqlite")
def test_sheets_that_nobody_has_checked_are_told_of_before(site: Site) -> None:
    desk_ = opened(site)
    desk_.ask(3)

    def question(seen: str = "0") -> str:
        return text_of(desk_.first.post(desk(desk_.slug), data=form(act="look", seen=seen)).text)

    assert "vérification" not in question()
    desk_.enter(1, ("35000", 2))
    assert "1 feuille attend sa vérification : elle ne comptera plus." in question()
    desk_.enter(2, ("35000", 2))
    assert "2 feuilles attendent leur vérification : elles ne compteront plus." in question()
    words = ["petition", "deliver", desk_.slug, "--how", "post"]
    told = signons(site, *words, said="non\n")
    assert "2 feuilles attendent leur vérification : elles ne compteront plus." in told.output
    assert hand_over(desk_.first, desk_.slug).status_code == 303
    assert "vérification" not in question(seen="1")


@pytest.mark.databases("sqlite")
def test_a_question_is_asked_first_and_says_what_it_changes(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, consent_updates="on")
    organiser = site.staff("organiser", slug)
    page = organiser.get(desk(slug))
    assert "2. Dire que c’est remis" in text_of(page.text)
    asked = organiser.post(desk(slug), data=form(act="look"))
    said = text_of(asked.text)
    assert asked.status_code == 200
    assert "Plus personne ne peut signer" in said
    assert "1 personne, qui a demandé des nouvelles, en recevra un message" in said
    assert "seront effacées le" in said
    assert site.client.get(f"/petitions/{slug}.json").json()["delivery"] is None
    assert site.client.get(f"/petitions/{slug}.json").json()["state"] == "open"


def test_it_is_for_good_and_everybody_is_told(site: Site) -> None:
    """All of it at once: the state, the line, the clock, the news and its mail."""
    slug = site.publish()
    site.confirmed(slug, consent_updates="on")
    organiser = site.staff("organiser", slug)
    assert hand_over(organiser, slug).status_code == 303
    page = text_of(site.client.get(f"/petitions/{slug}").text)
    assert "Remise le" in page
    assert "en main propre, à : Claire Vasseur, Maire de Montfleur" in page
    assert "Les données de ses signataires s’effacent le" in page
    assert site.sign(slug, email="tard@exemple.test").status_code != 303
    said = site.client.get(f"/petitions/{slug}.json").json()["delivery"]
    assert said["on"] == today().isoformat()
    assert said["lines"][0]["to"] == ["Claire Vasseur, Maire de Montfleur"]
    assert said["lines"][0]["how"] == "hand"
    assert said["lines"][0]["signatures"] == 1
    with site.database.read() as session:
        update = session.scalars(select(Update)).one()
        assert (update.kind, update.mail, update.facts["how"]) == ("delivery", True, "en main propre")
        acts = set(session.scalars(select(AuditLine.act)))
    assert {"petition.delivered", "delivery.noted", "update.sent"} <= acts
    before = len(site.mails())
    site.later(minutes=11)
    update_jobs.send_updates(site.database, site.settings.origin)
    (mail,) = site.mails()[before:]
    assert mail.to == "marie@exemple.test"
    assert "Claire Vasseur" in mail.text
    site.later(days=31)
    retention.run(site.database, site.settings)
    assert "Les données de ses signataires sont effacées" in text_of(site.client.get(f"/petitions/{slug}").text)


@pytest.mark.databases("sqlite")
def test_what_its_organiser_adds_is_read_by_a_moderator_first(site: Site) -> None:
    slug = site.publish()
    organiser = site.staff("organiser", slug)
    assert hand_over(organiser, slug, note="Le maire était **là**.").status_code == 303
    with site.database.read() as session:
        assert session.scalars(select(Update.state)).one() == "waiting"
    assert "Le maire était" not in site.client.get(f"/petitions/{slug}").text


def test_the_clock_starts_on_the_day_that_is_given_and_a_second_delivery_moves_nothing(site: Site) -> None:
    slug = site.publish(TWO)
    site.account("organiser", slug)
    site.later(days=20)
    organiser = signed_in(site)
    given = today() - timedelta(days=10)
    assert hand_over(organiser, slug, on=given.isoformat()).status_code == 303
    erased = site.client.get(f"/petitions/{slug}.json").json()["delivery"]["erased_on"]
    assert date.fromisoformat(erased[:10]) - given in {timedelta(days=30), timedelta(days=31)}
    site.later(days=5)
    organiser = signed_in(site)
    asked = text_of(organiser.post(desk(slug), data=form(act="look", seen="1")).text)
    assert "La date d’effacement reste le" in asked
    assert hand_over(organiser, slug, to_0="", to_1="on", way="post", seen="1").status_code == 303
    said = site.client.get(f"/petitions/{slug}.json").json()["delivery"]
    assert said["erased_on"] == erased
    assert [line["to"] for line in said["lines"]] == [
        ["Claire Vasseur, Maire de Montfleur"],
        ["Paul Roux, Président de l’agglomération"],
    ]


@pytest.mark.databases("sqlite")
def test_a_delivery_of_long_ago_leaves_seven_days_to_say_that_it_is_wrong(site: Site) -> None:
    slug = site.publish()
    site.later(days=60)
    assert (
        hand_over(site.staff("organiser", slug), slug, on=(today() - timedelta(days=50)).isoformat()).status_code == 303
    )
    said = site.client.get(f"/petitions/{slug}.json").json()["delivery"]
    assert date.fromisoformat(said["erased_on"][:10]) - today() in {timedelta(days=6), timedelta(days=7)}
    assert said["lines"][0]["on"] == (today() - timedelta(days=50)).isoformat()


@pytest.mark.databases("sqlite")
def test_whoever_finds_an_open_session_hands_nothing_over(site: Site) -> None:
    slug = site.publish()
    organiser = site.staff("organiser", slug)
    site.later(minutes=11)
    for act in ("look", "deliver"):
        assert organiser.post(desk(slug), data=form(act=act)).status_code == 403
    assert site.client.get(f"/petitions/{slug}.json").json()["state"] == "open"


@pytest.mark.databases("sqlite")
@pytest.mark.typed(
    "une remise datée d’hier à mille ans, ou d’avant l’ouverture", "refusée d’une phrase, rien n’est noté"
)
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"on": ""}, "on"),
        ({"on": "2026-02-30"}, "on"),
        ({"on": "1999-01-01"}, "on"),
        ({"on": "2000-01-01"}, "on"),
        ({"on": "9999-12-31"}, "on"),
        ({"on": "2100-12-31"}, "on"),
        ({"to-0": ""}, "to"),
        ({"to-0": "", "to-1": "on"}, "to"),
        ({"to-0": "", "to-99": "on"}, "to"),
        ({"way": "pigeon"}, "way"),
        ({"way": ""}, "way"),
        ({"note": "x" * 1001}, "note"),
        ({"seen": "-1"}, "seen"),
    ],
)
def test_what_cannot_be_is_refused(site: Site, changes: dict[str, str], field: str) -> None:
    slug = site.publish()
    organiser = site.staff("organiser", slug)
    answer = organiser.post(desk(slug), data=form() | {"note": "Une phrase gardée."} | changes)
    assert answer.status_code == 422
    assert f'href="#champ-{field}"' in answer.text
    assert field == "note" or "Une phrase gardée." in answer.text
    assert site.client.get(f"/petitions/{slug}.json").json()["state"] == "open"


def test_twelve_at_once_note_it_once(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, consent_updates="on")
    first = site.staff("organiser", slug)
    begin, statuses = threading.Barrier(12), []

    def press() -> None:
        browser = site.browser()
        browser.cookies.update(first.cookies)
        begin.wait()
        statuses.append(hand_over(browser, slug).status_code)

    threads = [threading.Thread(target=press) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses.count(303) == 1
    assert set(statuses) <= {303, 409, 503}
    with site.database.read() as session:
        assert len(session.scalars(select(Delivery)).all()) == 1
        assert len(session.scalars(select(Update)).all()) == 1


def test_signing_and_handing_over_at_once_leave_one_truth(site: Site) -> None:
    """Whoever signs is counted or told; nobody is counted after it is over but those who had signed before."""
    slug = site.publish()
    organiser = site.staff("organiser", slug)
    paths = []
    for n in range(6):
        assert site.sign(slug, email=f"s{n}@exemple.test").status_code == 303
        paths.append(site.mails()[-1].link("/confirmer/"))
    begin, statuses = threading.Barrier(7), []

    def confirm(path: str) -> None:
        browser = site.browser()
        begin.wait()
        statuses.append(browser.post(path).status_code)

    def deliver() -> None:
        begin.wait()
        statuses.append(hand_over(organiser, slug).status_code)

    threads = [threading.Thread(target=confirm, args=(path,)) for path in paths] + [threading.Thread(target=deliver)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) == {303}  # forms sent before are confirmed for two days more
    assert site.count(slug) == 6
    assert site.sign(slug, email="tard@exemple.test").status_code != 303
    with site.database.read() as session:
        assert 0 <= session.scalars(select(Delivery.signatures)).one() <= 6


# The proof


def test_the_proof_is_sealed_and_opened_by_those_who_carry_it(site: Site) -> None:
    slug = site.publish()
    organiser = site.staff("organiser", slug)
    assert hand_over(organiser, slug, PDF, name="Récépissé de M. Durand.PDF").status_code == 303
    with site.database.read() as session:
        sealed = session.scalars(select(DeliveryProof.sealed)).one()
    assert b"Tamponnette" not in sealed
    answer = organiser.post(desk(slug, "/1/preuve/copie"))
    assert answer.content == PDF
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == f'attachment; filename="preuve-{slug}-1.pdf"'
    assert answer.headers["cache-control"] == "no-store"
    assert organiser.get(desk(slug, "/1/preuve/copie")).status_code == 405
    assert site.staff("admin").post(desk(slug, "/1/preuve/copie")).status_code == 200
    stranger = site.staff("organiser", email="autre@exemple.test")
    assert stranger.post(desk(slug, "/1/preuve/copie")).status_code == 404
    assert site.client.post(desk(slug, "/1/preuve/copie")).status_code == 404
    assert organiser.post(desk(slug, "/2/preuve/copie")).status_code == 404
    assert "Durand" not in site.client.get(f"/petitions/{slug}").text
    with site.database.read() as session:
        acts = list(session.scalars(select(AuditLine.act)))
    assert acts.count("delivery.proof_opened") == 2


@pytest.mark.databases("sqlite")
@pytest.mark.typed(
    "une preuve qui n’est ni PDF, ni JPEG, ni PNG, ou qui a autre chose après sa fin", "refusée d’une phrase"
)
@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>alert(1)</script></html>",
        b"GIF89a;<script>",
        b"%PDF-1.7 cut short",
        b"\n%PDF-1.7\n%%EOF",
        PDF + b"PK\x03\x04" + b"x" * 2000,
        png() + b"<script>alert(1)</script>",
        png()[:-20],
        b"\xff\xd8\xff" + b"not a picture" + b"\xff\xd9",
        b"",
    ],
)
def test_what_is_no_proof_is_refused_and_nothing_is_noted(site: Site, content: bytes) -> None:
    slug = site.publish()
    organiser = site.staff("organiser", slug)
    answer = hand_over(organiser, slug, content)
    assert answer.status_code == 422
    assert "Preuve\u202f:" in answer.text
    assert site.client.get(f"/petitions/{slug}.json").json()["state"] == "open"


@pytest.mark.databases("sqlite")
def test_ten_megabytes_are_kept_and_one_byte_more_is_not(site: Site) -> None:
    slug = site.publish()
    organiser = site.staff("organiser", slug)
    most = 10 * 1024 * 1024
    whole = PDF[:-6] + b"\n" * (most - len(PDF)) + PDF[-6:]
    assert hand_over(organiser, slug, b"%PDF-1.7\n" + whole[8:] + b"\n%%EOF").status_code == 422
    assert hand_over(organiser, slug, whole).status_code == 303
    assert len(organiser.post(desk(slug, "/1/preuve/copie")).content) == most


@pytest.mark.databases("sqlite")
def test_a_proof_may_come_later_and_is_not_replaced(site: Site) -> None:
    slug, organiser = handed_over(site)
    there = desk(slug, "/1/preuve")
    assert organiser.post(there).status_code == 422
    assert organiser.post(there, files={"proof": ("x.html", b"<p>")}).status_code == 422
    assert organiser.post(there, files={"proof": ("tampon.png", png())}).status_code == 303
    assert organiser.post(there, files={"proof": ("tampon.png", png())}).status_code == 409
    assert organiser.post(desk(slug, "/7/preuve"), files={"proof": ("tampon.png", png())}).status_code == 404
    page = text_of(organiser.get(desk(slug)).text)
    assert "tampon.png" in page
    assert organiser.post(there + "/copie").headers["content-type"] == "image/png"


# Who may


@pytest.mark.databases("sqlite")
def test_each_right_opens_its_own_part(site: Site) -> None:
    maker = found(site)
    slug = site.publish()
    with site.database.write() as session:
        organisation = session.scalars(select(Organisation)).one()
        session.scalars(select(Petition).where(Petition.slug == slug)).one().organisation_id = organisation.id
    told = join(site, maker, "nouvelles@exemple.test", "updates")
    writes = join(site, maker, "ecrit@exemple.test", "petitions")
    exports = join(site, maker, "exporte@exemple.test", "signatures")
    pack = desk(slug, "/dossier")
    assert {who.post(pack).status_code for who in (told, writes)} == {404}
    assert exports.post(pack).status_code in {200, 403}
    assert {hand_over(who, slug).status_code for who in (told, exports)} == {404}
    assert {who.get(desk(slug)).status_code for who in (told, writes, exports)} == {200}
    assert "Dire que c’est remis" not in text_of(told.get(desk(slug)).text)
    assert hand_over(writes, slug).status_code == 303
    assert told.get(f"/organisation/petitions/{slug}/reponse").status_code == 200
    assert writes.get(f"/organisation/petitions/{slug}/reponse").status_code == 404
    moderator = site.staff("moderator")
    assert moderator.get(desk(slug)).status_code == 404


@pytest.mark.databases("sqlite")
def test_a_draft_or_a_petition_taken_down_is_not_handed_over(site: Site) -> None:
    slug = site.publish()
    organiser = site.staff("organiser", slug)
    with site.database.write() as session:
        session.scalars(select(Petition)).one().state = "refused"
    assert "Une pétition se remet une fois publiée." in text_of(organiser.get(desk(slug)).text)
    assert hand_over(organiser, slug).status_code == 409
