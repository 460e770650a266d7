"""The list of open petitions: search, themes, order, pages."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from app import clock
from app.petitions import actions, queries
from tests.site import PETITION, Site, text_of

TITLE = "Rouvrir la bibliothèque de Montfleur"


def publish(site: Site, title: str, theme: str = "Culture", **changes: object) -> str:
    return site.publish(PETITION.replace(TITLE, title).replace('"Culture"', f'"{theme}"'), **changes)


def titles(site: Site, query: str = "") -> list[str]:
    page = site.client.get(f"/{query}")
    assert page.status_code == 200
    return [text_of(title) for title in re.findall(r'<h[23][^>]*><a href="/petitions/[^"]+">(.*?)</a>', page.text)]


def test_the_search_ignores_accents_case_and_order_and_looks_everywhere(site: Site) -> None:
    publish(site, TITLE)
    asked = ("bibliotheque", "BIBLIOTHÈQUE", "bibliothe%CC%80que", "montfleur+rouvrir", "vasseur", "metier", "lectrice")
    missed = [words for words in asked if TITLE not in titles(site, f"?q={words}")]
    assert missed == []


def test_the_search_ignores_how_signs_are_typed(site: Site) -> None:
    title = "Rouvrir l’hôpital des « Œillets » – Saint-Cœur"
    publish(site, title)
    asked = ("l'hôpital", "L’HOPITAL", "l`hopital", "oeillets", "œillets", '"saint-coeur"', "saint‑cœur", "- saint")
    missed = [words for words in asked if titles(site, "?" + urlencode({"q": words})) != [title]]
    assert missed == []


def test_every_word_must_be_found(site: Site) -> None:
    publish(site, TITLE)
    publish(site, "Planter des chênes à Nîmes")
    assert titles(site, "?q=chenes+nimes") == ["Planter des chênes à Nîmes"]
    assert titles(site, "?q=chenes+piscine") == []


def test_signs_of_the_database_mean_themselves(site: Site) -> None:
    publish(site, "Sauver 100 % des arbres")
    assert [words for words in ("_", "%5C", "1%250", "%25%25_", "';--") if titles(site, f"?q={words}")] == []
    assert titles(site, "?q=100+%25") == ["Sauver 100 % des arbres"]


@pytest.mark.databases("sqlite")
def test_a_search_shows_what_was_typed_safely_and_is_not_indexed(site: Site) -> None:
    page = site.client.get("/", params={"q": '"><script>x'}).text
    assert 'value="&#34;&gt;&lt;script&gt;x"' in page
    assert '<meta name="robots" content="noindex' in page
    assert '<meta name="robots" content="noindex' not in site.client.get("/").text


def chips(site: Site, query: str = "") -> list[str]:
    return re.findall(r'<a class="chip"[^>]*>([^<]+)</a>', site.client.get(f"/{query}").text)


def chosen(site: Site, query: str = "") -> str:
    found = re.search(r'<a class="chip"[^>]*aria-current="true">([^<]+)</a>', site.client.get(f"/{query}").text)
    assert found
    return found[1]


def test_a_theme_shows_its_petitions_only(site: Site) -> None:
    publish(site, "Sauver les chênes", "Nature")
    publish(site, TITLE, "Culture")
    assert titles(site, "?theme=Nature") == ["Sauver les chênes"]
    assert chips(site) == ["Culture", "Nature"]
    assert chips(site, "?theme=Nature") == ["Tous", "Culture", "Nature"]
    assert chosen(site, "?tri=fin") == "Tous"
    assert chosen(site, "?theme=Nature") == "Nature"
    both = site.client.get("/?theme=Nature&q=chênes").text
    assert 'name="theme" value="Nature"' in both
    assert 'href="/?q=ch%C3%AAnes&amp;theme=Culture"' in both


@pytest.mark.typed("Transport, Transports, TRANSPORT", "un seul thème")
def test_a_theme_is_one_whatever_its_case_accents_or_plural(site: Site) -> None:
    publish(site, "Un train à l’heure", "Transports")
    publish(site, "Un bus de nuit", "transport")
    publish(site, "Une école ouverte", "Écoles")
    publish(site, "Des pistes sûres", "TRANSPORTS")
    publish(site, "Un préau", "ecole ")
    publish(site, "Deux arbres", "🌳")
    publish(site, "Trois ballons", "⚽")
    assert set(chips(site)) == {"Transports", "Écoles", "🌳", "⚽"}
    assert len(titles(site, "?theme=Transports")) == 3
    assert titles(site, "?theme=%F0%9F%8C%B3") == ["Deux arbres"]


def test_a_petition_has_up_to_three_themes_and_is_found_under_each(site: Site) -> None:
    source = PETITION.replace('theme: "Culture"', "themes: [Transport, sante, Mer]")
    slug = site.publish(source)
    for theme in ("Transports", "transport", "Santé", "mer"):
        assert titles(site, f"?theme={theme}") == [TITLE]
        assert titles(site, f"?theme={theme}&q=bibliotheque") == [TITLE]
    assert titles(site, "?theme=Culture") == []
    page = site.client.get(f"/petitions/{slug}").text
    assert re.findall(r'<a class="chip"[^>]*>([^<]+)</a>', page) == ["Transports", "Santé", "Mer"]
    assert "Health" in text_of(site.client.get(f"/en/petitions/{slug}").text)
    data = site.client.get(f"/petitions/{slug}.json").json()
    assert (data["theme"], data["themes"]) == ("Transports", ["Transports", "Santé", "Mer"])


def test_newest_first_unless_asked_otherwise(site: Site) -> None:
    publish(site, "Première en date", closes_at=clock.now() + timedelta(days=90))
    site.later(hours=1)
    slug = publish(site, "Deuxième en date", closes_at=clock.now() + timedelta(days=30))
    site.later(hours=1)
    publish(site, "Troisième en date", closes_at=clock.now() + timedelta(days=60))
    site.confirmed(slug)
    assert titles(site) == ["Troisième en date", "Deuxième en date", "Première en date"]
    assert titles(site, "?tri=signatures") == ["Deuxième en date", "Troisième en date", "Première en date"]
    assert titles(site, "?tri=fin") == ["Deuxième en date", "Troisième en date", "Première en date"]
    assert titles(site, "?tri=inconnu") == titles(site)


def test_pages_of_twelve_lead_to_each_other_and_keep_the_question(site: Site) -> None:
    for n in range(13):
        publish(site, f"Pétition numéro {n}")
    first = site.client.get("/?q=numero&theme=Culture").text
    (older,) = set(re.findall(r'href="(/\?[^"]*page=2[^"]*)"', first))
    second = site.client.get(older.replace("&amp;", "&")).text
    listed = [re.findall(r"<h2[^>]*><a[^>]*>(.*?)</a>", page) for page in (first, second)]
    assert [len(page) for page in listed] == [12, 1]
    assert len({*listed[0], *listed[1]}) == 13
    assert 'href="/?q=numero&amp;theme=Culture"' in second


@pytest.mark.databases("sqlite")
def test_a_page_that_does_not_exist_is_not_an_error(site: Site) -> None:
    publish(site, TITLE)
    for page in ("0", "-1", "abc", "²", "99999999999", "7"):
        assert site.client.get("/", params={"page": page}).status_code == 200, page


def test_a_search_finds_whole_words_and_says_how_it_is_sorted(site: Site) -> None:
    park, because = "Un parc au bord de l’eau", "Agir parce que l’eau monte"
    publish(site, park)
    site.later(hours=1)
    publish(site, because)
    assert titles(site, "?q=parc") == titles(site, "?q=Parcs") == [park]
    assert titles(site, "?q=eaux") == titles(site, "?q=eau&tri=recentes") == [because, park]
    orders = r'<a class="chip order" href="([^"]*)"( aria-current="true")?>\s*([^<]+)</a>'
    listed = re.findall(orders, site.client.get("/?page=2").text)
    assert [label for _, chosen, label in listed if chosen] == ["Les plus récentes"]
    asked = re.findall(orders, site.client.get("/?q=eau&tri=fin").text)
    assert ("/?q=eau", "", "Les plus proches") in asked
    assert ("/?q=eau&amp;tri=fin", ' aria-current="true"', "Bientôt closes") in asked
    assert 'name="tri" value="fin"' in site.client.get("/?q=eau&tri=fin").text, "other words keep the order"


def test_a_search_finds_closed_petitions_after_the_open_ones_and_says_so(site: Site) -> None:
    publish(site, "Un verger pour tous", closes_at=clock.now() + timedelta(days=1))
    closed = publish(site, "Le verger communal")
    site.confirmed(closed)
    with site.database.write() as session:
        actions.close(session, queries.by_slug(session, closed))  # type: ignore[arg-type]
    site.later(hours=12)
    publish(site, "Une serre", closes_at=clock.now() + timedelta(days=9))
    publish(site, "Une place ombragée et son verger", closes_at=clock.now() + timedelta(days=9))
    for sort in ("", "&tri=recentes", "&tri=signatures", "&tri=fin"):
        assert titles(site, f"?q=verger{sort}")[-1] == "Le verger communal", sort
        assert len(titles(site, f"?q=verger{sort}")) == 3
    page = site.client.get("/?q=vergers").text
    assert "3 pétitions trouvées, dont 1 close" in text_of(page), text_of(page)[300:900]
    last = text_of(page.partition("Le verger communal")[0].rpartition("<article")[2])
    assert "Close" in last
    assert "close le" in last
    assert "1 signature" in text_of(page.partition("Le verger communal")[2])
    assert text_of(page).count("Close ") == 1
    assert "Le verger communal" not in titles(site)
    site.later(days=2)  # one more is over, which no job has closed yet
    assert titles(site, "?q=VERGER") == [
        "Une place ombragée et son verger",
        "Le verger communal",
        "Un verger pour tous",
    ]


@pytest.mark.databases("sqlite")
def test_a_search_without_answer_says_what_to_do(site: Site) -> None:
    publish(site, TITLE)
    page = site.client.get("/?q=piscine&theme=Culture").text
    assert "Aucune pétition, ouverte ou close, n’a tous ces mots" in text_of(page)
    assert 'href="/?q=piscine"' in page
    assert "Aucune pétition trouvée" in text_of(page)
    assert "Lancer une pétition" in text_of(page)
    assert "Aucune pétition ouverte n’a ce thème" in text_of(site.client.get("/?theme=Nature").text)
    for odd in ("🙈", "le la les", "x" * 3000, "12345678901234567890", "'\"*:()- OR NEAR"):
        assert site.client.get("/", params={"q": odd}).status_code == 200, odd


def test_pages_of_a_search_hold_each_petition_once(site: Site) -> None:
    for n in range(14):
        publish(site, f"Pétition {n}", closes_at=clock.now() + timedelta(days=1 + n % 2))
    site.later(days=1, hours=1)
    for sort in ("", "recentes", "signatures", "fin"):
        listed = [title for page in (1, 2) for title in titles(site, f"?q=petitions&tri={sort}&page={page}")]
        assert len(listed) == len(set(listed)) == 14
        assert {int(title.split()[1]) % 2 for title in listed[:7]} == {1}


def test_closed_petitions_leave_the_list_but_keep_their_page(site: Site) -> None:
    slug = publish(site, TITLE)
    site.later(days=366)
    assert titles(site) == []
    page = site.client.get(f"/petitions/{slug}")
    assert page.status_code == 200
    assert "Cette pétition n’est plus ouverte à la signature" in page.text
    assert 'id="signer"' not in page.text


@pytest.mark.databases("sqlite")
def test_the_list_speaks_english_under_its_prefix(site: Site) -> None:
    slug = publish(site, TITLE)
    page = site.client.get("/en/").text
    assert '<html lang="en">' in page
    assert f'href="/en/petitions/{slug}"' in page
