"""The local mailbox page: what the demo's mails look like, on this machine and nowhere else."""

from pathlib import Path

import pytest

from tests.conftest import settings_for
from tests.site import Site
from tests.staff import public_browser, public_settings

pytestmark = pytest.mark.databases("sqlite")


def _one_mail(site: Site) -> None:
    site.sign(site.publish())
    site.mails()


@pytest.mark.databases("sqlite", "postgresql")
def test_mailbox_lists_mails_and_shows_each(site: Site) -> None:
    _one_mail(site)
    page = site.client.get("/boite-locale")
    assert page.status_code == 200
    assert "marie@exemple.test" in page.text
    assert 'href="/boite-locale/1"' in page.text
    shown = site.client.get("/boite-locale/1")
    assert "/confirmer/" in shown.text


def test_html_of_a_mail_can_run_nothing(site: Site) -> None:
    _one_mail(site)
    response = site.client.get("/boite-locale/1/html")
    assert response.status_code == 200
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert response.headers["x-frame-options"] == "SAMEORIGIN"


def test_mailbox_is_kept_nowhere(site: Site) -> None:
    _one_mail(site)
    for path in ("/boite-locale", "/boite-locale/1", "/boite-locale/1/html"):
        assert site.client.get(path).headers["cache-control"] == "no-store", path


def test_unknown_message_is_404(site: Site) -> None:
    for path in ("/boite-locale/9", "/boite-locale/x", f"/boite-locale/{10**30}", "/boite-locale/9/html"):
        assert site.client.get(path).status_code == 404, path


def test_no_mailbox_when_mail_is_really_sent(database_url: str, tmp_path: Path) -> None:
    with Site(settings_for(database_url, tmp_path, smtp_url="smtp://127.0.0.1:9")) as site:
        _exists_nowhere(site.client.get, site)


def test_no_mailbox_on_a_public_site(database_url: str, tmp_path: Path) -> None:
    with Site(public_settings(database_url, tmp_path)) as site:
        _exists_nowhere(public_browser(site).get, site)


def _exists_nowhere(get: object, site: Site) -> None:
    assert callable(get)
    for path in ("/boite-locale", "/boite-locale/1", "/boite-locale/1/html"):
        assert get(path).status_code == 404, path
