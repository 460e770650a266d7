"""A petition says how much its signers may show: nobody is offered more, nothing takes more."""

import pytest

from tests.site import FORM, Site

pytestmark = pytest.mark.databases("sqlite")


@pytest.mark.parametrize(
    ("most", "offered"), [("full", ["hidden", "initial", "full"]), ("initial", ["hidden", "initial"]), ("hidden", [])]
)
def test_no_more_is_offered_than_the_petition_shows(site: Site, most: str, offered: list[str]) -> None:
    slug = site.publish(display_most=most)
    assert site.sign(slug, display=most).status_code == 303
    link = site.mails()[-1].link("/confirmer/")
    for _ in ("before its button", "after it"):
        page = site.client.get(link).text
        assert [value for value in ("hidden", "initial", "full") if f'value="{value}" ' in _radios(page)] == offered
        assert ("n’affiche aucun nom" in page) == (most == "hidden")
        site.client.post(link)


def _radios(form: str) -> str:
    return " ".join(part.partition(">")[0] + " " for part in form.split('type="radio"')[1:])


@pytest.mark.parametrize(("most", "asked"), [("initial", "full"), ("hidden", "initial"), ("hidden", "full")])
def test_more_is_refused_and_nothing_is_kept(site: Site, most: str, asked: str) -> None:
    slug = site.publish(display_most=most)
    answer = site.sign(slug, display=asked)
    assert answer.status_code == 422
    assert "n’affiche pas autant" in answer.text
    assert site.signatures() == []
    assert site.sign(slug, display=most).status_code == 303


def test_the_verb_shows_no_more_even_when_it_is_asked_to(site: Site) -> None:
    """A form read just before the operator changed it, an import: what is kept is what may be shown."""
    from app.petitions import queries
    from app.signatures import actions
    from app.signatures.actions import SignRequest
    from app.signatures.forms import SignForm

    slug = site.publish(display_most="hidden")
    with site.database.write() as session:
        petition = queries.by_slug(session, slug)
        assert petition is not None
        signing = actions.signing_of(session, petition)
        form = SignForm.model_validate(FORM | {"display": "full"})
        actions.sign_group(session, [SignRequest(signing, form, "fr", site.settings.origin)])
    assert [row.display for row in site.signatures()] == ["hidden"]


def test_no_more_can_be_chosen_afterwards(site: Site) -> None:
    slug = site.publish(display_most="initial")
    site.confirmed(slug, display="initial")
    site.client.post("/mes-signatures", data={"email": FORM["email"]})
    link = site.mails()[-1].link("/mes-signatures/")
    assert site.client.post(link, data={"act": "open"}).status_code == 303
    page = site.client.get("/mes-signatures/liste").text
    assert 'value="initial" selected' in page
    assert 'value="full"' not in page
    line = page.partition("/mes-signatures/ligne/")[2].partition("/")[0]
    typed = {name: FORM[name] for name in ("given_name", "family_name", "postal_code", "country")}
    answer = site.client.post(f"/mes-signatures/ligne/{line}/corriger", data=typed | {"display": "full"})
    assert answer.status_code == 422
    assert "n’affiche pas autant" in answer.text
    assert (
        site.client.post(f"/mes-signatures/ligne/{line}/corriger", data=typed | {"display": "hidden"}).status_code
        == 303
    )
    assert [row.display for row in site.signatures()] == ["hidden"]
