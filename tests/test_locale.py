"""The English version: nothing left in French, nothing lost in translation, links that stay in English."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message as Entry
from babel.messages.pofile import read_po

from app.errors import Busy, Refused
from app.locale import Message
from app.locale.extract import CATALOGUE, ROOT, _name, collected, sentences
from app.privacy import retention
from app.templating import in_language, translate_said
from tests.site import FORM, PETITION, Site, text_of

pytestmark = pytest.mark.databases("sqlite")

HOLDER = re.compile(r"%\(\w+\)s|%%|\{n\}")
# Words that a French sentence of ours can hardly do without.
FRENCH = re.compile(
    r"\b(?:vous|votre|vos|nous|notre|cette|pétitions?|avec|pour|sans|les|des|du|est|une|et|"
    r"adresse|prénom|commentaires?|Anonyme)\b",
    re.IGNORECASE,
)
PUBLIC = (
    "/", "/?q=introuvable", "/comptage", "/charte", "/confidentialite", "/mentions-legales", "/accessibilite",
    "/contact", "/mes-signatures", "/mes-signatures/envoye", "/connexion",
    "/connexion?suite=/organisation", "/boite-locale",
)  # fmt: skip


def parts(text: object) -> list[str]:
    return [str(text)] if isinstance(text, str) else [str(part) for part in text]  # type: ignore[attr-defined]


def catalogue() -> dict[str, Entry]:
    with CATALOGUE.open("rb") as file:
        return {parts(message.id)[0]: message for message in read_po(file, locale="en") if message.id}


def test_every_message_has_its_translation_with_the_same_placeholders() -> None:
    known, problems = catalogue(), []
    for message in collected():
        if not message.id:
            continue
        french = parts(message.id)
        found = known.get(french[0])
        if found is None or not all(parts(found.string)) or found.fuzzy:
            problems.append(f"not translated: {french[0]}")
            continue
        problems += [
            f"placeholders of: {text}"
            for text, source in zip(parts(found.string), french, strict=True)
            if sorted(HOLDER.findall(text)) != sorted(HOLDER.findall(source))
        ]
        # Narrow spaces belong to French.
        problems += [f"spaces of: {text}" for text in parts(found.string) if re.search(r"[\u202f\u00a0]| [:;!?]", text)]
    assert problems == []


def test_the_catalogue_holds_no_message_that_is_gone() -> None:
    used = {parts(message.id)[0] for message in collected() if message.id}
    assert sorted(set(catalogue()) - used) == []


def test_sentences_are_found_in_the_code() -> None:
    source = """
TITLES = {404: "Page introuvable", 5: "5"}
def f(n):
    raise ValueError(Message("Au plus %(most)s signes, pas %(n)s.", most=80, n=len(n)))
    g({"values": {}, "errors": {"code": "Recommencez."}})
"""
    assert set(sentences(source)) == {"Page introuvable", "Au plus %(most)s signes, pas %(n)s.", "Recommencez."}


def test_a_sentence_with_a_number_in_it_is_said_in_english() -> None:
    message = Message("Raccourcissez ce nom : %(most)s caractères au plus.", most=80)
    assert message == "Raccourcissez ce nom : 80 caractères au plus."
    assert translate_said("fr", message) == "Raccourcissez ce nom\u202f: 80 caractères au plus."
    assert translate_said("en", message) == "Shorten this name: 80 characters at most."
    # What it is about is translated where it is ours, and never where somebody typed it.
    longer = "Raccourcissez %(name)s : %(longest)s caractères au plus."
    ours, theirs = Message(longer, name=Message("le nom"), longest=2), Message(longer, name="le nom", longest=2)
    assert translate_said("en", ours) == "Shorten the name: 2 characters at most."
    assert translate_said("en", theirs) == "Shorten le nom: 2 characters at most."
    # Once finished, nothing recognises it.
    assert translate_said("en", str(message)) == "Raccourcissez ce nom : 80 caractères au plus."
    assert translate_said("en", Message("%(x)s caractères à 100 %%", x="%(y)s")) == "%(y)s caractères à 100 %"
    assert translate_said("fr", "Tapez : 100 %").count("\u202f") == 2
    # What is unknown stays, percent signs and all.
    assert translate_said("en", "Inconnu à 100 % %(x)s") == "Inconnu à 100 % %(x)s"
    assert translate_said("en", "") == ""


def family(base: type[Exception]) -> set[str]:
    return {base.__name__}.union(*map(family, base.__subclasses__()))


# What people may be told; a ValueError of a form is its sentence.
REFUSALS = family(Refused) | {"FormRefused", "HTTPException", "Message"}
PARAMETERS = re.compile(r"%\((\w+)\)")


def is_finished(node: ast.expr) -> bool:
    """A sentence is put together here: an f-string, ``%``, ``+``, ``format``, ``join`` or ``str``."""
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        # Its own call is looked at by itself; what fills a sentence may be put together.
        return name in {"format", "join", "str", "replace"} or (name != "Message" and any(map(is_finished, node.args)))
    if isinstance(node, ast.JoinedStr | ast.BinOp):
        return True
    return any(is_finished(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))


def told() -> Iterator[tuple[Path, ast.Module, ast.Call]]:
    """Every refusal that the code makes, and every message."""
    for path in sorted((ROOT / "app").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        read = path.name == "forms.py" or path.parent.name == "forms" or path.name in {"text.py", "typed.py"}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node.func) in REFUSALS | ({"ValueError"} if read else set()):
                yield path, tree, node


def noted() -> Iterator[tuple[Path, ast.expr]]:
    """What is noted about a field: ``errors["name"] = …``."""
    for path in sorted((ROOT / "app").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Subscript) and _name(target) == "errors":
                        yield path, node.value


def test_no_sentence_is_finished_before_it_is_translated() -> None:
    calls, fields = list(told()), list(noted())
    assert len(calls) > 300
    assert len(fields) > 10
    said = [(path, argument) for path, _, call in calls for argument in call.args]
    assert [f"{path.relative_to(ROOT)}:{node.lineno}" for path, node in said + fields if is_finished(node)] == []


def test_each_message_has_the_parameters_of_its_sentence() -> None:
    wrong, some = [], 0
    for path, tree, call in told():
        sentence = call.args[0] if call.args else None
        if isinstance(sentence, ast.Name):
            sentence = next(
                (
                    node.value
                    for node in ast.walk(tree)
                    if isinstance(node, ast.Assign) and [_name(target) for target in node.targets] == [sentence.id]
                ),
                None,
            )
        if isinstance(sentence, ast.Constant) and isinstance(sentence.value, str):
            given = {keyword.arg for keyword in call.keywords} - {"retry_after"}
            some += bool(given)
            if set(PARAMETERS.findall(sentence.value)) != given:
                wrong.append(f"{path.relative_to(ROOT)}:{call.lineno}")
    assert wrong == []
    assert some > 30


def test_a_refusal_says_the_same_to_people_and_to_the_log() -> None:
    refused = Busy("Au plus %(most)s signatures à la fois.", retry_after=7, most=500)
    assert (str(refused), refused.retry_after) == ("Au plus 500 signatures à la fois.", 7)
    assert translate_said("en", refused.message) == "At most 500 signatures at a time."


def test_paths_have_the_prefix_of_their_language() -> None:
    assert in_language("fr", "/charte") == "/charte"
    assert in_language("en", "/charte") == "/en/charte"


def own_words(html: str) -> str:
    """What the site itself says: without the petition, the list of countries and the other language's name."""
    html = re.sub(r'<([a-z]+)\b[^>]* lang="fr".*?</\1>', " ", html, flags=re.DOTALL)
    html = re.sub(r"<select\b.*?</select>|<textarea\b.*?</textarea>", " ", html, flags=re.DOTALL)
    html = re.sub(r'<div class="prose"[^>]*>(?=<p>Depuis janvier).*?</div>', " ", html, flags=re.DOTALL)
    text = text_of(html)
    for word in (
        "Rouvrir la bibliothèque de Montfleur", "La bibliothèque fermée", "Collectif des lectrices", "mes-signatures",
        "Maire de Montfleur", "Défenseur des droits", "département", "petitions",
    ):  # fmt: skip
        text = text.replace(word, " ")
    return text


def assert_english(html: str) -> None:
    assert '<html lang="en">' in html
    words = own_words(html)
    assert FRENCH.findall(re.sub(r"\b[Pp]etitions?\b|French|https?://\S+", " ", words)) == [], words


def assert_links_stay(html: str) -> None:
    """Every link to a page of ours begins with /en/, but the one that changes the language."""
    html = re.sub(r"<a\b[^>]*hreflang=[^>]*>", " ", html)
    links = re.findall(r'(?:href|action|formaction)="(/[^"]*)"', html)
    astray = [link for link in links if not re.match(r"/en(/|$)|/static/|/images/", link)]
    assert astray == []
    assert links


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_speak_english_under_en(site: Site, path: str) -> None:
    site.publish()
    response = site.client.get(f"/en{path}")
    assert response.status_code == 200
    assert_english(response.text)
    assert_links_stay(response.text)


def test_the_petition_speaks_english_around_its_own_text(site: Site) -> None:
    slug = site.publish()
    html = site.client.get(f"/en/petitions/{slug}").text
    assert_english(html)
    assert_links_stay(html)
    assert "Sign the petition" in text_of(html)
    assert "Vous" not in own_words(html)
    for path in ("signatures", "commentaires", "partager", "verifier"):
        other = site.client.get(f"/en/petitions/{slug}/{path}").text
        assert_english(other)
        assert_links_stay(other)
    assert_english(site.client.get(f"/en/widget/{slug}").text)


def test_the_french_pages_stay_french(site: Site) -> None:
    slug = site.publish()
    for path in ("/", f"/petitions/{slug}", "/confidentialite"):
        html = site.client.get(path).text
        assert '<html lang="fr">' in html
        assert not re.search(
            r"\b(?:the|your|petitions|signatures are|Sign the)\b", re.sub(r'hreflang="en">[^<]*', "", text_of(html))
        )


def test_a_refused_form_says_in_english_what_to_correct(site: Site) -> None:
    slug = site.publish()
    form = {"given_name": "x" * 121, "family_name": "", "email": "nowhere", "postal_code": "1", "comment": "a" * 2001}
    response = site.client.post(f"/en/petitions/{slug}/signatures", data=form)
    assert response.status_code == 422
    assert_english(response.text)
    text = text_of(response.text)
    for sentence in (
        "7 answers need correcting",
        "Shorten this name: 120 characters at most.",
        "Give your family name, or tick",
        "Check your e-mail address",
        "Enter a five-digit French postal code",
        "Shorten your comment: 2000 characters at most, it has 2001.",
        "Tick this box to sign",
        "Tick this box if you are 15 or over",
    ):
        assert sentence in text, sentence


def test_what_was_typed_is_never_taken_for_html_or_for_a_placeholder(site: Site) -> None:
    slug = site.publish()
    for prefix in ("", "/en"):
        data = FORM | {"given_name": "<b>%(x)s", "email": "%s"}
        html = site.client.post(f"{prefix}/petitions/{slug}/signatures", data=data).text
        assert "<b>%(x)s" not in html
        assert "&lt;b&gt;%(x)s" in html


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/en/nulle-part", 404, "Page not found"),
        ("/en/petitions/aucune", 404, "There is no petition at this address."),
        ("/en/confirmer/xxx", 404, "This link is incomplete or is not one of ours."),
        ("/en/mes-signatures/liste", 410, "Your access has ended"),
        ("/en/?q=%FF", 400, "This address contains unreadable characters."),
    ],
)
def test_errors_are_in_english(site: Site, path: str, status: int, words: str) -> None:
    response = site.client.get(path)
    assert response.status_code == status
    assert words in text_of(response.text)
    assert_english(response.text)
    assert_links_stay(response.text)


def sign_in_english(site: Site, slug: str, **changes: str) -> None:
    response = site.client.post(f"/en/petitions/{slug}/signatures", data=FORM | changes)
    assert response.headers["location"] == f"/en/petitions/{slug}/verifier"


def test_someone_who_signs_in_english_is_written_to_in_english(site: Site) -> None:
    slug = site.publish()
    sign_in_english(site, slug, comment="Let it open again.", consent_updates="on", display="full")
    sent = site.mails()[-1]
    assert sent.subject == "Confirm your address"
    path = sent.link("/en/confirmer/")
    html = site.client.get(path).text
    assert_english(html.replace("Marie Durand", ""))
    assert "Marie Durand · 35000 (full name, postal code)" in text_of(html)
    assert re.search(r'name="display"\s+value="full" checked', html)
    assert "Confirm my signature" in text_of(html)
    response = site.client.post(path)
    assert response.headers["location"] == path
    thanks = site.client.get(path).text
    assert_english(thanks)
    assert_links_stay(thanks)

    sign_in_english(site, slug)
    site.client.post("/en/mes-signatures", data={"email": FORM["email"]})
    for mail in site.mails():
        assert '<html lang="en">' in mail.html
        assert_english(mail.html)
        assert FRENCH.findall(own_words(re.sub(r"https?://\S+", " ", mail.text))) == []
        assert [link for link in mail.links if not link.startswith("/en/")] == []


def test_the_self_service_works_and_speaks_english(site: Site) -> None:
    slug = site.publish()
    sign_in_english(site, slug, comment="Let it open again.", consent_newsletter="on")
    site.client.post(site.mails()[-1].link("/en/confirmer/"))
    site.client.post("/en/mes-signatures", data={"email": FORM["email"]})
    link = site.mails()[-1].link("/en/mes-signatures/")
    assert_english(site.client.get(link).text)
    response = site.client.post(link)
    # A browser sends it back under /en only if it was set there.
    assert "Path=/en/mes-signatures;" in response.headers["set-cookie"]
    assert response.headers["location"] == "/en/mes-signatures/liste"
    html = site.client.get("/en/mes-signatures/liste").text
    assert_english(html)
    assert_links_stay(html)
    assert "counted" in text_of(html)
    closed = site.client.post("/en/mes-signatures/fermer")
    assert "Path=/en/mes-signatures;" in closed.headers["set-cookie"]
    assert site.client.get("/en/mes-signatures/liste").status_code == 410


def test_pages_of_results_stay_in_english(site: Site) -> None:
    for n in range(25):
        site.publish(PETITION.replace("Rouvrir la bibliothèque", f"Rouvrir la bibliothèque {n}"))
    html = site.client.get("/en/petitions").text
    assert 'rel="next" href="/en/petitions?page=2"' in html
    assert_links_stay(html)
    assert_links_stay(site.client.get("/en/").text)


def test_a_decision_on_a_comment_is_mailed_in_english(site: Site) -> None:
    templates = site.app.state.templates
    context = {
        "given_name": "Ann", "text": "…", "petition_path": "/petitions/x", "explanation": "", "corrects": "",
        "reference": "D-1", "unsubscribe_url": "", "ground": "charter", "effects": ["ask_rewrite"], "kind": "refuse",
        "passage": "that", "rule": "", "why": "", "law": "", "automated": False, "source": "own",
        "rewrite_path": "/reecrire/t", "appeal_path": "/recours/t", "appeal_until": "2027-05-24",
        "charter_path": "/charte?version=1", "public_path": "/transparence/decisions/D-1",
    }  # fmt: skip
    for name in ("published", "restored", "refused"):
        text = templates.render(f"email/moderation/{name}/body.txt", "en", **context)
        assert FRENCH.findall(own_words(re.sub(r"https?://\S+", " ", text))) == []
        paths = re.findall(r"https?://[^/\s]+(/\S*)", text)
        assert paths
        assert [path for path in paths if not path.startswith("/en/")] == []


def test_a_refusal_says_why_in_english_and_quotes_the_charter_as_what_it_is(site: Site) -> None:
    slug = site.publish()
    site.client.post(f"/en/petitions/{slug}/signatures", data=FORM | {"comment": "You are all stupid."})
    site.client.post(site.mails()[-1].link("/en/confirmer/"))
    moderator = site.staff("moderator")
    (path,) = set(re.findall(r'action="(/moderation/commentaires/\d+/decision)"', moderator.get("/moderation").text))
    form = {"decision": "refuse", "article": "1", "passage": "stupid", "explanation": ""}
    assert moderator.post(path, data=form).status_code == 303
    site.later(minutes=20)
    mail = site.mails()[-1]
    assert mail.subject == "Decision about your comment"
    assert_english(mail.html)
    quoted = re.findall(r'<(?:p|span) lang="fr">(.*?)</(?:p|span)>', mail.html, re.DOTALL)
    assert [text_of(words) for words in quoted] == [
        "Charte, version 1, article 1 : Ni insulte ni acharnement Le passage que vous avez écrit rabaisse une"
        " personne au lieu de discuter ce qu’elle fait ou ce qu’elle dit.",
        "Loi du 29 juillet 1881, art. 29, al. 2",
    ]
    announced = "The rule and the law are written in French, and that is how they apply; here are their words."
    assert announced in mail.html
    assert mail.text.index(announced) < mail.text.index("Charte, version 1")


def test_what_nobody_handled_is_told_in_english_alone(site: Site) -> None:
    slug = site.publish()
    site.client.post(f"/en/petitions/{slug}/signatures", data=FORM | {"comment": "A view."})
    site.client.post(site.mails()[-1].link("/en/confirmer/"))
    site.later(days=31)
    retention.run(site.database, site.settings)
    site.later(minutes=2)
    mail = next(mail for mail in site.mails() if mail.subject == "Decision about your comment")
    assert_english(mail.html)
    assert 'lang="fr"' not in mail.html
    assert "Comments not handled within thirty days" in mail.text


@pytest.mark.typed("/en/organisation", "une seule langue par page, celle de l’adresse")
def test_what_staff_reads_is_in_the_language_of_the_address(site: Site) -> None:
    slug = site.publish()
    organiser, admin = site.staff("organiser", slug), site.staff("admin")
    for browser, path in [
        (organiser, "/organisation"),
        (organiser, f"/organisation/petitions/{slug}"),
        (organiser, "/organisation/petitions/absente"),
        (admin, "/moderation"),
        (admin, "/administration"),
    ]:
        french, english = browser.get(path), browser.get(f"/en{path}")
        assert '<html lang="fr">' in french.text, path
        assert '<html lang="en">' in english.text, path
        assert_links_stay(english.text)
    begun = organiser.post(f"/en/organisation/petitions/{slug}/nouvelles", data={}).headers["location"]
    assert begun.startswith("/en/organisation/")
    refused = organiser.post(begun, data={"go": "relire"})
    assert "Give a title of 3 to 150 characters." in text_of(refused.text)
    assert site.client.get("/en/organisation").headers["location"].startswith("/en/connexion")
