"""A petition made of a file: the real one whole, a broken one not at all."""

import datetime as dt
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import func, select

from app import clock
from app.errors import Refused
from app.petitions import actions, images, importing, places
from app.petitions.models import Petition
from app.settings import Settings
from tests.petitions.reading import blocks, blocks_of_markdown, prose, words
from tests.site import PETITION, Site, text_of

pytestmark = pytest.mark.databases("sqlite")

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT.parent / "shared" / "data" / "petition-sante.md"


def real() -> str:
    """The real petition lies beside the project, not in it: a clone elsewhere says that it was not tried."""
    if not REAL.exists():
        pytest.skip(f"{REAL.name} is not beside this clone.")
    return REAL.read_text("utf-8")


@pytest.fixture
def real_page(site: Site) -> str:
    slug = site.publish(real())
    return site.client.get(f"/petitions/{slug}").text


def import_file(settings: Settings, file: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """``signons petition import`` as an operator types it."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "SIGNONS_DATABASE_URL": settings.database_url,
        "SIGNONS_VAR_DIR": settings.var_dir,
        "SIGNONS_SECRET_KEY": settings.secret_key,
    }
    return subprocess.run(
        [Path(sys.executable).with_name("signons"), "petition", "import", file, *options],
        capture_output=True,
        text=True,
        env=environment,
        cwd=file.parent,
    )


def how_many(site: Site) -> int:
    with site.database.read() as session:
        return session.scalar(select(func.count(Petition.id))) or 0


@pytest.mark.slow
def test_the_command_publishes_the_real_petition_and_ends_with_its_address(
    site: Site, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "petition.md"
    file.write_text(real(), "utf-8")
    done = import_file(settings, file, "--publish")
    assert (done.returncode, done.stderr) == (0, "")
    url = done.stdout.splitlines()[-1]
    assert url.startswith(f"{settings.origin}/petitions/nos-donnees-de-sante-aux-mains-de-microsoft")
    page = site.client.get(url.removeprefix(settings.origin))
    assert page.status_code == 200
    assert "Nos données de santé aux mains de Microsoft" in page.text


@pytest.mark.slow
def test_the_command_changes_nothing_when_the_file_is_broken(site: Site, settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "petition.md"
    file.write_text(PETITION.replace("goal: 500", "goal: beaucoup"))
    done = import_file(settings, file, "--publish")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "ligne 7, champ goal : un nombre entier est attendu." in done.stderr
    assert "Traceback" not in done.stderr
    assert how_many(site) == 0


def test_every_block_of_the_real_petition_is_on_its_page_in_order(real_page: str) -> None:
    expected = blocks_of_markdown(real().split("\n---\n", 1)[1])
    assert blocks(prose(real_page)) == expected
    kinds = [kind for kind, _ in expected]
    assert (kinds.count("h2"), kinds.count("ul li"), kinds.count("ol li")) == (3, 7, 5)


def test_the_real_petition_has_two_bulleted_lists_and_five_demands_in_strong(real_page: str) -> None:
    text = prose(real_page)
    assert text.count("<ul>") == 2
    assert text.count("<ol>") == 1
    demands = text.partition("<ol>")[2].partition("</ol>")[0]
    assert demands.count("<li><strong>") == 5
    assert [words(part) for part in demands.split("<strong>")[1:]][4].startswith("Éducation et sensibilisation :")


def test_the_title_is_the_only_level_one_heading(real_page: str) -> None:
    assert real_page.count("<h1") == 1
    title = words(real_page.partition('<h1 dir="auto">')[2].partition("</h1>")[0])
    assert title == (
        "Nos données de santé aux mains de Microsoft : un danger pour nous tous !"
        " Non à ce nouvel arrangement technocratique insensé !"
    )


@pytest.mark.typed("Non à l'institutionnalisation !, une adresse avec &section=", "montrés signe pour signe")
def test_a_title_and_an_address_are_shown_sign_for_sign(site: Site) -> None:
    title = "Non à l'institutionnalisation & à « l'entre-soi-administratif » !"
    address = "https://exemple.org/lire?page=1&section=2&copy=3"
    source = PETITION.replace("Rouvrir la bibliothèque de Montfleur", title).replace(
        "Depuis", f"Lire <{address}> ! Depuis"
    )
    page = site.client.get(f"/petitions/{site.publish(source)}").text
    assert words(page.partition('<h1 dir="auto">')[2].partition("</h1>")[0]) == title
    assert f"Lire {address} !" in words(prose(page))
    assert words(site.client.get("/").text.partition('<h2 dir="auto">')[2].partition("</h2>")[0]) == title


def test_both_recipients_are_shown_with_their_functions(real_page: str) -> None:
    shown = text_of(real_page)
    assert "Catherine Vautrin , Ministre du Travail, de la Santé et des Solidarités" in shown
    assert (
        "Bruno Le Maire , ministre de l'Économie, des Finances et de la Souveraineté industrielle et numérique" in shown
    )


def test_author_goal_and_dated_sources_are_shown(real_page: str) -> None:
    shown = text_of(real_page)
    assert "Philippe Rivière" in shown
    assert "objectif 5 000" in shown
    for source in (
        "Données de santé des Français : le choix contesté de Microsoft"
        " France Inter, cellule investigation de Radio France, 3 octobre 2020",
        "Health Data Hub : hébergé par Microsoft, il ne sera pas suspendu avant son rapatriement AFP, 14 octobre 2020",
        "Health Data Hub : l'Assurance maladie s'oppose à Microsoft sur la gestion des données de santé"
        " AFP, 19 février 2021",
    ):
        assert source in shown


def test_a_picture_comes_with_its_words_and_without_its_secrets(site: Site, tmp_path: Path) -> None:
    secret = Image.Exif()
    secret[0x010E] = "48.8566 N"
    Image.new("RGB", (2000, 1000), "navy").save(tmp_path / "photo.jpg", exif=secret)
    header = 'image: {file: photo.jpg, alt: "Une façade", caption: "Le 3 février", credit: "A. B."}\ngoal: 500'
    store = tmp_path / "images"
    with site.database.write() as session:
        file = importing.parse(PETITION.replace("goal: 500", header), "essai.md")
        petition = actions.create(session, file, folder=tmp_path, image_store=store)
        actions.publish(session, petition)
        slug, image = petition.slug, petition.image
    page = site.client.get(f"/petitions/{slug}").text
    shown = re.sub(r"\s+", " ", page)
    told = f'src="/images/{image}-1600.webp" alt="Une façade" dir="auto" width="1600" height="800"'
    assert f'{told} fetchpriority="high">' in shown
    sizes = ", ".join(f"/images/{image}-{width}.avif {width}w" for width in (480, 960, 1600))
    assert f'<source type="image/avif" srcset="{sizes}" sizes=' in shown
    assert f'property="og:image" content="{site.settings.origin}/petitions/{slug}/carte.png"' in shown
    assert "Le 3 février — A. B." in text_of(page)
    for kind in ("webp", "avif"):
        response = site.client.get(f"/images/{image}-960.{kind}")
        assert response.headers["content-type"] == f"image/{kind}"
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert b"48.8566" not in response.content


def test_a_missing_picture_is_named_and_nothing_is_made(site: Site, tmp_path: Path) -> None:
    source = PETITION.replace("goal: 500", 'image: {file: absente.jpg, alt: "Rien"}\ngoal: 500')
    with pytest.raises(Refused, match=r"champ image\.file : .*absente\.jpg"), site.database.write() as session:
        actions.create(session, importing.parse(source, "essai.md"), folder=tmp_path, image_store=tmp_path)
    assert how_many(site) == 0


@pytest.mark.parametrize(
    ("correct", "broken", "complaint"),
    [
        ('title: "Rouvrir la bibliothèque de Montfleur"\n', "", "ligne 2, champ title : ce champ est obligatoire."),
        ("goal: 500", "goal: 0", "ligne 7, champ goal : ce nombre est trop petit."),
        ("goal: 500", "but: 500", "ligne 7, champ but : ce champ n’existe pas."),
        ("goal: 500", "goal: 500\ntext: autre", "ligne 8, champ text : ce champ n’existe pas."),
        ('    role: "Maire de Montfleur"\n', "", "ligne 5, champ recipients[1].role : ce champ est obligatoire."),
        ("date: 2026-02-03", "date: hier", "ligne 12, champ sources[1].date : une date AAAA-MM-JJ est attendue."),
        (
            "date: 2026-02-03",
            "date: 2026-02-03\n    url: javascript:alert(1)",
            "ligne 13, champ sources[1].url : une adresse commence par https:// ou http://.",
        ),
        (
            "date: 2026-02-03",
            "kind: tract",
            "ligne 12, champ sources[1].kind : article, enquête, étude, vidéo ou texte officiel est attendu.",
        ),
        ('theme: "Culture"', 'theme: "Culture', "ligne 10, champ title : des guillemets manquent"),
        ("goal: 500", "goal: 500\nclosesOn: 2027-01-01", "ligne 8, champ closesOn : ce champ n’existe pas."),
        ("goal: 500", "closes_on: 2026-13-45\ngoal: 500", "ligne 7, champ closes_on : une date AAAA-MM-JJ"),
        ("---\ntitle", "--\ntitle", "ligne 1 : le fichier commence par un en-tête YAML"),
    ],
)
def test_a_broken_file_names_the_field_and_the_line(correct: str, broken: str, complaint: str) -> None:
    source = PETITION.replace(correct, broken, 1)
    assert source != PETITION
    with pytest.raises(Refused) as refused:
        importing.parse(source, "essai.md")
    assert str(refused.value).startswith("essai.md, ")
    assert complaint in str(refused.value)


def test_a_file_says_all_that_a_petition_carries(site: Site, tmp_path: Path) -> None:
    Image.new("RGB", (1000, 500), "navy").save(tmp_path / "photo.jpg")
    said = 'place: Rennes\ndisplay: initial\nimage: {file: photo.jpg, alt: "Une façade", focus: "20 80"}\ngoal: 500'
    source = PETITION.replace("goal: 500", said).replace("    date: 2026", "    kind: Enquête\n    date: 2026")
    with site.database.write() as session:
        file = importing.parse(source, "essai.md", tmp_path)
        petition = actions.create(session, file, folder=tmp_path, image_store=tmp_path / "images")
        actions.publish(session, petition)
        slug = petition.slug
    with site.database.read() as session:
        petition = session.scalars(select(Petition)).one()
        assert (petition.image_focus_x, petition.image_focus_y) == (20, 80)
        assert (petition.place_kind, petition.place_code, petition.display_most) == ("commune", "35238", "initial")
        assert [source.kind for source in petition.sources] == ["investigation"]
    shown = text_of(site.client.get(f"/petitions/{slug}").text)
    assert "Culture Rennes (35) · ouverte" in shown
    assert "La Gazette, 3 février 2026 · Enquête" in shown
    assert "Investigation" in text_of(site.client.get(f"/en/petitions/{slug}").text)
    data = site.client.get(f"/petitions/{slug}.json").json()
    assert data["place"] == {"kind": "commune", "code": "35238", "name": "Rennes (35)"}
    assert data["sources"][0]["kind"] == "investigation"
    assert data["image"]["url"] == f"{site.settings.origin}/images/{petition.image}-1000.webp"
    for words_typed in ("rennes", "ille-et-vilaine bibliothèque"):
        assert "Rouvrir la bibliothèque" in site.client.get("/", params={"q": words_typed}).text


def test_a_draft_made_in_a_browser_brings_a_picture_that_is_kept(site: Site, tmp_path: Path) -> None:
    kept = images.Kept("a" * 24, 1600, 900)
    with site.database.write() as session:
        file = importing.parse(PETITION.replace("goal: 500", "place: Rennes\ngoal: 500"), "essai.md")
        made = actions.Picture(kept, "Une façade", credit="A. B.", focus=(10, 90))
        petition = actions.create(session, file, folder=None, image_store=tmp_path, picture=made)
        assert (petition.image, petition.image_width, petition.image_focus_y) == ("a" * 24, 1600, 90)
        actions.rewrite(session, petition, importing.parse(PETITION, "essai.md"))
        assert (petition.image, petition.image_alt, petition.place_code) == ("a" * 24, "Une façade", "35238")
        other = actions.Picture(images.Kept("b" * 24, 480, 900), "Une autre")
        actions.rewrite(session, petition, file, picture=other)
        assert (petition.image, petition.image_alt, petition.image_credit) == ("b" * 24, "Une autre", "")
        actions.set_picture(petition, None)
        assert (petition.image, petition.image_alt, petition.image_focus_x) == (None, "", 50)


def fourth(line: str) -> str:
    """A file whose fourth line is *line*."""
    others = [
        other
        for other in ('title: "Un titre"', 'author: "Nous"', 'theme: "Culture"', "goal: 500")
        if other.partition(":")[0] != line.partition(":")[0]
    ]
    head = "---\nrecipients: [{name: Claire, role: Maire}]\nsources: []"
    return "\n".join([head, line, *others, "---", PETITION.split("\n---\n")[1]])


@pytest.mark.typed("goal: 05000, title: #climat, &Stop", "5000, #climat, &Stop")
@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("goal: 5000", "goal", 5000),
        ("goal: 05000", "goal", 5000),
        ("goal: 5 000", "goal", 5000),
        ("goal: 5\u202f000 # pour commencer", "goal", 5000),
        ('goal: "12500"', "goal", 12500),
        ("title: Sauvons le #climat", "title", "Sauvons le #climat"),
        ("title: #climat d’abord", "title", "#climat d’abord"),
        ("title: &Stop aux bruits", "title", "&Stop aux bruits"),
        ("title: !Non à la fermeture", "title", "!Non à la fermeture"),
        ("title: Oui à la gare # pas à celle d’en face", "title", "Oui à la gare"),
        ("title: 2026-02-03", "title", "2026-02-03"),
        ("title: 1234567", "title", "1234567"),
        ("title: >-\n  Une demande\n  en deux lignes", "title", "Une demande en deux lignes"),
        ("title: Une demande\n  en deux lignes", "title", "Une demande en deux lignes"),
        ("author: yes", "author", "yes"),
        ("author: 007", "author", "007"),
        ("author: Null", "author", "Null"),
        ("theme: 1:30", "theme", "1:30"),
        ("theme: 'L''eau # et l''air'", "theme", "L'eau # et l'air"),
        ("closes_on:", "closes_on", None),
        ("closes_on: 31/12/2026", "closes_on", dt.date(2026, 12, 31)),
        ("image:", "image", None),
        ("place: 35", "place", places.find("departement", "35")),
        ("place: 02", "place", places.find("departement", "02")),
        ("place: Rennes", "place", places.find("commune", "35238")),
        ("place: 35238", "place", places.find("commune", "35238")),
        ("place: Saint-Denis (93)", "place", places.find("commune", "93066")),
        ("place:", "place", None),
        ("display: initial", "display", "initial"),
        ("themes: [Culture, Santé]", "all_themes", ["Culture", "Santé"]),
        ("themes: [Santé, Climat]", "all_themes", ["Culture", "Santé", "Climat"]),
        ("theme: Santé", "all_themes", ["Santé"]),
    ],
)
def test_a_value_is_what_stands_in_the_file(line: str, field: str, value: object) -> None:
    clock.travel(dt.datetime(2026, 3, 1, tzinfo=dt.UTC) - clock.now())
    assert getattr(importing.parse(fourth(line), "essai.md"), field) == value


@pytest.mark.typed(
    "goal: 5.000, yes, 1:30, date: 2024, une clé en double, un signe de commande",
    "refusé : champ, ligne, phrase en français",
)
@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("goal: 5.000", "ligne 4, champ goal : un nombre entier est attendu."),
        ("goal: 5,000", "ligne 4, champ goal : un nombre entier est attendu."),
        ("goal: 5000.0", "ligne 4, champ goal : un nombre entier est attendu."),
        ("goal: 5e3", "ligne 4, champ goal : un nombre entier est attendu."),
        ("goal: 0x1F", "ligne 4, champ goal : un nombre entier est attendu."),
        ("goal: yes", "ligne 4, champ goal : un nombre entier est attendu."),
        ("goal: 1:30", "ligne 4, champ goal : un nombre entier est attendu."),
        ("goal: -5", "ligne 4, champ goal : un nombre entier est attendu."),
        ("goal: ٥٠٠", "ligne 4, champ goal : un nombre entier est attendu."),
        ("goal: [5]", "ligne 4, champ goal : un nombre entier est attendu."),
        ("goal: 0", "ligne 4, champ goal : ce nombre est trop petit."),
        (f"goal: {'9' * 5000}", "ligne 4, champ goal : ce nombre est trop grand."),
        ("goal:", "ligne 4, champ goal : ce champ est obligatoire."),
        ("title: Une autre\ntitle: encore une", "ligne 5, champ title : ce champ est déjà à la ligne 4."),
        ("title: Oui : et non", "ligne 4, champ title : mettez cette valeur entre guillemets."),
        ("title: *Sauvons* le lac", "ligne 4, champ title : mettez cette valeur entre guillemets."),
        ("title: *Sauvons le lac", "ligne 4, champ title : mettez cette valeur entre guillemets."),
        ("title: @mairie, ouvrez", "ligne 4, champ title : mettez cette valeur entre guillemets."),
        ("title: 50 %\n\tde plus", "ligne 5 : des espaces sont attendus en début de ligne, pas une tabulation."),
        ("title: [Alerte]", "ligne 4, champ title : un texte est attendu"),
        ("title: Un si\x07gnal", "ligne 4 : un caractère invisible (U+0007) est à enlever."),
        ("title: Un nul\x00ici", "ligne 4 : un caractère invisible (U+0000) est à enlever."),
        ("closes_on: 2026", "ligne 4, champ closes_on : une date AAAA-MM-JJ est attendue."),
        ("closes_on: 2026-02-30", "ligne 4, champ closes_on : une date AAAA-MM-JJ est attendue."),
        ("closes_on: 2026-02-28", "ligne 4, champ closes_on : cette date est passée."),
        ("closes_on: 0001-01-01", "ligne 4, champ closes_on : cette date est passée."),
        (
            "closes_on: 2029-01-01",
            "ligne 4, champ closes_on : cette date est trop lointaine : au plus tard le 1er mars 2027",
        ),
        ("closes_on: 9999-12-31", "ligne 4, champ closes_on : cette date est trop lointaine"),
        ("image: photo.jpg", "ligne 4, champ image : des champs « nom : valeur » sont attendus."),
        ("image: {file: a.jpg, alt: b, focus: 50}", "ligne 4, champ image.focus : deux pourcentages sont attendus"),
        ("image: {file: a.jpg, alt: b, focus: 50 101}", "ligne 4, champ image.focus : deux pourcentages sont attendus"),
        ("image: {file: a.jpg, alt: b, focus: [a, b]}", "ligne 4, champ image.focus : deux pourcentages sont attendus"),
        ("place: Atlantide", "ligne 4, champ place : ce lieu n’est pas connu"),
        ("place: Saint-Denis", "ligne 4, champ place : plusieurs lieux portent ce nom : Saint-Denis (974)"),
        ("place: [Rennes]", "ligne 4, champ place : un seul lieu est attendu."),
        ("display: tout", "ligne 4, champ display : hidden, initial ou full est attendu."),
        ("themes: Culture", "ligne 4, champ themes : une liste est attendue"),
        ("themes: [a, b, c, d]", "ligne 4, champ themes : il y a trop d’éléments."),
        ("themes: [a, b, c]", "champ theme : il y a trop d’éléments."),
        ("? [a]\n: b", "ligne 4 : « champ : valeur » est attendu."),
        ("une ligne sans rien", "ligne 4 : « champ : valeur » est attendu."),
        (f"author: {'[' * 3000}", "ligne 2"),
    ],
)
def test_what_cannot_be_understood_is_said_in_french_with_its_line(line: str, complaint: str) -> None:
    clock.travel(dt.datetime(2026, 3, 1, tzinfo=dt.UTC) - clock.now())
    with pytest.raises(Refused) as refused:
        importing.parse(fourth(line), "essai.md")
    assert complaint in str(refused.value)
    assert not re.search(r"\b(expected|found|valid|input|should)\b", str(refused.value))


def test_a_text_that_is_too_short_is_named_with_the_line_where_it_begins() -> None:
    header = PETITION.partition("\n---\n")[0]
    with pytest.raises(Refused, match=r"ligne 13, champ text : ce texte est trop court\.$"):
        importing.parse(f"{header}\n---\n\nTrop court.\n", "essai.md")


def test_every_mistake_is_told_at_once() -> None:
    source = PETITION.replace("goal: 500", "goal: x").replace('theme: "Culture"', "theme: [3]")
    with pytest.raises(Refused) as refused:
        importing.parse(source, "essai.md")
    assert len(str(refused.value).splitlines()) == 2


def test_a_file_that_is_not_utf8_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "petition.md"
    file.write_bytes(PETITION.encode("latin-1", "replace"))
    with pytest.raises(Refused, match="ligne 2 : ce fichier n’est pas en UTF-8"):
        importing.read(file)


def test_a_file_made_on_windows_is_read_alike(tmp_path: Path) -> None:
    file = tmp_path / "petition.md"
    file.write_bytes(b"\xef\xbb\xbf" + PETITION.replace("\n", "\r\n").encode())
    assert importing.read(file) == importing.parse(PETITION, "essai.md")


def test_a_petition_that_closed_already_is_not_published(site: Site) -> None:
    with pytest.raises(Refused, match="closes_on"):
        site.publish(PETITION.replace("goal: 500", "closes_on: 2020-01-01\ngoal: 500"))
    assert how_many(site) == 0


def test_a_draft_is_nobody_s_business(site: Site, settings: Settings, tmp_path: Path) -> None:
    with site.database.write() as session:
        file = importing.parse(PETITION, "essai.md")
        slug = actions.create(session, file, folder=None, image_store=tmp_path).slug
    for path in ("", ".json", "/compteur.json", "/petition.pdf", "/affiche.pdf", "/signatures", "/direct"):
        assert site.client.get(f"/petitions/{slug}{path}").status_code == 404, path
    assert site.client.get(f"/widget/{slug}").status_code == 404
    assert "Montfleur" not in site.client.get("/").text
    assert site.sign(slug).status_code == 404
