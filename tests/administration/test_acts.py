"""What the journal says is French: every act that the code records has its words."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.administration import acts
from app.moderation.models import DecisionKind, Target
from app.signatures import actions
from app.signatures.actions.setting_aside import REASONS
from app.templating import ROOT
from tests.signatures.crowd import crowd
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")

# Acts that are put together: what their holes may hold.
MADE = {
    "f'{decision.target}.{decision.kind}'": {f"{target}.{kind}" for target in Target for kind in DecisionKind},
    "f'appeal.{outcome}'": {"appeal.upheld", "appeal.reversed"},
    "f'reply.{reply.state}'": {"reply.published", "reply.refused"},
    "f'data_request.{state}'": {"data_request.answered", "data_request.refused"},
}
ACT = re.compile(r"[a-z_]+\.[a-z_]+")


def records(tree: ast.Module) -> Iterator[ast.Call]:
    """Each ``audit.record(session, act, target, …)``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record":
            yield node


def unlabelled(tree: ast.Module) -> set[str]:
    """What this module records and nobody could read in the journal."""
    said: set[str] = set()
    missing: set[str] = set()
    for call in records(tree):
        act, target = call.args[1], call.args[2]
        if isinstance(act, ast.Constant):
            said.add(str(act.value))
        elif isinstance(act, ast.JoinedStr):
            said |= MADE.get(ast.unparse(act), {ast.unparse(act)})
        else:  # chosen between constants of the module
            said |= {
                node.value
                for node in ast.walk(tree)
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and ACT.fullmatch(node.value)
            }
        if isinstance(target, ast.Constant) and target.value not in acts.TARGETS:
            missing.add(str(target.value))
    return missing | (said - set(acts.ACTS))


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / "app").rglob("*.py")):
        yield path, ast.parse(path.read_text())


def test_every_act_and_every_target_has_its_words() -> None:
    found = {path.relative_to(ROOT).as_posix(): unlabelled(tree) for path, tree in modules()}
    assert {path: missing for path, missing in found.items() if missing} == {}
    assert sum(1 for _, tree in modules() for _ in records(tree)) > 30


def test_an_act_without_words_is_noticed() -> None:
    source = """
def f(state):
    act = "petition.held" if state else "petition.sung"
    audit.record(session, "account.danced", "moon", 1)
    audit.record(session, act, "petition", 1)
    audit.record(session, f"appeal.{other}", "petition", 1)
"""
    missing = {"account.danced", "moon", "petition.sung", "f'appeal.{other}'"}
    assert unlabelled(ast.parse(source)) == missing


def test_every_reason_has_its_words() -> None:
    assert set(acts.REASONS) == set(REASONS)
    assert set(acts.CHOICES) < set(REASONS)


def test_words_are_french_and_no_two_acts_have_the_same() -> None:
    assert len(set(acts.ACTS.values())) == len(acts.ACTS)
    for words in (*acts.ACTS.values(), *acts.REASONS.values()):
        assert words[0].isupper(), words
        assert not ACT.search(words), words


def test_the_journal_is_read_in_words_and_names(site: Site) -> None:
    slug = site.publish()
    admin = site.staff("admin")
    page = text_of(admin.get("/administration/journal").text)
    assert "Pétition publiée" in page
    assert "pétition « Rouvrir la bibliothèque de Montfleur »" in page
    assert "compte « admin@exemple.test »" in page
    assert not re.search(r"(petition|account|signature)\.[a-z_]+", page), page
    _, ids = crowd(site, slug, 1)
    lot = {"act": "set_aside", "reason": "reported", f"ligne-{ids[0].hex}": "on"}
    assert admin.post(f"/administration/fraude/{slug}/lots", data=lot).status_code == 303
    page = text_of(admin.get("/administration/journal").text)
    assert f"Signature mise de côté Signalée par quelqu’un signature {ids[0]}" in page


@pytest.mark.databases("sqlite", "postgresql")
def test_the_journal_is_filtered_in_its_address(site: Site) -> None:
    site.publish()
    admin = site.staff("admin")
    other = site.staff("moderator")
    assert other.get("/moderation").status_code == 200

    def lines(query: str) -> str:
        response = admin.get(f"/administration/journal?{query}")
        assert response.status_code == 200
        return text_of(response.text.partition("<tbody>")[2])

    me, them = site.account_id("admin@exemple.test"), site.account_id("moderator@exemple.test")
    assert "Pétition publiée" not in lines("acte=account.signed_in")
    assert lines("acte=account.signed_in").count("Connexion") == 2
    assert lines(f"acte=account.signed_in&compte={them}").count("Connexion") == 1
    assert "moderator@exemple.test" not in lines(f"compte={me}")
    machine = lines("compte=0")
    assert "Pétition publiée" in machine
    assert "Connexion" not in machine
    assert "Aucune ligne." in text_of(admin.get("/administration/journal?acte=rien.du-tout&compte=zz").text)
    chosen = admin.get(f"/administration/journal?acte=account.signed_in&compte={me}").text
    assert '<option value="account.signed_in" selected>' in chosen
    assert f'<option value="{me}" selected>' in chosen


@pytest.mark.databases("sqlite", "postgresql")
def test_older_lines_keep_the_filter(site: Site) -> None:
    admin = site.staff("admin")
    petition_id, ids = crowd(site, site.publish(), 101)
    with site.database.write() as session:
        actions.set_aside(session, petition_id, ids, 1, "burst")
    first = admin.get("/administration/journal?acte=signature.quarantined").text
    older = re.search(r'href="(/administration/journal\?[^"]*avant=\d+)"', first)
    assert older is not None
    second = admin.get(older[1].replace("&amp;", "&")).text.partition("<tbody>")[2]
    assert second.count("Signature mise de côté") == 1


def test_retention_is_read_in_words(site: Site) -> None:
    page = text_of(site.staff("admin").get("/administration/conservation").text)
    assert "Signature en attente de confirmation" in page
    assert "Journal des effacements" in page
    assert "pending_signature" not in page
    assert "erasure_journal" not in page
