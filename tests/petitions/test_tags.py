"""Where people come from: the words of our own links, from the page that was read to the signature that counts."""

import threading

import pytest
from sqlalchemy import select

from app import clock
from app.petitions import jobs, tags
from app.petitions.models import TagCount
from app.zone import day_of
from tests.petitions.test_views import FIREFOX, views
from tests.site import FORM, Site

ORIGIN = "http://127.0.0.1:8000"


def came(site: Site, slug: str, referer: str, n: int = 0, **changes: str) -> int:
    """Somebody signs on the page at *referer*; the answer's status."""
    headers = {"referer": referer} if referer else {}
    data = FORM | {"email": f"p{n}@exemple.test"} | changes
    return site.client.post(f"/petitions/{slug}/signatures", data=data, headers=headers).status_code


def confirm_all(site: Site) -> None:
    for mail in site.mails():
        site.client.post(mail.link("/confirmer/"))


def counted(site: Site) -> dict[str, tuple[int, int]]:
    """Tag → (views, confirmed)."""
    with site.database.read() as session:
        rows = tags.of_petition(session, 1, day_of(clock.now()))
        return {tag: (read, confirmed) for tag, read, confirmed, _ in rows}


def test_from_the_link_to_the_count(site: Site) -> None:
    began = day_of(clock.now())
    slug = site.publish()
    for _ in range(3):
        site.client.get(f"/petitions/{slug}?s=affiche", headers=FIREFOX)
    site.client.get(f"/petitions/{slug}?s=inconnu&x=1", headers=FIREFOX)
    site.client.get(f"/en/petitions/{slug}?s=mastodon", headers=FIREFOX)
    assert views(site) == 5
    for n in range(3):
        assert came(site, slug, f"{ORIGIN}/petitions/{slug}?s=affiche", n) == 303
    came(site, slug, f"{ORIGIN}/petitions/{slug}", 3)
    came(site, slug, "", 4)
    assert sorted(row.came_by for row in site.signatures()) == ["", "", "affiche", "affiche", "affiche"]
    assert counted(site) == {"affiche": (3, 0), "mastodon": (1, 0)}
    confirm_all(site)
    before = counted(site)
    assert before == {"affiche": (3, 3), "mastodon": (1, 0)}
    # Its purpose has ended.
    assert {row.came_by for row in site.signatures()} == {""}
    assert jobs.fold_tags(site.database) > 0
    assert jobs.fold_tags(site.database) == 0
    assert counted(site) == before
    with site.database.read() as session:
        days = {row.day for row in session.scalars(select(TagCount))}
    assert days
    assert days <= {began, day_of(clock.now())}


@pytest.mark.databases("sqlite")
def test_only_the_petition_s_own_page_is_believed(site: Site) -> None:
    slug = site.publish()
    for n, referer in enumerate(
        (
            f"https://ailleurs.test/petitions/{slug}?s=affiche",
            f"{ORIGIN}.ailleurs.test/petitions/{slug}?s=affiche",
            f"{ORIGIN}/petitions/une-autre?s=affiche",
            f"{ORIGIN}/?s=affiche",
            f"{ORIGIN}/petitions/{slug}?s=ailleurs",
            f"{ORIGIN}/petitions/{slug}?s=AFFICHE",
            f"{ORIGIN}/petitions/{slug}?ss=affiche",
            f"{ORIGIN}/petitions/{slug}?s=affiche&x={'x' * 5000}",
            f"{ORIGIN}/petitions/{slug}?s=%00%ff",
            f"{ORIGIN}/[",
            "nonsense",
        )
    ):
        assert came(site, slug, referer, n) == 303, referer
        assert site.signatures()[-1].came_by == "", referer
    assert came(site, slug, f"{ORIGIN}/petitions/{slug}", 20, s="<b>") == 303
    assert site.signatures()[-1].came_by == ""
    assert came(site, slug, f"{ORIGIN}/en/petitions/{slug}?x=1&s=courriel", 21) == 303
    assert site.signatures()[-1].came_by == "courriel"


@pytest.mark.databases("sqlite")
def test_a_refused_form_keeps_the_word_and_no_other(site: Site) -> None:
    slug = site.publish()
    assert 'name="s"' not in site.client.get(f"/petitions/{slug}?s=affiche").text
    answer = site.client.post(
        f"/petitions/{slug}/signatures",
        data=FORM | {"email": "personne"},
        headers={"referer": f"{ORIGIN}/petitions/{slug}?s=affiche"},
    )
    assert answer.status_code == 422
    assert '<input type="hidden" name="s" value="affiche">' in answer.text
    assert came(site, slug, f"{ORIGIN}/petitions/{slug}/signatures", s="affiche") == 303
    assert site.signatures()[-1].came_by == "affiche"
    refused = site.client.post(f"/petitions/{slug}/signatures", data=FORM | {"email": "personne", "s": "intrus"})
    assert "intrus" not in refused.text


@pytest.mark.databases("sqlite")
def test_a_correction_by_another_way_keeps_the_first_word(site: Site) -> None:
    slug = site.publish()
    came(site, slug, f"{ORIGIN}/petitions/{slug}?s=affiche")
    came(site, slug, f"{ORIGIN}/petitions/{slug}", postal_code="29000")
    (row,) = site.signatures()
    assert (row.postal_code, row.came_by) == ("29000", "affiche")


def test_many_processes_add_and_fold_at_the_same_moment(site: Site) -> None:
    site.publish()
    now = clock.now()

    def confirm() -> None:
        for _ in range(20):
            with site.database.write() as session:
                tags.note(session, 1, {"affiche": 2, "flux": 1}, now)
                tags.add_views(session, {(1, "affiche"): 1, (1, "flux"): 1}, now)

    def fold() -> None:
        for _ in range(20):
            jobs.fold_tags(site.database)

    threads = [threading.Thread(target=work) for work in (confirm, confirm, confirm, fold, fold)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    jobs.fold_tags(site.database)
    assert counted(site) == {"affiche": (60, 120), "flux": (60, 60)}
