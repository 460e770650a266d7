"""Who may do what with a petition, in one place: owners everything, members what was given, the others nothing."""

import pytest

from app.accounts import queries as accounts
from app.accounts.models import Account
from app.db import Session
from app.exports import permissions as exports
from app.moderation.queries import organisers
from app.organisations.queries import where_may
from app.organisations.rights import EVERY, Right
from app.petitions import permissions, queries
from app.petitions.models import Petition
from tests.organisations.desk import MAKER, SECOND, found, join
from tests.site import Site


def account(session: Session, email: str) -> Account:
    row = accounts.by_email(session, email)
    assert row is not None
    return row


def petition(session: Session, slug: str) -> Petition:
    row = queries.by_slug(session, slug)
    assert row is not None
    return row


@pytest.mark.parametrize("right", [None, *Right])
def test_one_table(site: Site, right: Right | None) -> None:
    """A member with one right has that one; and what an administrator may is not theirs."""
    slug, alone = site.publish(), site.publish()
    maker = found(site)
    join(site, maker, SECOND, *([right] if right else []))
    owner, stranger = site.account("organiser", slug, alone, email="p@exemple.test"), site.account("organiser")
    admin = site.account("admin")
    with site.database.write() as session:
        carried = petition(session, slug)
        carried.organisation_id = where_may(session, site.account_id(MAKER), Right.PETITIONS)[0].id
        session.flush()
        asked = [None, *Right]

        def held(email: str, which: Petition = carried) -> list[Right | None]:
            return [one for one in asked if permissions.holds(session, account(session, email), which, one)]

        assert held(SECOND) == [None, *([right] if right else [])]
        assert held(MAKER) == held(owner) == asked
        assert held(stranger) == held(admin) == []
        assert held(MAKER, petition(session, alone)) == held(SECOND, petition(session, alone)) == []
        assert permissions.may(session, account(session, admin), carried, Right.SIGNATURES)
        assert permissions.rights(session, account(session, SECOND), carried) == ({right} if right else set())
        assert permissions.rights(session, account(session, owner), carried) == EVERY
        # Exports are the members' who have that right; an administrator asks another one.
        needed = {email: exports.needed(session, carried, account(session, email)) for email in (SECOND, MAKER, admin)}
        assert needed == {SECOND: right != Right.SIGNATURES, MAKER: False, admin: True}
        assert [one.id for one in queries.owned(session, site.account_id(SECOND))] == [carried.id]
        told = {one.email for one in carried.owners}
        assert {one.email for one in organisers(session)} == told  # of a new charter too
        assert told == {owner, MAKER} | ({SECOND} if right == Right.PETITIONS else set())


def test_rights_of_one_organisation_are_of_no_other(site: Site) -> None:
    maker, other = found(site), found(site, "Les Amis du Phare", "phare@exemple.test")
    join(site, maker, SECOND)
    join_there = join(
        site, other, "troisieme@exemple.test", *EVERY, home="/organisation/organisations/les-amis-du-phare"
    )
    assert join_there.get("/organisation").status_code == 200
    with site.database.read() as session:
        for right in Right:
            assert [one.slug for one in where_may(session, site.account_id(MAKER), right)] == [
                "les-amis-de-la-lanterne"
            ]
            assert where_may(session, site.account_id(SECOND), right) == []
            found_there = where_may(session, site.account_id("troisieme@exemple.test"), right)
            assert [one.slug for one in found_there] == ["les-amis-du-phare"]
