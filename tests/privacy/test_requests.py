"""Requests that come another way are noted, due in a month, and alert at twenty days."""

from pathlib import Path

import pytest

from app import clock
from app.privacy import jobs, retention
from app.settings import Settings
from tests.conftest import settings_for
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")


def note(site: Site, **changes: str) -> str:
    admin = site.staff("admin")
    form = {"received_on": clock.now().date().isoformat(), "channel": "letter", "request": "Mme X demande une copie."}
    assert admin.post("/administration/demandes", data=form | changes).status_code == 303
    return text_of(admin.get("/administration/demandes").text)


def test_a_request_is_noted_with_its_due_date(site: Site) -> None:
    page = note(site, received_on="2026-11-02")
    assert "Mme X demande une copie." in page
    assert "réponse due le 2 décembre 2026" in page  # one month, GDPR art. 12.3


@pytest.mark.databases("sqlite", "postgresql")
def test_an_alert_goes_at_twenty_days_once(settings: Settings) -> None:
    told = settings_for(settings.database_url, Path(settings.var_dir), dpo_email="dpo@exemple.test")
    with Site(told) as site:
        note(site)
        site.later(days=19)
        jobs.alert_requests(site.database, told)
        assert site.mails() == []
        site.later(days=2)
        jobs.alert_requests(site.database, told)
        jobs.alert_requests(site.database, told)
        mails = site.mails()
        assert [mail.to for mail in mails] == ["dpo@exemple.test"]
        assert "Mme X" not in mails[0].text


@pytest.mark.databases("sqlite", "postgresql")
def test_an_answer_closes_it_and_a_year_later_it_is_gone(site: Site) -> None:
    note(site)
    admin = site.staff("admin", email="autre-admin@exemple.test")
    answer = {"state": "answered", "answer": "Copie envoyée."}
    assert admin.post("/administration/demandes/1/reponse", data=answer).status_code == 303
    assert "Copie envoyée." in admin.get("/administration/demandes").text
    site.later(days=366)
    assert retention.run(site.database, site.settings)["data_request"] == 1


def test_a_wrong_request_keeps_what_was_typed(site: Site) -> None:
    admin = site.staff("admin")
    response = admin.post("/administration/demandes", data={"received_on": "hier", "request": "Une demande de copie."})
    assert response.status_code == 422
    assert "Une demande de copie." in response.text


@pytest.mark.databases("sqlite", "postgresql")
def test_the_papers_and_the_journal_are_for_administrators(site: Site) -> None:
    admin, organiser = site.staff("admin"), site.staff("organiser")
    for path in ("/administration", "/administration/journal", "/administration/documents/analyse-d-impact"):
        assert admin.get(path).status_code == 200
        assert organiser.get(path).status_code == 404
    assert admin.get("/administration/documents/../README").status_code == 404
    assert "account.signed_in" in admin.get("/administration/journal").text
