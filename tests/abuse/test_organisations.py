"""Every route of the organisers' desk, for members of an organisation by their rights, and for those of another:
another organisation's anything is a 404, and so is what a member has no right to; no page leads there either."""

import re
from html import unescape
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from app.accounts.models import Account
from app.organisations import queries
from app.organisations.models import Invitation
from app.organisations.rights import EVERY, Right
from app.paper import actions as paper
from app.petitions import actions as petition_actions
from app.petitions import importing
from app.updates import actions as updates
from app.web.ratelimit import limiter
from tests.abuse.test_bursts import ANYTHING
from tests.organisations.desk import DESK, HOME, MAKER, found, invite, join
from tests.site import PETITION, Site
from tests.test_architecture import routes

pytestmark = pytest.mark.databases("sqlite")

PETITIONS, ORGANISATION = "/organisation/petitions/{slug}", "/organisation/organisations/{organisation}"
# What may be done with one news item, and looked at.
NEWS_ACTS = ("relire", "courriel", "essai", "envoi", "rappel", "suppression")
# What each asks for; None: any member. What takes something away for good comes last.
SHEET_ACTS = ("verification", "reprise", "retrait", "copie")
PAPER = (Right.PETITIONS, Right.SIGNATURES)
NEEDS: dict[str, Right | tuple[Right, ...] | None] = {
    PETITIONS: None,
    f"{PETITIONS}/exports": Right.SIGNATURES,
    f"{PETITIONS}/exports/apercu": Right.SIGNATURES,
    f"{PETITIONS}/exports/demandes": Right.SIGNATURES,
    f"{PETITIONS}/exports/{{export_id}}": Right.SIGNATURES,
    f"{PETITIONS}/exports/{{export_id}}/fichier": Right.SIGNATURES,
    f"{PETITIONS}/nouvelles": Right.UPDATES,
    f"{PETITIONS}/nouvelles/apercu": Right.UPDATES,
    f"{PETITIONS}/nouvelles/{{update_id}}": Right.UPDATES,
    **{f"{PETITIONS}/nouvelles/{{update_id}}/{act}": Right.UPDATES for act in NEWS_ACTS},
    f"{PETITIONS}/texte": Right.PETITIONS,
    f"{PETITIONS}/proposer": Right.PETITIONS,
    f"{PETITIONS}/relecture": None,
    f"{PETITIONS}/recours": Right.PETITIONS,
    f"{PETITIONS}/image": Right.PETITIONS,
    f"{PETITIONS}/modifier": Right.PETITIONS,
    f"{PETITIONS}/version": Right.PETITIONS,
    f"{PETITIONS}/version/reprise": Right.PETITIONS,
    f"{PETITIONS}/commentaires": Right.PETITIONS,
    f"{PETITIONS}/cloture": Right.PETITIONS,
    f"{PETITIONS}/reouverture": Right.PETITIONS,
    f"{PETITIONS}/issue": Right.PETITIONS,
    f"{PETITIONS}/issue/rappel": Right.PETITIONS,
    f"{PETITIONS}/suivi/{{table}}.csv": None,
    f"{PETITIONS}/diffuser": None,
    f"{PETITIONS}/diffuser/sites": Right.PETITIONS,
    f"{PETITIONS}/diffuser/retrait": Right.PETITIONS,
    f"{PETITIONS}/papier": PAPER,
    f"{PETITIONS}/papier/feuilles.pdf": PAPER,
    f"{PETITIONS}/papier/saisir": PAPER,
    f"{PETITIONS}/papier/feuilles/{{number}}": PAPER,
    **{
        f"{PETITIONS}/papier/feuilles/{{number}}/{act}": PAPER
        for act in ("verification", "reprise", "retrait", "copie")
    },
    f"{PETITIONS}/remise": Right.PETITIONS,
    f"{PETITIONS}/remise/dossier": Right.SIGNATURES,
    f"{PETITIONS}/remise/{{number}}/preuve": Right.PETITIONS,
    f"{PETITIONS}/remise/{{number}}/preuve/copie": Right.PETITIONS,
    f"{PETITIONS}/remise/lien": Right.PETITIONS,
    f"{PETITIONS}/reponse": Right.UPDATES,
    f"{PETITIONS}/porteur": Right.PETITIONS,
    f"{PETITIONS}/reprise": Right.PETITIONS,
    ORGANISATION: None,
    f"{ORGANISATION}/presentation": Right.MEMBERS,
    f"{ORGANISATION}/invitations": Right.MEMBERS,
    f"{ORGANISATION}/invitations/{{invitation_id}}/annulation": Right.MEMBERS,
    f"{ORGANISATION}/membres/{{account_id}}/droits": Right.MEMBERS,
    f"{ORGANISATION}/membres/{{account_id}}/retrait": Right.MEMBERS,
    f"{ORGANISATION}/suppression": Right.MEMBERS,
    f"{ORGANISATION}/depart": None,
}
# There is nothing of theirs: no refusal to contest, nothing handed over yet, no site, no sheet that was asked for.
EMPTY = {
    f"{PETITIONS}/recours",
    f"{PETITIONS}/remise/{{number}}/preuve/copie",
    f"{PETITIONS}/diffuser/retrait",
    f"{PETITIONS}/papier/feuilles.pdf",
    f"{PETITIONS}/papier/feuilles/{{number}}/copie",
}
# Where every member may look, and some may act.
READ_BY_ALL = {f"{PETITIONS}/remise"}
# Of nobody's things, or opened by a link that is of one address (tests/organisations/test_inviting.py).
EVERYBODY = {
    "/organisation",
    "/organisation/petitions/nouvelle",
    "/organisation/organisations",
    "/organisation/organisations/nouvelle",
    "/organisation/invitations/{token}",
}


class House:
    """An organisation with an open petition and a draft, one member a right and one without; and another one."""

    def __init__(self, site: Site) -> None:
        maker = found(site)
        self.members = {right: join(site, maker, f"{right}@exemple.test", right) for right in Right}
        self.plain = join(site, maker, "simple@exemple.test")
        join(site, maker, "cible@exemple.test")
        invite(site, maker, "attendue@exemple.test")
        self.open, self.draft = self._petitions(site)
        self.other = found(site, "Les Amis du Phare", "autre@exemple.test")
        self.mine = join(site, self.other, "voisine@exemple.test", *EVERY, home=f"{DESK}/les-amis-du-phare")
        self.admin = site.staff("admin")
        self.target = site.account_id("cible@exemple.test")

        with site.database.read() as session:
            awaited = session.query(Invitation).filter_by(email="attendue@exemple.test").one()
            self.awaited = awaited.id
        self.export = self._export()

    def _petitions(self, site: Site) -> list[str]:
        with site.database.write() as session:
            made, maker = [], site.account_id(MAKER)
            for town in ("Montfleur", "Valfleur"):
                file = importing.parse(PETITION.replace("Montfleur", town), "essai.md")
                petition = petition_actions.create(session, file, folder=None, image_store=Path("unused"))
                petition_actions.add_owner(session, petition, site.account_id(MAKER))
                organisation = queries.where_may(session, site.account_id(MAKER), Right.PETITIONS)[0].id
                petition_actions.entrust(session, petition, organisation, site.account_id(MAKER))
                made.append(petition)
            petition_actions.publish(session, made[0])
            paper.issue(session, made[0], 1, "Mairie", session.get_one(Account, maker))
            self.news = updates.begin(session, made[0].id, "Une date", "Le conseil en parle mardi.", maker).id
            return [petition.slug for petition in made]

    def _export(self) -> str:
        """The number of a file that waits for whoever may export."""
        form = {"purpose": "delivery", "prepare": "on", "reason": "Remise à la mairie."}
        answer = self.members[Right.SIGNATURES].post(f"/organisation/petitions/{self.open}/exports", data=form)
        assert answer.status_code == 303
        return str(answer.headers["location"].rpartition("/")[2])

    def where(self, path: str) -> str:
        slug = self.draft if path.endswith(("/texte", "/proposer")) else self.open
        holes = {"slug": slug, "organisation": HOME.rpartition("/")[2], "account_id": self.target,
                 "invitation_id": self.awaited, "update_id": self.news, "export_id": self.export,
                 "number": 1, "table": "jours"}  # fmt: skip
        return path.format(**holes)


@pytest.fixture
def house(site: Site) -> House:
    return House(site)


def desk(method: str) -> list[APIRoute]:
    """In the order of the table."""
    order = list(NEEDS)
    return sorted((route for route in routes(method) if route.path in NEEDS), key=lambda route: order.index(route.path))


def ask(browser: TestClient, method: str, path: str) -> int:
    limiter.reset()  # they all have one address
    return browser.request(method, path, data=ANYTHING if method == "POST" else None).status_code


def rights_of(needed: Right | tuple[Right, ...]) -> tuple[Right, ...]:
    return needed if isinstance(needed, tuple) else (needed,)


def test_every_route_of_the_desk_says_what_it_asks_for() -> None:
    there = {route.path for method in ("GET", "POST") for route in routes(method)}
    assert {path for path in there if f"{path}/".startswith("/organisation/")} == set(NEEDS) | EVERYBODY


def test_another_organisations_anything_is_a_404(house: House) -> None:
    wrong = []
    for method in ("GET", "POST"):
        for route in desk(method):
            for browser in (house.other, house.mine):
                status = ask(browser, method, house.where(route.path))
                if status != 404:
                    wrong.append(f"{method} {route.path}: {status}")
            # An administrator sees petitions, and nothing of what organisations are to themselves.
            if route.path.startswith(ORGANISATION) and ask(house.admin, method, house.where(route.path)) != 404:
                wrong.append(f"{method} {route.path}: the administrator")
    assert wrong == [], "\n".join(wrong)


def test_a_member_gets_where_their_rights_go_and_no_further(house: House) -> None:
    wrong = []
    for method in ("GET", "POST"):
        for route in desk(method):
            needed = NEEDS[route.path]
            if method == "GET" and route.path in READ_BY_ALL:
                needed = None
            for right, browser in [(None, house.plain), *house.members.items()]:
                if method == "POST" and needed is None:
                    continue  # leaving: anybody may
                status = ask(browser, method, house.where(route.path))
                may = needed is None or right in rights_of(needed)
                if (status == 404) == (may and route.path not in EMPTY) or status >= 500:
                    wrong.append(f"{method} {route.path} {right}: {status}")
    assert wrong == [], "\n".join(wrong)


def test_no_page_of_the_desk_leads_where_a_member_may_not_go(house: House) -> None:
    starts = ["/organisation", f"/organisation/petitions/{house.open}", f"/organisation/petitions/{house.draft}", HOME]
    for right, browser in [(None, house.plain), *house.members.items()]:
        actions = set[str]()
        for start in starts:
            page = browser.get(start)
            assert page.status_code == 200, (right, start)
            links = {unescape(link) for link in re.findall(r'href="(/organisation[^"#]*)"', page.text)}
            assert {link: browser.get(link).status_code for link in links} == dict.fromkeys(links, 200), right
            actions |= set(re.findall(r'action="(/organisation[^"]*)"', page.text))
        for route in desk("POST"):
            needed = NEEDS[route.path]
            if needed is not None and right not in rights_of(needed):
                assert house.where(route.path) not in actions, (right, route.path)
