"""What the thanks say: the place in the count once, what comes next, two others near by; nothing more than before."""

import re
from datetime import timedelta

import pytest

from app import clock
from app.petitions import actions, queries
from app.petitions.models import Outcome
from app.petitions.outcomes import Told, show
from app.zone import day_of
from tests.site import PETITION, Site, text_of

pytestmark = pytest.mark.databases("sqlite")
TITLE = "Rouvrir la bibliothèque de Montfleur"


def publish(site: Site, title: str, theme: str = "Culture", place: str = "", **changes: object) -> str:
    source = PETITION.replace(TITLE, title).replace(
        '"Culture"', f'"{theme}"' + (f'\nplace: "{place}"' if place else "")
    )
    return site.publish(source, **changes)


def thanks(site: Site, slug: str, **changes: str) -> str:
    page = site.client.get(site.confirmed(slug, **changes))
    assert page.status_code == 200
    return page.text


def next_step(page: str) -> str:
    found = re.search(r'<p class="lede">(.*?)</p>', page, re.S)
    assert found is not None
    return text_of(found[1])


def test_one_number_and_one_sentence_of_what_comes_next(site: Site) -> None:
    slug = publish(site, TITLE)
    page = thanks(site, slug)
    assert re.findall(r'<p class="place">(.*?)</p>', page) == ["1"]
    assert '<p class="number">' not in page
    assert next_step(page).startswith("Encore 99 signatures avant le palier de 100 ; la pétition se signe jusqu’au ")
    assert next_step(page).endswith("puis Collectif des lectrices la remet à Claire Vasseur.")
    link = site.confirmed(slug, email="autre@exemple.test")
    with site.database.write() as session:
        actions.close(session, queries.by_slug(session, slug))  # type: ignore[arg-type]
    assert next_step(site.client.get(link).text).startswith("La pétition ne se signe plus ; Collectif des lectrices")


def test_two_others_of_the_same_place_or_theme_are_offered(site: Site) -> None:
    ain, drome = "Ain (01)", "Drôme (26)"
    signed = publish(site, TITLE, place=ain)
    assert "À lire aussi" not in thanks(site, signed)
    publish(site, "Le même thème", place=drome)
    publish(site, "Le même lieu", "Sport", place=ain)
    site.later(minutes=1)
    publish(site, "Le même thème, plus tard")
    publish(site, "Ni l’un ni l’autre", "Sport", place=drome)
    publish(site, "Le même thème, close", closes_at=clock.now() + timedelta(minutes=1))
    won = publish(site, "Le même thème, gagnée")
    with site.database.write() as session:
        found = queries.by_slug(session, won)
        assert found is not None
        show(session, found, Told(Outcome.OBTAINED, day_of(clock.now()), "La Gazette"))
    site.later(minutes=5)
    page = thanks(site, signed, email="seconde@exemple.test", given_name="Seconde")
    others = [text_of(one) for one in re.findall(r'<h3[^>]*>\s*<a href="/petitions/[^"]*">(.*?)</a>', page, re.S)]
    assert others == ["Le même lieu", "Le même thème, plus tard"]
    assert "Soyez parmi les premières personnes à signer" in text_of(page)
    assert "0 signature" not in text_of(page)
