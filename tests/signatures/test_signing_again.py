"""Signing again tells nothing on screen, counts nothing, and cannot fill a mailbox."""

import asyncio
import re

import httpx2
import pytest

from tests.site import FORM, Site, text_of


def answers(site: Site, slug: str, **changes: str) -> tuple[int, str, str]:
    """Everything a curious person sees: status, address, and the page there."""
    response = site.sign(slug, **changes)
    page = site.client.get(response.headers["location"]) if response.status_code == 303 else response
    # But for the minute in which it was sent.
    return response.status_code, response.headers.get("location", ""), re.sub(r"\d\d:\d\d", "", page.text)


@pytest.mark.databases("sqlite")
def test_the_answer_is_the_same_for_a_stranger_a_pending_and_a_confirmed_signer(site: Site) -> None:
    slug = site.publish()
    stranger = answers(site, slug)
    pending = answers(site, slug)
    site.client.post(site.mails()[-1].link("/confirmer/"))
    confirmed = answers(site, slug)
    silenced = [answers(site, slug) for _ in range(5)]
    assert pending == stranger
    assert confirmed == stranger
    assert set(silenced) == {stranger}


@pytest.mark.databases("sqlite")
def test_a_confirmed_signer_is_told_by_mail_only(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug)
    site.sign(slug)
    first, second = site.mails()
    assert "confirmez" in first.text
    assert "Votre signature y est déjà" in second.text
    assert not [link for link in second.links if link.startswith("/confirmer/")]
    assert second.link("/mes-signatures/")
    assert second.subject != first.subject
    assert "sign" not in second.subject.lower()
    assert site.count(slug) == 1


def test_signing_again_by_alias_is_the_same_person(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, email="marie.durand@gmail.com")
    before = site.signatures()[0]
    reply = answers(site, slug, email="mariedurand+petition@googlemail.com")
    assert reply[0] == 303
    assert len(site.signatures()) == 1
    assert site.mails()[-1].to == "mariedurand+petition@googlemail.com"
    assert "Votre signature y est déjà" in site.mails()[-1].text
    after = site.signatures()[0]
    assert (after.given_name, after.email_sealed) == (before.given_name, before.email_sealed)


def test_before_confirmation_the_last_form_of_a_person_is_the_one_confirmed(site: Site) -> None:
    slug = site.publish()
    site.sign(slug, given_name="marie", display="full", comment="Premier avis")
    site.sign(slug, given_name="Marie", display="hidden", postal_code="75011", comment="Second avis")
    first, second = (mail.link("/confirmer/") for mail in site.mails())
    for link in (first, second):
        shown = text_of(site.client.get(link).text)
        assert "Marie Durand" in shown
        assert "75011" in shown
        assert "Second avis" in shown
    assert site.client.post(second).status_code == 303
    assert site.client.post(first).status_code == 303  # confirmed already: the same thanks
    assert site.count(slug) == 1
    assert site.signatures()[0].display == "hidden"


def test_after_confirmation_a_form_changes_nothing(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, display="hidden")
    site.sign(slug, postal_code="75011", display="full", comment="Faux avis", consent_organiser="on")
    (row,) = site.signatures()
    assert (row.postal_code, row.display, row.comment_sealed) == ("35000", "hidden", None)


def test_a_mailbox_gets_two_mails_a_day_and_five_in_all(site: Site) -> None:
    slug = site.publish()
    sent = []
    for _ in range(5):
        for _ in range(4):
            assert site.sign(slug).status_code == 303
        sent.append(len(site.mails()))
        site.later(days=1)
    assert sent == [2, 4, 5, 5, 5]


def test_the_limit_holds_for_confirmed_signers_aliases_and_resending_alike(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, email="marie@gmail.com")
    for n in range(3):
        site.sign(slug, email=f"marie+{n}@gmail.com")
        site.client.post(f"/petitions/{slug}/renvoi", data={"email": "m.arie@gmail.com"})
    assert len(site.mails()) == 2


def test_each_petition_has_its_own_limit(site: Site) -> None:
    for slug in (site.publish(), site.publish()):
        for _ in range(3):
            site.sign(slug)
    assert len(site.mails()) == 4


def test_twenty_identical_posts_at_once_make_one_row_and_two_mails_at_most(site: Site) -> None:
    slug = site.publish()

    async def rush() -> list[int]:
        transport = httpx2.ASGITransport(site.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            posts = (client.post(f"/petitions/{slug}/signatures", data=FORM) for _ in range(20))
            return [response.status_code for response in await asyncio.gather(*posts)]

    assert site.client.portal is not None
    assert site.client.portal.call(rush) == [303] * 20
    assert len(site.signatures()) == 1
    assert 1 <= len(site.mails()) <= 2


def test_many_people_at_once_are_all_written_and_all_counted(site: Site) -> None:
    slug = site.publish()

    async def rush(paths: list[tuple[str, dict[str, str]]]) -> set[int]:
        transport = httpx2.ASGITransport(site.app, client=("127.0.0.1", 1))
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            return {r.status_code for r in await asyncio.gather(*(client.post(p, data=d) for p, d in paths))}

    site.app.state.confirm_limit.items = []
    portal = site.client.portal
    assert portal is not None
    signing = [(f"/petitions/{slug}/signatures", FORM | {"email": f"p{n}@exemple.test"}) for n in range(40)]
    assert portal.call(rush, signing) == {303}
    links: list[tuple[str, dict[str, str]]] = [(mail.link("/confirmer/"), {}) for mail in site.mails()]
    assert len(links) == 40
    assert portal.call(rush, links * 2) == {303}
    assert site.count(slug) == 40
    assert sorted(row.place or 0 for row in site.signatures()) == list(range(1, 41))
