"""A last day is a date in France; the petition ends with it, and says so everywhere alike."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import clock
from app.petitions import actions, queries
from app.zone import ZONE, day_of, day_typed, end_of, last_day_before
from tests.drafting.writing import proposed, saved, written
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")


def stand_at(year: int, month: int, day: int, hour: int = 12, minute: int = 0) -> None:
    """The clock shows this in France."""
    clock.travel(datetime(year, month, day, hour, minute, tzinfo=ZONE) - clock.now())


def publish(site: Site, slug: str) -> None:
    with site.database.write() as session:
        petition = queries.by_slug(session, slug)
        assert petition is not None
        actions.publish(session, petition)


@settings(database=None, derandomize=True)
@given(st.dates(date(1900, 1, 1), date(9999, 12, 30)))
def test_a_day_ends_at_midnight_and_is_found_again(day: date) -> None:
    end = end_of(day)
    assert last_day_before(end) == day
    assert (end.hour, end.minute) == (0, 0)
    assert day_of(end) == day + timedelta(days=1)
    assert last_day_before(end.astimezone(UTC)) == day


def test_a_day_is_typed_as_forms_and_people_write_it() -> None:
    assert day_typed("2027-01-31") == day_typed("31/01/2027") == day_typed("31/1/2027") == date(2027, 1, 31)
    for wrong in ("20270131", "2027-1-31", "2027-W05-7", "31/02/2027", "31/01/27", "٢٠٢٧-٠١-٣١", "0000-01-01", "", "x"):
        with pytest.raises(ValueError):
            day_typed(wrong)


@pytest.mark.typed(
    "dernier jour 2026-12-31, enregistré sans changement", "« se termine le 31 décembre 2026 », et n’en bouge pas"
)
def test_the_last_day_is_the_one_that_was_typed(site: Site) -> None:
    stand_at(2026, 3, 1)
    organiser = site.staff("organiser")
    base = written(organiser, reglages={"closes_on": "2026-12-31"})
    for _ in range(3):
        page = organiser.get(f"{base}/reglages").text
        assert 'value="2026-12-31"' in page
        assert saved(organiser, base, "reglages", seen="1", closes_on="2026-12-31").status_code == 303
    made = organiser.post(f"{base}/proposer").headers["location"]
    assert "se termine le 31 décembre 2026" in text_of(organiser.get(made).text)
    slug = made.rsplit("/", 1)[1].partition("?")[0]
    publish(site, slug)
    for path in (f"/petitions/{slug}", "/petitions", "/?tri=fin"):
        assert "se termine le 31 décembre 2026" in text_of(site.client.get(path).text), path
    # In few lines, the home page tells it once it is near: within seven days.
    for day, told in ((24, False), (25, True)):
        stand_at(2026, 12, day, 1)
        site.app.state.page_cache.entries.clear()
        assert ("se termine le 31 décembre 2026" in text_of(site.client.get("/").text)) is told, day
    assert "ends on 31 December 2026" in text_of(site.client.get(f"/en/petitions/{slug}").text)
    stand_at(2026, 12, 31, 23, 59)
    site.app.state.page_cache.entries.clear()  # a page is kept for a second at most, in real time
    assert 'id="signer"' in site.client.get(f"/petitions/{slug}").text
    stand_at(2027, 1, 1, 0, 1)
    site.app.state.page_cache.entries.clear()
    page = site.client.get(f"/petitions/{slug}").text
    assert 'id="signer"' not in page
    assert "close le 31 décembre 2026" in text_of(page)
    assert "31/12/2026" in text_of(site.staff("organiser", slug, email="autre@exemple.test").get("/organisation").text)


@pytest.mark.typed("9999-12-31, 0001-01-01, 2029, une date passée", "une phrase ; rien de saisi n’est perdu")
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("9999-12-31", "trop lointaine : au plus tard le 1er mars 2027"),
        ("9999-12-30", "trop lointaine"),
        ("2029-01-01", "trop lointaine"),
        ("2027-03-02", "trop lointaine"),
        ("2026-02-28", "cette date est passée"),
        ("0001-01-01", "cette date est passée"),
        ("2026-02-30", "une date AAAA-MM-JJ est attendue"),
        ("99999999999999999999", "une date AAAA-MM-JJ est attendue"),
        ("2026", "une date AAAA-MM-JJ est attendue"),
        ("🙏", "une date AAAA-MM-JJ est attendue"),
    ],
)
def test_a_day_that_cannot_be_kept_is_refused_and_what_was_typed_stays(site: Site, typed: str, said: str) -> None:
    stand_at(2026, 3, 1)
    organiser = site.staff("organiser")
    base = written(organiser, reglages={"closes_on": typed})
    page = organiser.get(f"{base}/reglages?verifier=oui").text
    assert said in text_of(page).replace("\u202f", " ")
    assert f'value="{typed}"' in page
    assert organiser.post(f"{base}/proposer").status_code == 422


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("typed", ["2026-03-01", "2027-03-01", "01/03/2027", ""])
def test_the_first_and_the_last_day_possible_are_kept_whole(site: Site, typed: str) -> None:
    stand_at(2026, 3, 1, 23, 30)
    slug = proposed(site.staff("organiser"), reglages={"closes_on": typed})
    publish(site, slug)
    last = "1er mars 2026" if typed == "2026-03-01" else "1er mars 2027"
    assert f"se termine le {last}" in text_of(site.client.get(f"/petitions/{slug}").text)


def test_the_form_says_what_a_last_day_is(site: Site) -> None:
    stand_at(2026, 3, 1)
    organiser = site.staff("organiser")
    page = text_of(organiser.get(f"{written(organiser)}/reglages").text).replace("\u202f", " ")
    assert "On peut signer jusqu’à la fin de ce jour, à minuit (heure de Paris). Au plus tard le 1er mars 2027." in page


@pytest.mark.typed("une fin passée pendant la relecture", "publiée pour douze mois, et cela est dit")
@pytest.mark.databases("sqlite", "postgresql")
def test_an_end_that_passed_while_it_waited_loses_nobody_s_decision(site: Site) -> None:
    stand_at(2026, 3, 1)
    organiser = site.staff("organiser")
    slug = proposed(organiser, reglages={"closes_on": "2026-03-05"})
    stand_at(2026, 3, 10)
    moderator = site.staff("moderator")
    page = text_of(moderator.get("/moderation/petitions/1").text)
    assert "Le dernier jour voulu par l’auteur est passé. Publiée maintenant" in page
    assert "jusqu’au 10 mars 2027 inclus" in page
    done = moderator.post("/moderation/petitions/1/decision", data={"decision": "publish", "version": "1"})
    assert done.status_code == 303
    assert "se termine le 10 mars 2027" in text_of(site.client.get(f"/petitions/{slug}").text)
    site.later(seconds=61)
    assert "jusqu’au 10 mars 2027 inclus" in site.mails()[-1].text


def test_a_draft_whose_last_day_passed_is_changed_before_it_is_sent(site: Site) -> None:
    stand_at(2026, 3, 1)
    organiser = site.staff("organiser")
    base = written(organiser, reglages={"closes_on": "2026-03-05"})
    stand_at(2026, 3, 10)
    organiser = site.browser()
    organiser.post("/connexion", data={"email": "organiser@exemple.test", "password": "une phrase de passe"})
    refused = organiser.post(f"{base}/proposer")
    assert refused.status_code == 422
    assert "cette date est passée" in text_of(refused.text)
    assert saved(organiser, base, "reglages", seen="1", closes_on="2026-04-05").status_code == 303
    assert organiser.post(f"{base}/proposer").status_code == 303
