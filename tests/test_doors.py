"""Whatever is typed, wherever: a sentence, never an error of ours; and what was typed is still there."""

from collections.abc import Iterator
from html.parser import HTMLParser
from inspect import signature
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from app.moderation import actions
from app.petitions import actions as petition_actions
from app.petitions import importing
from app.redress import actions as redress
from app.redress.actions import Report
from tests.moderation.desk import OTHER, PUBLISH, REFUSE, TEXT, comment, decide
from tests.site import PETITION, Site, text_of
from tests.test_architecture import address, asks_who, routes

# The ends of the calendar and of what machines count, letters that cannot be seen, half of what is meant.
NASTY = [
    "", "0001-01-01", "9999-12-31", "9999-12-31T23:59", "0001-01-01T00:00", "0", "-1", "2147483648", "9" * 20,
    "9" * 5000,
    f"1-{'9' * 25}", f"{'9' * 25}-1", "²", "٣", "1e9", "NaN", "\u3164", "\u202e\U000e0041", "🙏", "e" + "\u0301" * 60,
    "'\"<b>%(x)s{x}", "x" * 2001, "item-1 on", "publish",
]  # fmt: skip
# Every field that a form of these rooms has, and some that it has not.
FIELDS = (
    "act", "age_declared", "answer", "article", "articles", "author", "authority", "blur", "capacity", "category",
    "channel", "closes_on", "comment", "comments", "confirm", "consent_signature", "country", "decision", "digest",
    "display", "effective_from", "email", "english", "explanation", "family_name", "given_name", "goal", "good_faith",
    "ground", "groupe", "into", "item-1", "item-2", "keys", "lignes", "mask", "name", "name-1", "note", "open",
    "outcome", "passage", "passage-1", "petitions", "postal_code", "provision", "purpose", "quiet_from", "quiet_to",
    "reasons", "received_at", "received_on", "reference", "remark-1", "request", "role", "role-1", "sources",
    "state", "steps", "summary", "text", "theme", "title", "toutes", "urgent", "version", "view", "view_reasons",
)  # fmt: skip
# What would be accepted, so that each other field is the only one that is wrong.
RIGHT = {
    "decision": "refuse", "article": "1", "passage": "minable", "explanation": "Critiquez ses actes.", "version": "",
    "item-1": "1", "category": "insult", "reasons": "C’est une insulte.", "name": "Paul", "good_faith": "on",
    "email": "paul@exemple.test", "text": "Je conteste, et voici une longue phrase qui dit pourquoi je le fais.",
    "outcome": "upheld", "view": "publish", "view_reasons": "C’est une opinion.", "authority": "Pharos",
    "reference": "X-1", "received_at": "2026-11-22T10:00", "comments": "2", "received_on": "2026-11-22",
    "channel": "mail", "request": "Marie demande tout.", "state": "answered", "answer": "Fait.", "note": "À voir.",
    "quiet_from": "20", "quiet_to": "8", "digest": "daily", "summary": "Rien de neuf.", "effective_from": "2090-01-01",
    "title": "Un titre assez long", "author": "Collectif", "theme": "Culture", "goal": "500", "purpose": "audit",
    "recipients": "Claire Vasseur, Maire", "sources": "", "closes_on": "", "delivery_mode": "identities",
    "given_name": "Marie", "family_name": "Durand", "postal_code": "35000", "country": "FR", "display": "hidden",
    "remark-1": "Donnez la date.", "role": "organiser", "petitions": "",
}  # fmt: skip
ROOMS = (
    "app.moderation.", "app.redress.", "app.privacy.", "app.comments.", "app.administration.", "app.petitions.",
    "app.updates.", "app.organising.",
)  # fmt: skip


@pytest.fixture
def slug(site: Site) -> str:
    """One of each thing, all numbered 1: a comment and its case, an appeal, a reply, a second look, a request."""
    site.account("moderator")
    slug = site.publish()
    decide(site, site.comment(slug, TEXT), PUBLISH)
    refused = decide(site, site.comment(slug, TEXT, email="zoe@exemple.test"), REFUSE)
    site.comment(slug, "Un avis qui attend.", email="ali@exemple.test")
    with site.database.write() as session:
        who = Report("charter", "insult", 1, "Je n’aime pas.", "", "Paul", "paul@exemple.test", "fr")
        redress.receive(session, "comment", 1, who)
        redress.appeal(session, refused.id, "author", "Ce n’est pas une insulte.")
        petition_actions.create(session, importing.parse(PETITION, "x.md"), folder=None, image_store=None)  # type: ignore[arg-type]
    reply = {"passage": "fermée", "text": "C’est faux.", "name": "Claire", "email": "claire@exemple.test"}
    assert site.client.post(f"/petitions/{slug}/droit-de-reponse", data=reply).status_code == 200
    request = {"received_on": "2026-11-22", "channel": "mail", "request": "Marie demande tout."}
    assert site.staff("admin").post("/administration/demandes", data=request).status_code == 303
    return slug


@pytest.fixture
def people(site: Site, slug: str) -> dict[str, TestClient]:
    """Who may open which door."""
    organiser = site.staff("organiser", slug)
    return {
        "/organisation": organiser,
        "/compte": organiser,
        "/moderation": site.staff("moderator", email=OTHER),
        "/administration": site.staff("admin", email="admin2@exemple.test"),
    }


def doors(method: str, slug: str, people: dict[str, TestClient], site: Site) -> Iterator[tuple[TestClient, str, Any]]:
    for route in routes(method):
        reads = method == "GET" or "values" in signature(route.endpoint).parameters
        if reads and route.endpoint.__module__.startswith(ROOMS):
            place = next((place for place in people if route.path.startswith(place)), "")
            person = people[place] if asks_who(route.dependant) else site.client
            yield person, address(route, slug), route


@pytest.mark.slow
def test_no_form_breaks_on_what_is_typed(site: Site, slug: str, people: dict[str, TestClient]) -> None:
    for person, path, _route in doors("POST", slug, people, site):
        for nasty in NASTY:
            answer = person.post(path, data=dict.fromkeys(FIELDS, nasty))
            assert answer.status_code < 500, (path, nasty, answer.status_code)


@pytest.mark.slow
@pytest.mark.typed(
    "5 000 chiffres, des dates du bout du calendrier, chaque champ l’un après l’autre", "une phrase, jamais une erreur"
)
def test_no_form_breaks_on_one_field(site: Site, slug: str, people: dict[str, TestClient]) -> None:
    """Everything else right, so that the verb is reached."""
    numbers_and_dates = [
        "article", "articles", "version", "comments", "comment", "quiet_from", "received_at", "received_on",
        "effective_from", "closes_on", "goal", "item-1", "item-x",
    ]  # fmt: skip
    for person, path, _route in doors("POST", slug, people, site):
        for field in numbers_and_dates:
            for nasty in ("9999-12-31T23:59" if field == "received_at" else "9999-12-31", "9" * 20, "9" * 5000):
                answer = person.post(path, data=RIGHT | {field: nasty})
                assert answer.status_code < 500, (path, field, nasty[:30], answer.status_code)


@pytest.mark.slow
def test_no_address_breaks_on_what_is_typed(site: Site, slug: str, people: dict[str, TestClient]) -> None:
    for person, path, route in doors("GET", slug, people, site):
        names = [parameter.alias for parameter in route.dependant.query_params] + ["page"]
        for nasty in NASTY:
            query = "&".join(f"{name}={quote(nasty)}" for name in names)
            answer = person.get(f"{path}?{query}")
            assert answer.status_code < 500, (path, query[:60], answer.status_code)
    for path in (f"/petitions/{slug}/signatures?avant=", f"/petitions/{slug}/commentaires?avant="):
        for nasty in (*NASTY, f"1-{'a' * 32}", f"{'9' * 18}-{'a' * 32}", f"-1-{'a' * 32}"):
            assert site.client.get(path + quote(nasty)).status_code in {200, 404}, nasty


@pytest.mark.parametrize(
    "query", ["du=0001-01-01", "au=0001-01-01", "du=9999-12-31", "au=9999-12-31", "du=hier", "du=20260101"]
)
@pytest.mark.parametrize("end", ["", ".json", ".csv", "/motifs.jsonl"])
@pytest.mark.databases("sqlite")
def test_period_is_of_this_century(site: Site, end: str, query: str) -> None:
    assert site.client.get(f"/transparence{end}?{query}").status_code == 404
    assert site.client.get(f"/transparence{end}?du=2000-01-01&au=2100-12-31").status_code == 200


# What an error is about


class Labels(HTMLParser):
    """What names the controls of a page: ``of[id]``; and where its summary of errors leads, with which words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.of: dict[str, str] = {}
        self.led: list[tuple[str, str]] = []
        self._into: dict[str, str] = {}
        self._legend = ""
        self._radios: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "label":
            self._into = {"label": found.get("for", "")}
        elif tag == "legend":
            self._into, self._legend = {"legend": ""}, ""
        elif tag == "a" and found.get("href", "").startswith("#champ-"):
            self.led.append((found["href"][1:], ""))
            self._into = {"a": ""}
        elif tag == "input" and found.get("type") == "radio":
            self.of[found.get("id", "")] = self._legend
            self._radios.add(found.get("id", ""))

    def handle_endtag(self, tag: str) -> None:
        self._into.pop(tag, None)

    def handle_data(self, data: str) -> None:
        if "a" in self._into:
            self.led[-1] = (self.led[-1][0], self.led[-1][1] + data)
        if "legend" in self._into:
            self._legend += data
        if (control := self._into.get("label")) and control not in self._radios:
            self.of[control] = self.of.get(control, "") + data


@pytest.mark.databases("sqlite")
def test_each_line_of_a_summary_begins_with_the_label_of_its_field(
    site: Site, slug: str, people: dict[str, TestClient]
) -> None:
    """Every form of the site, sent empty; two buttons that decide have no label."""
    seen, wrong = set(), []
    empty: list[tuple[TestClient, str]] = [(site.client, f"/petitions/{slug}/signatures")]
    for route in routes("POST"):
        place = next((place for place in people if route.path.startswith(place)), "")
        empty.append((people[place] if asks_who(route.dependant) and place else site.client, address(route, slug)))
    for person, path in empty:
        answer = person.post(path, data={})
        if answer.status_code != 422:
            continue
        labels = Labels(answer.text)
        for control, line in labels.led:
            seen.add(path)
            label = " ".join(labels.of.get(control, "").replace("(facultatif)", "").split())
            said = " ".join(line.split())
            name = said.partition(" :")[0].removesuffix("…")
            if control != "champ-decision" and not (label and name and label.startswith(name)):
                wrong.append((path, control, label, said))
    assert not wrong, "\n".join(map(str, wrong))
    assert len(seen) > 15, seen
    assert {f"/petitions/{slug}/signatures", f"/petitions/{slug}/signaler", "/connexion", "/mes-signatures"} <= seen


# Pages shown again: what they show is still there, although everything was rolled back


def test_refused_report_and_reply_show_what_was_typed(site: Site, slug: str) -> None:
    typed = {"reasons": "Trop", "text": "", "passage": "« fermée »", "name": "", "email": "paul", "category": "x"}
    for path in (f"/petitions/{slug}/signaler", "/commentaires/1/signaler", f"/petitions/{slug}/droit-de-reponse"):
        answer = site.client.post(path, data=typed)
        assert answer.status_code == 422, path
        assert "« fermée »" in answer.text, path
        assert 'id="erreurs"' in answer.text, path
        assert "Montfleur" in answer.text, path  # of the row that is shown
    answer = site.client.post(f"/petitions/{slug}/droit-de-reponse", data=typed | {"comment": "9" * 20})
    assert "Aucun commentaire publié de cette pétition" in answer.text


def test_refused_appeal_and_rewriting_show_what_was_typed(site: Site, slug: str) -> None:
    comment_id = site.comment(slug, TEXT, email="nina@exemple.test")
    moderator = site.staff("moderator", email="troisieme@exemple.test")
    form = {"decision": "refuse", "article": "1", "passage": "minable"}
    assert moderator.post(f"/moderation/commentaires/{comment_id}/decision", data=form).status_code == 303
    site.later(seconds=61)
    mail = next(mail for mail in reversed(site.mails()) if mail.to == "nina@exemple.test")
    for path, texts in (
        (mail.link("/recours/"), ("", "non", "x" * 4001)),
        (mail.link("/reecrire/"), ("", TEXT, "x" * 2001)),
    ):
        for text in texts:
            answer = site.client.post(path, data={"text": text})
            assert answer.status_code == 422, (path, text[:9])
            assert f">\n{text}</textarea>" in answer.text, path
            assert 'id="erreurs"' in answer.text, path
    assert comment(site, comment_id).state == "refused"


@pytest.mark.typed("une remarque de 2 001 caractères", "une phrase")
def test_remark_that_is_too_long_is_said(site: Site, slug: str, people: dict[str, TestClient]) -> None:
    with site.database.write() as session:
        petition = petition_actions.create(session, importing.parse(PETITION, "x.md"), folder=None, image_store=None)  # type: ignore[arg-type]
        actions.submit(session, petition)
        number = petition.id
    path = f"/moderation/petitions/{number}/decision"
    for name, remark, said in (
        ("remark-1", "x" * 2001, "Raccourcissez la remarque : 2000 caractères au plus."),
        ("remark-title", "x" * 2001, "Raccourcissez la remarque : 2000 caractères au plus."),
        ("remark-99", "Une date.", "Rechargez la page : une remarque porte sur un passage qui n’y est pas."),
        ("remark-" + "9" * 5000, "Une date.", "Rechargez la page"),
        ("remark-²", "Une date.", "Rechargez la page"),
        ("remark-1", " \u200b ", "Dites ce qu’il faut corriger, en une remarque au moins."),
    ):
        form = {"decision": "correct", name: remark, "remark-sources": "Le lien est mort."}
        form |= {} if remark.strip(" \u200b") else {"remark-sources": ""}
        answer = people["/moderation"].post(path, data=form)
        assert answer.status_code == 422
        assert said in text_of(answer.text)
        assert f">\n{form['remark-sources']}</textarea>" in answer.text
        assert f">\n{remark}</textarea>" in answer.text or name not in {"remark-1", "remark-title"}
    form = {"decision": "correct", "remark-1": "x" * 2000}
    assert people["/moderation"].post(path, data=form).status_code == 303


def test_batch_that_fails_at_its_last_comment_decides_none(
    site: Site, slug: str, people: dict[str, TestClient]
) -> None:
    waiting = [site.comment(slug, TEXT, email=f"p{n}@exemple.test") for n in range(3)]
    form = {f"item-{one}": "1" for one in waiting[:2]} | {f"item-{waiting[2]}": "7"}  # the last one is stale
    form |= {"decision": "refuse", "article": "1", "passage": "minable", "confirm": "1"}
    answer = people["/moderation"].post("/moderation/lot", data=form)
    assert answer.status_code == 409
    # The page tells how things are: all three still wait.
    for one in waiting:
        assert comment(site, one).state == "waiting"
        assert f'name="item-{one}"' in answer.text
