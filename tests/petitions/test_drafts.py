"""An organiser writes, corrects and proposes a petition; nothing is public before review."""

import pytest

from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")

DRAFT = {
    "title": "Un abri pour les vélos de la gare",
    "author": "Collectif des pédales",
    "theme": "Transports",
    "goal": "2 000",
    "recipients": "Claire Vasseur, Maire de Montfleur\nJean Roux, Président de la région",
    "text": "Chaque matin, cent vélos dorment sous la pluie devant la gare.\n\n## Nous\n\n1. **Un abri** couvert.",
    "sources": "Les vélos trempés | La Gazette | 2026-02-03",
    "delivery_mode": "count",
}


def test_a_draft_is_private_until_it_is_published(site: Site) -> None:
    organiser = site.staff("organiser")
    response = organiser.post("/organisation/petitions/nouvelle", data=DRAFT)
    assert response.status_code == 303
    slug = response.headers["location"].rsplit("/", 1)[1]
    assert slug.startswith("un-abri-pour-les-velos")
    assert site.client.get(f"/petitions/{slug}").status_code == 404
    assert "Proposer" in text_of(organiser.get(response.headers["location"]).text)


def test_a_refused_draft_keeps_what_was_typed(site: Site) -> None:
    organiser = site.staff("organiser")
    response = organiser.post(
        "/organisation/petitions/nouvelle", data=DRAFT | {"recipients": "sans fonction", "goal": "x"}
    )
    assert response.status_code == 422
    assert "Un abri pour les vélos" in response.text
    assert "sans fonction" in response.text
    assert 'href="#champ-goal"' in response.text
    assert "Un destinataire par ligne" in text_of(response.text)


@pytest.mark.databases("sqlite", "postgresql")
def test_a_draft_is_corrected_and_its_earlier_text_stays(site: Site) -> None:
    organiser = site.staff("organiser")
    made = organiser.post("/organisation/petitions/nouvelle", data=DRAFT).headers["location"]
    page = organiser.get(f"{made}/texte").text
    assert "Jean Roux, Président de la région" in page
    changed = DRAFT | {"title": "Deux abris pour les vélos", "recipients": "Claire Vasseur, Maire de Montfleur"}
    assert organiser.post(f"{made}/texte", data=changed).status_code == 303
    page = organiser.get(f"{made}/texte").text
    assert "Deux abris pour les vélos" in page
    assert "Jean Roux" not in page


def test_somebody_elses_draft_does_not_exist(site: Site) -> None:
    made = site.staff("organiser").post("/organisation/petitions/nouvelle", data=DRAFT).headers["location"]
    other = site.staff("organiser", email="autre@exemple.test")
    assert other.get(f"{made}/texte").status_code == 404
    assert other.post(f"{made}/texte", data=DRAFT).status_code == 404


def test_a_published_text_does_not_change(site: Site) -> None:
    slug = site.publish()
    organiser = site.staff("organiser", slug)
    assert organiser.post(f"/organisation/petitions/{slug}/texte", data=DRAFT).status_code == 404
