"""What one consents to, in few words; and an installed instance gets the words of a new release."""

import hashlib
import re
from datetime import UTC, datetime

import pytest
import yaml
from sqlalchemy import select

from app.consents import actions, queries
from app.consents.models import ConsentText
from app.errors import Refused
from app.petitions import queries as petition_queries
from app.petitions.models import Recipient
from app.reference import install_reference_data
from tests.petitions.reading import words
from tests.site import PETITION, Site

pytestmark = pytest.mark.databases("sqlite")
ONE = '  - name: "Claire Vasseur"\n    role: "Maire de Montfleur"\n'


def label(html: str) -> str:
    """What stands beside the box."""
    found = re.search(r'<label for="champ-consent_signature">(.*?)</label>', html, re.DOTALL)
    assert found
    return words(found[1])


@pytest.mark.parametrize(
    ("names", "fr", "en"),
    [
        (["Claire Vasseur"], "Claire Vasseur", "Claire Vasseur"),
        (["Claire Vasseur", "Paul Roux"], "Claire Vasseur et Paul Roux", "Claire Vasseur"),
        (["Claire Vasseur", "Jean-Marie de La Haute-Rochefoucauld"], "Claire Vasseur et un autre", "Claire Vasseur"),
        (["Claire Vasseur", "Paul", "Luc", "Ada"], "Claire Vasseur et 3 autres", "Claire Vasseur"),
        (["Ministère de la transition écologique et de la cohésion des territoires"], "ceux que nomme la pétition", ""),
        (["W" * 80], "ceux que nomme la pétition", ""),
    ],
)
@pytest.mark.parametrize("mode", ["identities", "count"])
def test_thirty_five_words_at_most_that_say_it_all(site: Site, names: list[str], fr: str, en: str, mode: str) -> None:
    listed = "".join(f'  - name: "{name}"\n    role: "Élu"\n' for name in names)
    slug = site.publish(PETITION.replace(ONE, listed), delivery_mode=mode)
    for start, recipient, said, gets in (
        ("", fr, "mes opinions politiques", {"identities": "mes prénom, nom et code postal", "count": "le nombre par"}),
        ("/en", en, "my political or", {"identities": "my name and postal code", "count": "only how many sign"}),
    ):
        text = label(site.client.get(f"{start}/petitions/{slug}").text)
        assert len([word for word in text.split() if re.search(r"\w", word)]) <= 35, text
        assert recipient in text
        assert said in text
        assert gets[mode] in text
        assert "Signons" in text
    with site.database.read() as session:
        assert session.scalars(select(Recipient.name)).all() == names


def test_label_and_full_text_are_one_wording_with_one_seal(site: Site) -> None:
    slug = site.publish()
    html = site.client.get(f"/petitions/{slug}").text
    with site.database.read() as session:
        petition = petition_queries.by_slug(session, slug)
        assert petition is not None
        text = queries.in_force(session, datetime.now(UTC), "fr", petition.delivery_mode)["sign"]
    short, _, full = text.body.partition("\n")
    assert text.sha256 == hashlib.sha256(text.body.encode()).hexdigest()
    names = {
        "petition": petition.title,
        "recipient": "Claire Vasseur",
        "controller": "Signons",
        "organiser": petition.author,
    }
    assert label(html) == words(actions.worded(short, **names))
    assert words(actions.worded(full.strip(), **names)) in words(html)


def test_the_release_before_can_show_them_while_one_moves_to_the_next() -> None:
    for entry in yaml.safe_load(actions.TEXTS.read_text()):
        assert entry["body"].format(petition="P", controller="C", organiser="O")


def old_instance(site: Site, body: str | None = None) -> None:
    """As it was installed by the release before this one, or with the operator's own words."""
    with site.database.write() as session:
        for text in session.scalars(select(ConsentText).where(ConsentText.purpose == "sign")):
            if body is None or (text.variant, text.locale) == ("identities", "fr"):
                actions.replace_text(
                    session, "sign", text.variant, text.locale, body or text.body.partition("\n")[2].strip()
                )
    site.app.state.signing_cache.clear()


def upgraded(site: Site) -> list[tuple[str, str, int]]:
    """Which wordings the upgrade has added."""
    with site.database.read() as session:
        before = set(session.scalars(select(ConsentText.id)))
    for _ in range(2):  # the second one does nothing
        with site.database.write() as session:
            install_reference_data(session)
    site.app.state.signing_cache.clear()
    with site.database.read() as session:
        return sorted(
            (text.variant, text.locale, text.version)
            for text in session.scalars(select(ConsentText))
            if text.id not in before
        )


def test_an_installed_instance_gets_the_new_words_and_an_open_form_is_shown_again(site: Site) -> None:
    slug = site.publish()
    old_instance(site)
    html = site.client.get(f"/petitions/{slug}").text
    shown = html.partition('name="consent_texts" value="')[2].partition('"')[0]
    site.sign(slug, email="avant@exemple.test", consent_texts=shown)
    link = site.mails()[-1].link("/confirmer/")
    assert upgraded(site) == [("count", "en", 3), ("count", "fr", 3), ("identities", "en", 3), ("identities", "fr", 3)]
    answer = site.sign(slug, consent_texts=shown)
    assert answer.status_code == 422
    assert "Le texte de cet accord a changé" in answer.text
    assert site.client.post(link).status_code == 303  # given under the words of then, confirmed under them
    with site.database.read() as session:
        assert [text.version for text in session.scalars(select(ConsentText)) if text.valid_to and text.version == 2]


def test_the_words_of_the_operator_stay(site: Site) -> None:
    site.publish()
    old_instance(site, "J’accepte que {controller} compte ma signature, remise à [destinataire].")
    assert upgraded(site) == []


def test_what_may_stand_between_braces_is_told(site: Site) -> None:
    with pytest.raises(Refused, match=r"\{organiser\}"), site.database.write() as session:
        actions.replace_text(session, "sign", "identities", "fr", "Pour {maire}.")
