"""What an administrator watches over, in words."""

import pytest

from app.administration.routes.mails import MAIL_NAMES
from app.mail import outbox
from app.mail.outbox import Mail
from app.templating import ROOT
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")


def test_every_mail_has_a_name_for_people() -> None:
    folder = ROOT / "templates" / "email"
    assert {path.parent.relative_to(folder).as_posix() for path in folder.glob("*/*/*")} == set(MAIL_NAMES)


def test_mails_set_aside_are_named_with_their_reason(site: Site) -> None:
    admin = site.staff("admin")
    with site.database.write() as session:
        outbox.enqueue(session, [Mail("signatures/confirm", "marie@exemple.test", "fr")])
        (row,) = outbox.claim(session)
        outbox.failed(session, row.id, row.attempts, "550 boîte inconnue", final=True)
    page = text_of(admin.get("/administration/courriels").text)
    assert "signature à confirmer" in page
    assert "550 boîte inconnue" in page
    assert "marie@exemple.test" not in page
