"""The three exports: who is in them, what they say, and that nothing in them runs."""

import csv
import hashlib
import io
import re
import tracemalloc
import zipfile
from datetime import timedelta
from itertools import islice

import httpx2
import pytest
from sqlalchemy import insert, select

from app import clock, crypto
from app.audit import AuditLine
from app.consents import actions as consents
from app.exports import actions, xlsx
from app.exports.csv import safe
from app.exports.models import ExportRecord
from app.petitions import keys as petition_keys
from app.petitions.queries import by_slug
from app.signatures.models import Signature
from app.signatures.public import reference, seal_field
from app.zone import day_of
from tests.site import PASSWORD, Site

# Begins with a letter: 12e4 or 0012 would become numbers in a spreadsheet.
REFERENCE = re.compile(r"S-[0-9a-f]{12}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0[12]:00")


def export(site: Site, slug: str, purpose: str, **more: str) -> httpx2.Response:
    organiser = site.browser()
    form = {"email": "organiser@exemple.test", "password": PASSWORD}
    if organiser.post("/connexion", data=form).status_code != 303:
        organiser = site.staff("organiser", slug)
    return organiser.post(f"/organisation/petitions/{slug}/exports", data={"purpose": purpose} | more)


def rows_of(response: httpx2.Response) -> list[list[str]]:
    assert response.status_code == 200, response.text
    text = response.content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True))


def test_delivery_says_what_signers_were_told(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, postal_code="01000", display="hidden")
    site.confirmed(
        slug, email="anna@exemple.test", given_name="Anna", family_name="Müller", country="DE", postal_code="10115"
    )
    header, first, second = rows_of(export(site, slug, "delivery"))
    assert header == ["Référence", "Prénom", "Nom", "Code postal", "Pays", "Signée le"]
    assert first[1:5] == ["Marie", "Durand", "01000", "France"]
    assert second[1:5] == ["Anna", "Müller", "10115", "Allemagne"]
    assert all(REFERENCE.fullmatch(row[0]) for row in (first, second))
    assert all(MOMENT.fullmatch(row[5]) for row in (first, second))


def test_file_is_what_a_french_spreadsheet_expects(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, family_name="L’Hôtel;Dupré")
    response = export(site, slug, "delivery")
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.content.startswith(b"\xef\xbb\xbfR\xc3\xa9f")
    assert response.content.count(b"\xef\xbb\xbf") == 1
    assert response.content.count(b"\r\n") == response.content.count(b"\n") == 2
    assert response.content.endswith(b"\r\n")
    assert '"L’Hôtel;Dupré"'.encode() in response.content
    day = day_of(clock.now()).isoformat()[:7]
    assert re.search(
        rf'attachment; filename="{slug}-delivery-{day}-\d\d\.csv"', response.headers["content-disposition"]
    )
    assert response.headers["cache-control"] == "no-store"


def test_only_confirmed_signatures_are_delivered(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug)
    site.sign(slug, email="attend@exemple.test", given_name="Attend")
    gone = site.confirmed(slug, email="part@exemple.test", given_name="Part")
    assert site.client.post(gone.replace("/confirmer/", "/pas-moi/")).status_code == 303
    assert [row[1] for row in rows_of(export(site, slug, "delivery"))[1:]] == ["Marie"]


@pytest.mark.parametrize("purpose", ["delivery", "audit"])
def test_email_is_in_no_other_export_than_contact(site: Site, purpose: str) -> None:
    slug = site.publish()
    site.confirmed(slug, consent_organiser="on")
    assert b"@" not in export(site, slug, purpose).content


def test_contact_lists_only_those_who_accepted_and_still_do(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, email="oui@exemple.test", consent_organiser="on")
    site.confirmed(slug, email="non@exemple.test")
    site.confirmed(slug, email="suites@exemple.test", consent_updates="on", consent_newsletter="on")
    site.sign(slug, email="pending@exemple.test", consent_organiser="on")
    header, *rows = rows_of(export(site, slug, "contact"))
    assert header == ["Référence", "Prénom", "Nom", "E-mail", "Code postal", "Pays", "Signée le"]
    assert [row[3] for row in rows] == ["oui@exemple.test"]


def test_contact_leaves_out_who_took_the_agreement_back(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, consent_organiser="on")
    (signature,) = site.signatures()
    with site.database.write() as session:
        consents.withdraw(session, signature.petition_id, signature.id, {"organiser_contact"})
    assert len(rows_of(export(site, slug, "contact"))) == 1


def test_audit_has_every_state_and_no_identity(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, given_name="Zénobie", family_name="Quenouille", postal_code="29217")
    site.sign(slug, email="attend@exemple.test", given_name="Yseult")
    response = export(site, slug, "audit")
    header, *rows = rows_of(response)
    first, second = sorted(rows, key=lambda row: row[1])
    assert header == ["Pseudonyme", "État", "Reçue le", "Confirmée le", "Version du texte"]
    assert [first[1], second[1]] == ["confirmée", "en attente"]
    assert MOMENT.fullmatch(first[3])
    assert second[3] == ""
    for private in ("Zénobie", "Quenouille", "29217", "Yseult", "@"):
        assert private not in response.text
    for row, signature in zip((first, second), site.signatures(), strict=True):
        assert REFERENCE.fullmatch(row[0])
        assert row[0].removeprefix("S-") not in signature.id.hex
        assert signature.id.hex not in response.text


def test_states_cannot_be_joined_with_names(site: Site) -> None:
    """No reference, no moment and no order is common to the audit file and to one that names people."""
    slug = site.publish()
    for n in range(8):
        site.confirmed(slug, email=f"p{n}@exemple.test", given_name=f"N{chr(65 + n)}", consent_organiser="on")
    files = {purpose: rows_of(export(site, slug, purpose))[1:] for purpose in ("delivery", "contact", "audit")}
    references = {purpose: [row[0] for row in rows] for purpose, rows in files.items()}
    assert len(set().union(*references.values())) == 24
    for column in (2, 3):  # received, confirmed
        assert {row[column][13:] for row in files["audit"]} <= {":00:00+01:00", ":00:00+02:00"}
    # The audit file follows a keyed order: not that of signing, which the other files follow.
    with site.database.read() as session:
        rows = session.scalars(select(Signature).order_by(Signature.email_key)).all()
        keys = petition_keys.of(session, rows[0].petition_id)
        assert references["audit"] == [reference(keys, row.id, "audit") for row in rows]
        assert references["delivery"] == [reference(keys, i, "delivery") for i in sorted(row.id for row in rows)]


def test_pseudonyms_are_the_same_from_one_export_to_the_next(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug)
    assert rows_of(export(site, slug, "audit")) == rows_of(export(site, slug, "audit"))


def test_where_only_numbers_are_delivered_small_places_are_merged(site: Site) -> None:
    slug = site.publish(delivery_mode="count")
    _insert(site, slug, 11, departement="35")
    _insert(site, slug, 10, departement="29")
    _insert(site, slug, 1, departement="2A")
    _insert(site, slug, 12, departement="")
    header, *rows = rows_of(export(site, slug, "delivery"))
    assert header == ["Département", "Signatures"]
    assert sorted(rows) == [["35", "11"], ["Autres", "11"], ["Hors de France", "12"]]


def test_names_are_not_delivered_where_only_numbers_were_promised(site: Site) -> None:
    slug = site.publish(delivery_mode="count")
    site.confirmed(slug)
    content = export(site, slug, "delivery").text
    assert "Marie" not in content
    assert "Durand" not in content


FORMULAS = [
    '=HYPERLINK("http://mechant.test")',
    "+33612345678",
    "-2+3",
    "@SUM(A1)",
    "\tonglet",
    "\rretour",
    "\nligne",
    "＝1+1",
    "＋1",
    "－1",
    "＠A1",
    "  =1+1",
    "\u00a0=1+1",
    "\u3000＝1+1",
    "\u200b=1+1",
    "\u202f=1+1",
    " \t=1+1",
    "\ufeff=1+1",
]


@pytest.mark.parametrize("text", FORMULAS, ids=repr)
def test_cell_that_a_spreadsheet_would_run_is_neutralised(text: str) -> None:
    assert safe(text) == "'" + text


@pytest.mark.parametrize("text", ["Marie", "L’Haÿ", "01000", "2026-01-01T00:00:00+01:00", "Jean-Paul", "a=b", "", "12"])
def test_ordinary_cell_is_left_alone(text: str) -> None:
    assert safe(text) == text


@pytest.mark.typed("+336…@… dans l’export", "laissé tel quel, en CSV comme en classeur")
@pytest.mark.parametrize(
    "text", ["+33612345678@exemple.fr", "-a@exemple.fr", "+marie.d_u+x@mail.exemple-b.fr", "-", "+", "--"]
)
def test_what_cannot_be_a_formula_is_left_alone(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *(
            "=1+1@exemple.fr",
            "@a@exemple.fr",
            "+1-@exemple.fr",
            "-1+@nom",
            "+A1",
            "-Dupont",
            "-5",
            "+33 6 12",
            "+a@exemple",
        ),
        *("+cmd|'/C calc'!A0@exemple.fr", "-a@exemple.fr+1", "+1*2@exemple.fr", "+a@exemple.fr\n=1", "＋a@exemple.fr"),
        *("+a@exemple.fr\n", "\u200b+a@exemple.fr", "-SOMME(A1)@exemple.fr", "+А1@exemple.fr"),
    ],
)
def test_what_can_be_a_formula_is_not_excused_by_an_address(text: str) -> None:
    assert safe(text) == "'" + text


def test_an_address_is_the_same_in_both_files(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, email="+33612345678@exemple.test", consent_organiser="on")
    assert rows_of(export(site, slug, "contact"))[1][3] == "+33612345678@exemple.test"
    book = zipfile.ZipFile(io.BytesIO(export(site, slug, "contact", format="xlsx").content))
    assert b">+33612345678@exemple.test<" in b"".join(book.read(name) for name in book.namelist())


@pytest.mark.databases("sqlite")
def test_formula_that_slipped_into_a_name_is_neutralised_in_the_file(site: Site) -> None:
    slug = site.publish()
    _insert(site, slug, 1, given_name='=cmd|"/c calc"!A1', family_name="＝1+1")
    assert rows_of(export(site, slug, "delivery"))[1][1:3] == ['\'=cmd|"/c calc"!A1', "'＝1+1"]


@pytest.mark.parametrize("purpose", ["delivery", "contact", "audit"])
def test_journal_has_the_count_and_the_sha256_of_the_bytes(site: Site, purpose: str) -> None:
    slug = site.publish()
    for n in range(2):
        site.confirmed(slug, email=f"p{n}@exemple.test", consent_organiser="on")
    response = export(site, slug, purpose)
    with site.database.read() as session:
        record = session.scalars(select(ExportRecord)).one()
        acts = {line.act: line for line in session.scalars(select(AuditLine).where(AuditLine.target == "petition"))}
    assert (record.purpose, record.rows) == (purpose, 2)
    assert record.sha256 == hashlib.sha256(response.content).hexdigest()
    assert record.account_id == site.account_id("organiser@exemple.test")
    assert record.finished_at is not None
    assert acts["export.begun"].account_id == acts["export.finished"].account_id == record.account_id
    page = site.browser()
    page.post("/connexion", data={"email": "organiser@exemple.test", "password": PASSWORD})
    assert record.sha256[:16] in page.get(f"/organisation/petitions/{slug}/exports").text


def test_export_that_was_cut_stays_visible_as_unfinished(site: Site) -> None:
    slug = site.publish()
    _insert(site, slug, 1200)
    with site.database.write() as session:
        petition = by_slug(session, slug)
        assert petition is not None
        record_id = actions.begin(session, petition, "delivery", None).id
    pieces = actions.stream(site.database, record_id)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    with site.database.read() as session:
        record = session.get_one(ExportRecord, record_id)
    assert (record.finished_at, record.rows, record.sha256) == (None, None, None)


@pytest.mark.databases("sqlite")
def test_unknown_purpose_is_refused_and_not_journalled(site: Site) -> None:
    slug = site.publish()
    for purpose in ("", "tout", "Delivery"):
        assert export(site, slug, purpose).status_code == 422, purpose
    with site.database.read() as session:
        assert session.scalars(select(ExportRecord)).all() == []


@pytest.mark.databases("sqlite")
def test_petition_whose_data_were_erased_has_no_export(site: Site) -> None:
    slug = site.publish(purged_at=clock.now())
    assert export(site, slug, "delivery").status_code == 410
    page = site.browser()
    page.post("/connexion", data={"email": "organiser@exemple.test", "password": PASSWORD})
    shown = page.get(f"/organisation/petitions/{slug}/exports").text
    assert "ont été effacées" in shown
    assert "/exports/apercu" not in shown


@pytest.mark.slow
def test_twenty_thousand_rows_pass_in_constant_memory(site: Site) -> None:
    slug = site.publish()
    _insert(site, slug, 20_000)
    with site.database.write() as session:
        petition = by_slug(session, slug)
        assert petition is not None
        record_id = actions.begin(session, petition, "delivery", None).id
    pieces = actions.stream(site.database, record_id)
    size = sum(len(piece) for piece in islice(pieces, 8))  # what is loaded once is loaded
    tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        size += sum(len(piece) for piece in pieces)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    with site.database.read() as session:
        assert session.get_one(ExportRecord, record_id).rows == 20_000
    assert size > 1_000_000
    assert peak < 3_000_000, f"{peak:,} bytes at once"  # all rows at once take more than 20 million


def _insert(site: Site, slug: str, n: int, **changes: str) -> None:
    """Confirmed signatures, written straight into the table."""
    now = clock.now()
    values = {"given_name": "Marie", "family_name": "Durand", "postal_code": "01000", "departement": "01"} | changes
    with site.database.write() as session:
        petition = by_slug(session, slug)
        assert petition is not None
        keys = petition_keys.of(session, petition.id)
        rows = []
        for i in range(n):
            row_id = crypto.uuid7()
            rows.append(
                {
                    "petition_id": petition.id,
                    "id": row_id,
                    "email_key": row_id.bytes,
                    "state": "confirmed",
                    "given_name": values["given_name"],
                    "family_name_sealed": seal_field(keys, values["family_name"], row_id.bytes, "family_name"),
                    "email_sealed": b"",
                    "postal_code": values["postal_code"],
                    "country": "FR",
                    "departement": values["departement"],
                    "display": "hidden",
                    "locale": "fr",
                    "text_version": 1,
                    "created_at": now,
                    "confirmed_at": now + timedelta(microseconds=i),
                    "mails": 1,
                    "mails_today": 1,
                    "mailed_on": now.date(),
                    "reminded": False,
                    "code_failures": 0,
                }
            )
        session.execute(insert(Signature), rows)


def test_a_workbook_longer_than_it_can_be_is_refused_in_words(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    slug = site.publish()
    _insert(site, slug, 3)
    monkeypatch.setattr(xlsx, "MOST", 3)
    assert export(site, slug, "delivery", format="xlsx").status_code == 200
    monkeypatch.setattr(xlsx, "MOST", 2)
    refused = export(site, slug, "delivery", format="xlsx")
    assert refused.status_code == 422
    assert "choisissez le CSV" in refused.text
    assert export(site, slug, "delivery", format="ods").status_code == 422
    with site.database.read() as session:
        (record,) = session.scalars(select(ExportRecord)).all()
    assert record.rows == 3
