"""An organisation as tests make one: through its pages, with the links that its mails carry."""

import re

from starlette.testclient import TestClient

from app.organisations import queries
from app.organisations.rights import Right
from tests.site import Site

NAME = "Les Amis de la Lanterne"
DESK = "/organisation/organisations"
HOME = f"{DESK}/les-amis-de-la-lanterne"
MAKER, SECOND = "fondatrice@exemple.test", "equipiere@exemple.test"


def found(site: Site, name: str = NAME, email: str = MAKER) -> TestClient:
    """Somebody who has made an organisation."""
    maker = site.staff("organiser", email=email)
    answer = maker.post(f"{DESK}/nouvelle", data={"name": name})
    assert answer.status_code == 303, answer.text
    return maker


def invite(site: Site, maker: TestClient, email: str, *rights: str, home: str = HOME) -> str:
    """The link that the mail carries."""
    answer = maker.post(f"{home}/invitations", data={"email": email, **dict.fromkeys(rights, "on")})
    assert answer.status_code == 303, answer.text
    return invitation(site, email)


def invitation(site: Site, email: str) -> str:
    mail = next(mail for mail in reversed(site.mails()) if mail.to == email and "/invitation/" in mail.text)
    return mail.link("/invitation/")


def join(site: Site, maker: TestClient, email: str = SECOND, *rights: str, home: str = HOME) -> TestClient:
    """A new organiser who has accepted an invitation."""
    link = invite(site, maker, email, *rights, home=home)
    browser = site.staff("organiser", email=email)
    assert browser.post(f"/organisation{link.replace('/invitation/', '/invitations/')}").status_code == 303
    return browser


def member(site: Site, email: str, slug: str = "les-amis-de-la-lanterne") -> set[Right] | None:
    """The rights of a member; None for whoever is none."""
    with site.database.read() as session:
        found = queries.membership(session, site.account_id(email), slug)
        return set(found.rights) if found is not None else None


def rights(
    site: Site, manager: TestClient, email: str, *wanted: str, before: str | None = None, home: str = HOME
) -> int:
    """Tick these boxes on the line of a member, and save; gives the status."""
    number = site.account_id(email)
    if before is None:
        page = manager.get(home).text
        shown = re.search(rf'membres/{number}/droits">\s*<input type="hidden"\s+name="avant"\s+value="([^"]*)"', page)
        assert shown is not None, page
        before = shown[1]
    form = {"avant": before, **dict.fromkeys(wanted, "on")}
    return manager.post(f"{home}/membres/{number}/droits", data=form).status_code
