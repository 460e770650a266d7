"""People who work here, with their second factor, and a site that is served to the public."""

from pathlib import Path

import pyotp
from starlette.testclient import TestClient

from app import clock
from app.accounts import actions, passwords
from app.settings import Settings
from tests.conftest import settings_for
from tests.site import PASSWORD, Site

PUBLIC = {
    "base_url": "https://petitions.exemple.fr",
    "publisher_name": "Association",
    "publisher_address": "1 rue du Port, Brest",
    "host_name": "Hébergeur",
    "host_address": "2 rue du Port, Brest",
    "contact_email": "contact@exemple.fr",
}


def public_settings(database_url: str, var: Path, **more: object) -> Settings:
    return settings_for(database_url, var, **(PUBLIC | more))


def public_browser(site: Site) -> TestClient:
    """A browser on the https address of a public site."""
    return TestClient(site.app, base_url=PUBLIC["base_url"], follow_redirects=False, raise_server_exceptions=False)


def with_second_factor(site: Site, role: str = "moderator", email: str = "double@exemple.test") -> pyotp.TOTP:
    with site.database.write() as session:
        _, uri = actions.create(session, email, role, passwords.hashed(PASSWORD))
    totp = pyotp.parse_uri(uri)
    assert isinstance(totp, pyotp.TOTP)
    return totp


def code(totp: pyotp.TOTP, steps: int = 0) -> str:
    """The code that the application shows now, or that many half minutes later."""
    return totp.at(int(clock.now().timestamp()) + 30 * steps)


def give_password(
    browser: TestClient, email: str = "double@exemple.test", password: str = PASSWORD, suite: str = ""
) -> int:
    return browser.post("/connexion", data={"email": email, "password": password, "suite": suite}).status_code


def is_in(browser: TestClient, path: str = "/moderation") -> bool:
    """True when a staff page opens; False when it asks to sign in first."""
    response = browser.get(path)
    assert response.status_code in {200, 303}, response.text
    if response.status_code == 303:
        assert response.headers["location"].startswith("/connexion")
    return response.status_code == 200
