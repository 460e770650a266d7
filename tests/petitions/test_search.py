"""The search and what is close to a title: the same answers, in the same order, from both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import event, select, text

from app import clock
from app.petitions import actions, importing, indexing, jobs, queries, search, themes
from app.petitions.models import Petition, PetitionSearch, PetitionText
from app.petitions.words import LONGEST, stems
from tests.site import PETITION, Site

PARK = "Un parc pour le quartier des Tanneries"
BECAUSE = "Agir parce que la rivière déborde"
SCHOOL = "Sauvons l’école de Saint-Cœur"
BIKES = "Des vélos neufs pour les infirmières"
HORSES = "Mettre à l’abri les chevaux enfermés"
TREES = "100 % d’arbres 🌳 sur le boulevard"
NUMBER = "Non au projet 12345678901234567890"
ARABIC = "حديقة عامة في الحي"
CHINESE = "保护城市公园"
ALL = (PARK, BECAUSE, SCHOOL, BIKES, HORSES, TREES, NUMBER, ARABIC, CHINESE)

# What is typed → the titles that are found.
ASKED = {
    "parc": [PARK],
    "parcs": [PARK],
    "PARC": [PARK],
    "parce que": [BECAUSE],
    "par": [],
    "quartiers": [PARK],
    "tannerie": [PARK],
    "parc quartier": [PARK],
    "quartier du parc": [PARK],
    "parc école": [],
    "rivières": [BECAUSE],
    "RIVIERE": [BECAUSE],
    "debordé": [BECAUSE],
    "déborder": [BECAUSE],
    "école": [SCHOOL],
    "l'école": [SCHOOL],
    "l’École": [SCHOOL],
    "d`ecole": [SCHOOL],
    "écoles": [SCHOOL],
    "sauver": [SCHOOL],
    "sauvé": [SCHOOL],
    "sauvées": [SCHOOL],
    "saint cœur": [SCHOOL],
    "SAINT-COEUR": [SCHOOL],
    "saint‑cœur": [SCHOOL],
    "coeurs": [SCHOOL],
    "vélo": [BIKES],
    "velo neuf": [BIKES],
    "infirmier": [BIKES],
    "infirmière": [BIKES],
    "cheval": [HORSES],
    "enfermée": [HORSES],
    "enfermer": [HORSES],
    "arbre": [TREES],
    "100": [TREES],
    "100 %": [TREES],
    "10": [],
    "🌳": [TREES],
    "🌳️": [TREES],
    "⚽": [],
    "12345678901234567890": [NUMBER],
    "1234567890123456789": [],
    "98765432109876543210": [],
    "حديقة": [ARABIC],
    "حَدِيقَة": [ARABIC],
    "公园": [CHINESE],
    "园": [CHINESE],
    "学校": [],
    # Words that hold a sentence together count when there is nothing else.
    "le": [TREES, PARK],
    "pour le": [PARK],
    "du le la": [],
    "la parc": [PARK],
    # What other search engines, and databases, take for their own.
    '"parc"': [PARK],
    "- parc": [PARK],
    "-parc": [PARK],
    "parc*": [PARK],
    "par*": [],
    "parc:": [PARK],
    "title: parc": [],
    "(parc": [PARK],
    "parc)": [PARK],
    "parc OR école": [],
    "parc NOT quartier": [],
    "parc NEAR quartier": [],
    "NEAR(parc quartier, 2)": [],
    "parc AND": [],
    "parc & quartier": [PARK],
    "parc | école": [],
    "!parc": [PARK],
    "parc <-> quartier": [PARK],
    "parc\\": [PARK],
    "parc'": [PARK],
    "parc'--": [PARK],
    "p_rc": [],
    "^parc": [PARK],
    "{title} : parc": [],
    "parc\x00quartier": [PARK],
    "par\u200bc": [PARK],
    "\" - * : ( '": [],
    "_": [],
    "%": [],
    "\\": [],
    "parc " * 600: [PARK],
    "p" * 3000: [],
    "é" * 3000: [],
    "园" * 3000: [CHINESE],
    " ".join(f"mot{n}" for n in range(800)): [],
}


def publish(site: Site, title: str, words: str = "", **changes: object) -> str:
    source = PETITION.replace("Rouvrir la bibliothèque de Montfleur", title)
    return site.publish(f"{source}\n{words}\n", **changes)


def found(site: Site, typed: str, **options: str) -> list[str]:
    with site.database.read() as session:
        page = search.found(session, clock.now(), typed=typed, theme=options.get("theme", ""), sort="", page=1)
        return [petition.title for petition in page.petitions]


def alike(site: Site, title: str, besides: int | None = None) -> list[str]:
    with site.database.read() as session:
        return [petition.title for petition in search.similar(session, clock.now(), title, besides)]


@pytest.mark.typed("l’école, ECOLE, écoles, sauver, 🌳, « parc* OR NEAR( »", "trouvé, ou pas, mais jamais une erreur")
def test_words_find_what_they_should_and_nothing_else(site: Site) -> None:
    short = (
        "---\n"
        + PETITION.split("---")[1]
        + "---\n\nTexte de peu, et assez long : vingt signes font vite un texte de trois lignes, ou deux.\n"
    )
    for title in ALL:
        site.publish(short.replace("Rouvrir la bibliothèque de Montfleur", title).replace("La biblio", "Biblio"))
    wrong = {typed[:40]: got for typed, wanted in ASKED.items() if (got := found(site, typed)) != wanted}
    assert wrong == {}


@pytest.mark.parametrize(
    "forms",
    [
        "local locale locaux locales", "actif active actifs actives", "lecteur lectrice lecteurs lectrices",
        "travailleur travailleuse travailleurs", "heureux heureuse heureuses", "public publique publics publiques",
        "nouveau nouvelle nouveaux nouvelles", "élu élue élus élues", "fermer fermé fermée fermées ferme fermera",
        "protéger protégeons protégée protège", "travail travaux", "lieu lieux", "euro euros", "bleu bleus bleues",
        "hôpital hôpitaux", "auteur autrice auteure", "œuvre oeuvres", "ami amie amis", "enjeu enjeux",
        "verger vergers", "loyer loyers", "petit petite petits petites", "loi lois", "emploi emplois", "délai délais",
        "français française françaises", "chinois chinoise", "opinion opinions", "conflit conflits", "abri abris",
        "parti partis", "interdit interdite interdits", "attendu attendue attendus", "défi défis", "quartier quartiers",
    ],
)  # fmt: skip
def test_forms_of_a_word_are_one(forms: str) -> None:
    assert len(stems(forms)) == 1


@pytest.mark.parametrize(
    "words",
    ["parc parce", "maison mais", "crise cri", "prison prise", "direct directeur", "pour pourrir", "art arrêt",
     "police policier", "car carte", "plan plante", "université univers"],
)  # fmt: skip
def test_words_that_look_alike_are_two(words: str) -> None:
    assert len(stems(words)) == 2


def test_a_word_without_end_is_cut(site: Site) -> None:
    endless = "abcdefghij" * 400
    publish(site, PARK, endless)
    assert found(site, endless[:LONGEST]) == [PARK]


def test_title_first_then_the_newest_and_closed_ones_last(site: Site) -> None:
    publish(site, "Une médiathèque", "Près du verger.")
    publish(site, "Un verger près de la gare")
    publish(site, "Un verger au port", closes_at=clock.now() + timedelta(days=1))
    publish(site, "Une serre", "Un verger, aussi.")
    publish(site, "Le verger de la gare")
    site.later(days=2)
    titles = ["Le verger de la gare", "Un verger près de la gare", "Une serre", "Une médiathèque", "Un verger au port"]
    assert found(site, "verger") == titles
    assert found(site, "verger gare") == ["Le verger de la gare", "Un verger près de la gare"]


def test_everything_that_is_written_is_searched(site: Site) -> None:
    publish(site, "Un titre sans rien")
    for words in ("lectrices", "Claire Vasseur", "maires", "Montfleur", "culture", "recruter une personne", "janvier"):
        assert found(site, words) == ["Un titre sans rien"], words
    assert found(site, "maire", theme="Culture") == ["Un titre sans rien"]
    assert found(site, "maire", theme="Nature") == []


def test_a_theme_is_found_by_what_became_it_at_once(site: Site) -> None:
    publish(site, "Un titre sans rien")
    with site.database.write() as session:
        culture, into = (themes.find(session, name) for name in ("Culture", "Santé"))
        assert culture is not None
        assert into is not None
        themes.merge(session, culture, into, by=1)
    for later in range(2):
        assert found(site, "maire", theme="Santé") == ["Un titre sans rien"]
        assert found(site, "maire", theme="Culture") == ["Un titre sans rien"]
        assert found(site, "maire", theme="Transports") == found(site, "maire", theme="¤1") == []
        assert jobs.index(site.database) == 1 - later
    # Nobody can type it.
    assert stems(f"¤{into.id}") == [str(into.id)]


@pytest.mark.parametrize("most", [3, 4])
def test_of_too_many_the_best_are_shown(site: Site, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(search, "MOST", most)
    publish(site, "Un verger")  # the oldest, but the only title that says so
    for n in range(3):
        publish(site, f"Une serre {n}", "Et un verger.")
    with site.database.read() as session:
        page = search.found(session, clock.now(), typed="verger", theme="", sort="", page=1)
    assert page.more is (most == 3)
    assert (page.total, page.petitions[0].title) == (most, "Un verger")


# What is in the index.


def indexed(site: Site) -> set[int]:
    with site.database.read() as session:
        return set(session.scalars(select(PetitionSearch.petition_id)))


def id_of(site: Site, slug: str) -> int:
    with site.database.read() as session:
        return session.scalars(select(Petition.id).where(Petition.slug == slug)).one()


def test_only_what_the_public_may_open_is_in_the_index(site: Site) -> None:
    with site.database.write() as session:
        draft = actions.create(session, importing.parse(PETITION, "essai.md"), folder=None, image_store=None)  # type: ignore[arg-type]
        slug = draft.slug
        assert session.scalars(select(PetitionSearch.petition_id)).all() == []
        draft.state = "submitted"
        session.flush()
        actions.publish(session, draft)
    assert indexed(site) == {id_of(site, slug)}
    with site.database.write() as session:
        petition = queries.by_slug(session, slug)
        assert petition is not None
        actions.close(session, petition)
        actions.deliver(session, petition)
    assert found(site, "bibliothèque") == ["Rouvrir la bibliothèque de Montfleur"]


def test_the_job_puts_right_what_another_release_left(site: Site) -> None:
    kept, published, taken_down, rewritten = (publish(site, title) for title in (PARK, SCHOOL, BIKES, HORSES))
    assert jobs.index(site.database) == 0
    with site.database.write() as session:
        session.execute(text("DELETE FROM petition_search WHERE petition_id = :id"), {"id": id_of(site, published)})
        for petition in session.scalars(select(Petition).where(Petition.slug.in_([taken_down, rewritten]))):
            if petition.slug == taken_down:
                petition.state = "refused"
            else:
                petition.title, petition.version = "Sans rien", 2
                rows = {"petition_id": petition.id, "version": 2, "title": "Sans rien", "created_at": clock.now()}
                session.add(PetitionText(**rows, markdown="Rien", html=""))
    assert jobs.index(site.database) == 3
    assert indexed(site) == {id_of(site, slug) for slug in (kept, published, rewritten)}
    assert found(site, "école") == [SCHOOL]
    assert found(site, "cheval") == []
    assert jobs.index(site.database) == 0


def test_the_index_is_made_again(site: Site) -> None:
    for title in ALL:
        publish(site, title)
    before = {typed: found(site, typed) for typed in ("parc", "maire", "公园")}
    with site.database.write() as session:
        indexing.clear(session)
    assert found(site, "maire") == []
    assert jobs.index(site.database) == len(ALL)
    assert {typed: found(site, typed) for typed in before} == before


# What is close to a title.


def test_titles_that_share_words_are_close_the_nearest_first(site: Site) -> None:
    publish(site, "Rouvrir la piscine de Brest")
    publish(site, "Rouvrir la bibliothèque et la piscine de Montfleur", "Les gares.")
    mine = publish(site, "La bibliothèque de Montfleur doit rouvrir")
    site.publish(
        PETITION.replace("Rouvrir la bibliothèque de Montfleur", "Des bancs pour la place").replace(
            "Montfleur", "Nîmes"
        )
    )
    near = alike(site, "Rouvrons les bibliothèques à Montfleur")
    assert near == [
        "La bibliothèque de Montfleur doit rouvrir",
        "Rouvrir la bibliothèque et la piscine de Montfleur",
        "Rouvrir la piscine de Brest",  # whose text says it all
    ]
    assert alike(site, "Rouvrons les bibliothèques à Montfleur", besides=id_of(site, mine)) == near[1:]
    # One word in common is chance, unless there is but one.
    assert alike(site, "Rouvrir une maternité") == []
    assert alike(site, "Piscine !") == [
        "Rouvrir la piscine de Brest",
        "Rouvrir la bibliothèque et la piscine de Montfleur",
    ]
    # Said in the text only.
    assert alike(site, "Recruter une lectrice à Brest") == ["Rouvrir la piscine de Brest"]
    for odd in ("", "🙈", "'\" OR (", "le de la", "x" * 3000, "园" * 3000, "12345678901234567890"):
        assert alike(site, odd) == [], odd


def test_only_open_petitions_are_close(site: Site) -> None:
    slug = publish(site, PARK, closes_at=clock.now() + timedelta(days=1))
    assert alike(site, "Le parc du quartier") == [PARK]
    site.later(days=2)
    assert alike(site, "Le parc du quartier") == []
    assert found(site, "parc quartier") == [PARK]
    assert slug


# What it costs.


def test_no_question_is_asked_of_every_petition(site: Site) -> None:
    """SQLite reads FTS5's own lists, the newest first; nothing walks through the petitions."""
    publish(site, PARK)
    plans: list[str] = []

    @event.listens_for(site.database.engine, "after_cursor_execute")
    def look(connection, cursor, statement, parameters, *_: object) -> None:  # type: ignore[no-untyped-def]
        if "petition_search" in statement and not statement.startswith("EXPLAIN"):
            explain = "EXPLAIN QUERY PLAN " if site.database.is_sqlite else "EXPLAIN "
            rows = connection.connection.cursor().execute(explain + statement, parameters)
            plans.extend(str(row) for row in rows)

    found(site, "parc")
    found(site, "parc", theme="Culture")
    alike(site, PARK)
    assert plans
    if site.database.is_sqlite:
        assert [step for step in plans if "SCAN petition" in step and "VIRTUAL TABLE INDEX" not in step] == []
        assert [step for step in plans if "TEMP B-TREE" in step] == []
