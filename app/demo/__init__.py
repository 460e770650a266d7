"""The demo: fictional petitions, signatures, comments and one account per role.

Everything goes through the same verbs as real life, with the clock set back.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import clock
from app.accounts import actions as account_actions
from app.accounts import passwords
from app.accounts import queries as account_queries
from app.comments.models import Comment
from app.db import Database, vault_of
from app.errors import Refused
from app.mail.models import OutboxMail
from app.moderation import actions as moderation_actions
from app.moderation.actions import receiving
from app.organisations import actions as organisation_actions
from app.organisations import links
from app.organisations.rights import Right
from app.paper import actions as paper_actions
from app.petitions import actions as petition_actions
from app.petitions import importing, versions
from app.petitions import queries as petition_queries
from app.petitions.models import Outcome, Petition
from app.petitions.outcomes import Told
from app.settings import Settings
from app.signatures import actions as signature_actions
from app.signatures.actions import SignRequest, Target
from app.signatures.forms import SignForm
from app.signatures.models import Signature, SignatureState
from app.updates import actions as update_actions
from app.updates.models import UpdateKind
from app.zone import day_of

FOLDER = Path(__file__).parent
# File → days since it opened, signatures.
PETITIONS = {
    "trains-de-nuit": (41, 640),
    "mediatheque": (23, 212),
    "passages-pietons": (12, 87),
    "parc-des-tanneries": (3, 9),
    "fontaine-du-lavoir": (47, 163),
}
# The same of those that only make the home page live: one has almost arrived, two are new.
OTHERS = {"guichet-de-gare": (9, 94), "cour-des-glycines": (1, 7), "vitrines": (0, 0)}
# One was won, and closed, so many days ago; its organiser tells the story (news.yaml).
WON, WON_AGO = "fontaine-du-lavoir", 5
# One has a second version, so many days ago; who has signed since.
AMENDED, AMENDED_AGO, SINCE = "passages-pietons", 2, 6
WHY = (
    "La mairie nous a montré ses mesures : derrière un camion, cinq mètres ne suffisent pas pour voir un enfant. "
    "Nous en demandons dix."
)
# Entered so many days ago, by postal code; nobody has checked the last one.
SHEETS_AGO = 4
SHEETS = ({"29000": 9, "29200": 3}, {"29000": 12}, {"35000": 4, "29000": 7}, {"29200": 8})
PASSWORD = "signons-demo-2026"  # noqa: S105 printed on the demo's own page
OWNER, MEMBER = "organisatrice@demo.test", "benevole@demo.test"
ACCOUNTS = {
    OWNER: "organiser",
    MEMBER: "organiser",
    "moderateur@demo.test": "moderator",
    "admin@demo.test": "admin",
}


@contextmanager
def _at(ago: timedelta) -> Iterator[None]:
    clock.travel(-ago)
    try:
        yield
    finally:
        clock.travel(ago)


def load(database: Database, settings: Settings) -> bool:
    """Fill an empty database; False when there was something in it already."""
    with database.write() as session:
        if session.scalar(select(Petition.id).limit(1)) is not None:
            return False
        chance = random.Random(2026)  # noqa: S311 the same demo every time
        people = _people(chance)
        comments = yaml.safe_load((FOLDER / "comments.yaml").read_text())
        petitions = {}
        for stem, (days, n) in PETITIONS.items():
            petitions[stem] = _petition(session, settings, stem, days)
            mine = [c for c in comments if c["petition"] == stem]
            later = SINCE if stem == AMENDED else 0
            until = {AMENDED: AMENDED_AGO, WON: WON_AGO}.get(stem, 0)
            sign = partial(_sign, session, settings, petitions[stem], people=people, chance=chance)
            sign(days=days, until=until, n=n - later, comments=mine)
            if later:
                _amend(session, petitions[stem])
                sign(days=AMENDED_AGO, n=later, comments=[])
        for stem, (days, n) in OTHERS.items():
            petition = _petition(session, settings, stem, days)
            _sign(session, settings, petition, days=days, n=n, people=people, comments=[], chance=chance)
        _accounts(session, list(petitions.values()))
        _organisation(session, petitions["trains-de-nuit"])
        _paper(session, settings, petitions["trains-de-nuit"])
        _tell(session, petitions)
        _judge(session, comments)
        # These mails would go to people who do not exist.
        session.execute(delete(OutboxMail))
    return True


def _people(chance: random.Random) -> Iterator[dict[str, str]]:
    names = yaml.safe_load((FOLDER / "names.yaml").read_text())
    given, family, codes = (next(v for k, v in names.items() if word in k) for word in ("given", "family", "postal"))
    n = 0
    while True:
        n += 1
        yield {
            "given_name": chance.choice(given),
            "family_name": chance.choice(family),
            "postal_code": str(chance.choice(codes)),
            "email": f"personne{n}@demo.test",
            "display": chance.choice(["hidden", "hidden", "initial", "full"]),
        }


def _petition(session: Session, settings: Settings, stem: str, days: int) -> Petition:
    with _at(timedelta(days=days)):
        found = importing.read(FOLDER / f"{stem}.md")
        petition = petition_actions.create(session, found, folder=FOLDER, image_store=settings.var / "images")
        petition_actions.publish(session, petition)
        session.flush()
    return petition


def _sign(
    session: Session,
    settings: Settings,
    petition: Petition,
    *,
    days: int,
    n: int,
    until: int = 0,
    people: Iterator[dict[str, str]],
    comments: list[dict[str, Any]],
    chance: random.Random,
) -> None:
    """*n* signatures from *days* to *until* days ago, more of them at the beginning, some by authors of *comments*."""
    signing = signature_actions.signing_of(session, petition)
    day = 24 * 60
    moments = sorted(((days - until) * day * chance.random() ** 1.6 + until * day + 2 for _ in range(n)), reverse=True)
    forms = [(minutes, next(people)) for minutes in moments]
    for comment in comments:
        person = next(people) | {k: str(comment[k]) for k in ("given_name", "family_name", "postal_code", "display")}
        minutes = max(min(comment["wait_hours"] * 60, (days - 1) * day), until * day + 5)
        forms.append((minutes, person | {"comment": comment["text"]}))
    for minutes, person in sorted(forms, key=lambda pair: -pair[0]):
        with _at(timedelta(minutes=minutes)):
            form = SignForm.model_validate(person | {"consent_signature": "on", "age_declared": "on"})
            signature_actions.sign_group(session, [SignRequest(signing, form, "fr", settings.origin)])
            signature = session.scalars(
                select(Signature).where(Signature.petition_id == petition.id, Signature.state == SignatureState.PENDING)
            ).one()
            signature_actions.confirm_group(session, [Target(petition.id, signature.id)], receiving.receive_drafts)
            petition_actions.fold_counts(session)
            # About one reader in eight signs.
            petition_queries.add_views(session, {petition.id: chance.randint(5, 11)}, clock.hour_of(clock.now()))


def _amend(session: Session, petition: Petition) -> None:
    """Its signers are people who do not exist: nobody is told."""
    text = petition_queries.text_of(session, petition)
    with _at(timedelta(days=AMENDED_AGO)):
        wider = text.markdown.replace("moins de cinq mètres", "moins de dix mètres")
        amendment = versions.propose(session, petition.id, text.title, wider, WHY)
        versions.adopt(session, petition, amendment)
        amendment.told_at = clock.now()


def _accounts(session: Session, petitions: list[Petition]) -> None:
    kept = passwords.hashed(PASSWORD)
    for email, role in ACCOUNTS.items():
        account, _ = account_actions.create(session, email, role, kept, second_factor=False)
        if email == OWNER:
            for petition in petitions:
                petition_actions.add_owner(session, petition, account.id)


def _organisation(session: Session, petition: Petition) -> None:
    """Two people carry *petition*: its owner, and somebody who writes and tells the news, and exports nothing."""
    owner, member = (account_queries.by_email(session, email) for email in (OWNER, MEMBER))
    assert owner is not None
    assert member is not None
    said = yaml.safe_load((FOLDER / "organisation.yaml").read_text())
    organisation = organisation_actions.create(session, said["name"], said["description"], said["site"], owner.id)
    invitation = organisation_actions.invite(
        session, organisation.id, MEMBER, [Right.PETITIONS, Right.UPDATES], owner.id
    )
    organisation_actions.accept(session, links.make(vault_of(session), invitation), member)
    petition_actions.entrust(session, petition, organisation.id, owner.id)


def _paper(session: Session, settings: Settings, petition: Petition) -> None:
    """Sheets of a market day: some counted by two people, one that waits for the second, the others to be printed."""
    owner, member = (account_queries.by_email(session, email) for email in (OWNER, MEMBER))
    assert owner is not None
    assert member is not None
    store = settings.var / "scans"
    with _at(timedelta(days=SHEETS_AGO)):
        paper_actions.issue(session, petition, 30, "Maison des associations, 3 place du Marché", owner)
        for number, lines in enumerate(SHEETS, 1):
            paper_actions.enter(session, petition, number, lines, owner, None, store)
            if number < len(SHEETS):
                paper_actions.check(session, petition, number, sum(lines.values()), member)


def _tell(session: Session, petitions: dict[str, Petition]) -> None:
    """The news, each on its day; that one was won closes it."""
    owner = account_queries.by_email(session, OWNER)
    assert owner is not None
    for told in yaml.safe_load((FOLDER / "news.yaml").read_text()):
        petition = petitions[told["petition"]]
        with _at(timedelta(days=told["ago"])):
            if "outcome" in told:
                what = Told(Outcome(told["outcome"]), day_of(clock.now()), told["source"])
                update_actions.tell(session, petition, what, told["text"], owner.id, close=True, review=False)
            else:
                news = {"kind": UpdateKind.NEWS, "title": told["title"], "text": told["text"], "mail": False}
                update_actions.post(session, petition, by=owner.id, review=False, **news)
            session.flush()
            update_actions.publish_due(session, clock.now() + update_actions.CALL_BACK)


def _judge(session: Session, comments: list[dict[str, Any]]) -> None:
    """Comments that the demo shows already published or refused."""
    moderator = account_queries.by_email(session, "moderateur@demo.test")
    assert moderator is not None
    by_text = {" ".join(row.text.split()): row for row in session.scalars(select(Comment))}
    for comment in comments:
        row = by_text.get(" ".join(comment["text"].split()))
        if row is None:
            raise Refused("demo : un commentaire n’a pas été reçu.")
        if comment["state"] == "published":
            moderation_actions.publish(session, row.id, row.version, moderator)
        elif comment["state"] == "refused":
            moderation_actions.refuse(
                session,
                row.id,
                row.version,
                moderator,
                article=comment["article"],
                passage=comment["passage"],
                explanation=comment.get("explanation") or "",
            )


def what_to_open(database: Database, settings: Settings) -> Iterator[str]:
    """The lines that ``make demo`` prints."""
    with database.read() as session:
        petition = session.scalars(select(Petition).order_by(Petition.id).limit(1)).one()
        slug = petition.slug
        count = petition_queries.count(session, petition.id)
    yield ""
    yield f"  Page d’une pétition   {settings.origin}/petitions/{slug}   ({count} signatures)"
    yield f"  Boîte de courriel     {settings.origin}/boite-locale   (rien ne part d’ici)"
    yield f"  Connexion             {settings.origin}/connexion   mot de passe : {PASSWORD}"
    for email, role in ACCOUNTS.items():
        yield f"    {email:<28} {role}"
    yield ""
