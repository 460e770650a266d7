"""An organiser writes, corrects and proposes a petition; nothing is public before review."""

from html import unescape

import pytest

from app.petitions import queries
from tests.signatures.test_signing import change
from tests.site import PETITION, Site, text_of

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


def test_a_source_keeps_its_address(site: Site) -> None:
    source = "Les vélos trempés | La Gazette | 2026-02-03 | https://gazette.exemple.fr/velos"
    organiser = site.staff("organiser")
    made = organiser.post("/organisation/petitions/nouvelle", data=DRAFT | {"sources": source}).headers["location"]
    assert source in organiser.get(f"{made}/texte").text


def test_somebody_elses_draft_does_not_exist(site: Site) -> None:
    made = site.staff("organiser").post("/organisation/petitions/nouvelle", data=DRAFT).headers["location"]
    other = site.staff("organiser", email="autre@exemple.test")
    assert other.get(f"{made}/texte").status_code == 404
    assert other.post(f"{made}/texte", data=DRAFT).status_code == 404


def test_a_published_text_does_not_change(site: Site) -> None:
    slug = site.publish()
    organiser = site.staff("organiser", slug)
    assert organiser.get(f"/organisation/petitions/{slug}/texte").status_code == 404
    response = organiser.post(f"/organisation/petitions/{slug}/texte", data=DRAFT)
    assert response.status_code == 409
    assert "ne change plus" in text_of(response.text)
    # What was typed meanwhile is still there to be copied.
    assert "cent vélos dorment" in response.text
    assert "cent vélos" not in site.client.get(f"/petitions/{slug}").text


@pytest.mark.typed(
    "un texte de 50 001 caractères, un objectif en lettres, un destinataire sans fonction",
    "la phrase dit quoi ; tout ce qui est saisi reste",
)
@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("text", "a" * 50_001, "50000 caractères au plus, il en compte 50001"),
        ("text", "trop court", "50 caractères au moins"),
        ("title", "\u3164" * 10, "titre de 5 à 200"),
        ("title", "W" * 201, "titre de 5 à 200"),
        ("author", "Ѕіgnоns", "plateforme"),
        ("author", "ev1l.gg", "adresse de site"),
        ("author", "\u202e", "Remplissez ce champ"),
        ("author", "W" * 61, "60 caractères au plus"),
        ("theme", "\u2800", "Remplissez ce champ"),
        ("recipients", f"{'W' * 301}, Maire", "300 caractères au plus"),
        ("recipients", "\n".join(["Claire Vasseur, Maire"] * 21), "un à vingt"),
        ("sources", f"{'W' * 301} | La Gazette", "300 caractères au plus"),
        ("sources", "\n".join(["Titre | La Gazette"] * 51), "50 sources au plus"),
        ("sources", "Titre | La Gazette | hier", "Vérifiez les sources"),
        ("sources", "Titre | La Gazette | 2026-02-03 | javascript:alert(1)", "Vérifiez les sources"),
        ("goal", "99999999999999999999", "nombre de signatures"),
    ],
)
def test_each_fault_says_what_is_wrong_and_loses_nothing(site: Site, field: str, typed: str, said: str) -> None:
    organiser = site.staff("organiser")
    made = organiser.post("/organisation/petitions/nouvelle", data=DRAFT).headers["location"]
    for path in ("/organisation/petitions/nouvelle", f"{made}/texte"):
        response = organiser.post(path, data=DRAFT | {field: typed})
        assert response.status_code == 422
        assert said in text_of(response.text).replace("\u202f", "").replace("\u00a0", " ")
        assert f'href="#champ-{field}"' in response.text
        assert typed in unescape(response.text)
        for other, value in DRAFT.items():
            if other not in {field, "delivery_mode"}:
                assert value in unescape(response.text), other


def test_what_is_not_seen_is_in_no_text_of_a_petition(site: Site) -> None:
    organiser = site.staff("organiser")
    dirty = {
        name: value.replace(" ", " \u202e\u200b", 1)
        for name, value in DRAFT.items()
        if name not in {"goal", "delivery_mode"}
    }
    made = organiser.post("/organisation/petitions/nouvelle", data=DRAFT | dirty).headers["location"]
    kept = organiser.get(f"{made}/texte").text
    assert "\u202e" not in kept
    assert "\u200b" not in kept
    assert all(value in unescape(kept) for name, value in DRAFT.items() if name in dirty)


@pytest.mark.parametrize("title", ["أنقذوا المكتبة", "Спасём библиотеку", "救救我们的图书馆", "🙏🙏🙏🙏🙏"])
def test_a_title_in_any_script_makes_a_draft(site: Site, title: str) -> None:
    organiser = site.staff("organiser")
    response = organiser.post("/organisation/petitions/nouvelle", data=DRAFT | {"title": title})
    assert response.status_code == 303
    assert title in organiser.get(response.headers["location"]).text


def test_what_the_recipient_gets_is_not_changed_once_somebody_has_signed(site: Site) -> None:
    """Taken down, a petition may be written again; those who signed were promised what it said then."""
    slug = site.publish()
    site.confirmed(slug)
    change(site, slug, state="refused")
    organiser = site.staff("organiser", slug)
    response = organiser.post(f"/organisation/petitions/{slug}/texte", data=DRAFT)  # "count", it was "identities"
    assert response.status_code == 409
    assert "Des personnes ont signé sur cette promesse" in text_of(response.text)
    with site.database.read() as session:
        petition = queries.by_slug(session, slug)
        assert petition is not None
        assert (petition.delivery_mode, petition.title) == ("identities", "Rouvrir la bibliothèque de Montfleur")


@pytest.mark.databases("sqlite", "postgresql")
def test_petitions_close_to_a_draft_are_told_once_it_is_saved(site: Site) -> None:
    near = site.publish(PETITION.replace("Rouvrir la bibliothèque de Montfleur", "Abriter les vélos devant la gare"))
    site.publish(PETITION.replace("Rouvrir la bibliothèque de Montfleur", "Un abri pour les chats"))
    organiser = site.staff("organiser")
    assert "Des pétitions proches" not in text_of(organiser.get("/organisation/petitions/nouvelle").text)
    saved = organiser.post("/organisation/petitions/nouvelle", data=DRAFT).headers["location"]
    for path in (saved, f"{saved}/texte"):
        page = organiser.get(path).text
        assert "Des pétitions proches sont ouvertes Abriter les vélos devant la gare" in text_of(page)
        assert f'href="/petitions/{near}"' in page
        assert "chats" not in page
    organiser.post(f"{saved}/texte", data=DRAFT | {"title": "Plus de bancs au marché"})
    assert "Des pétitions proches" not in text_of(organiser.get(saved).text)
