"""Many people at once, without a browser: the verbs of signing, in groups."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.petitions import queries as petition_queries
from app.signatures import actions
from app.signatures.forms import SignForm
from app.signatures.models import Signature
from tests.site import FORM, Site

GROUP = 500


def crowd(
    site: Site, slug: str, people: Sequence[dict[str, str]], *, confirm: bool = True
) -> list[tuple[int, uuid.UUID]]:
    """Each of *people* signs (fields of the form), and confirms; gives ``(petition, signature)``."""
    made: list[tuple[int, uuid.UUID]] = []
    with site.database.write() as session:
        petition = petition_queries.by_slug(session, slug)
        assert petition is not None
        signing = actions.signing_of(session, petition)
    for start in range(0, len(people), GROUP):
        forms = [SignForm.model_validate(FORM | person) for person in people[start : start + GROUP]]
        requests = [actions.SignRequest(signing, form, "fr", site.settings.origin) for form in forms]
        with site.database.write() as session:
            before = _ids(session, signing.petition_id)
            actions.sign_group(session, requests)
            new = [actions.Target(signing.petition_id, i) for i in _ids(session, signing.petition_id) - before]
            if confirm:
                actions.confirm_group(session, new, lambda *_: None)
            made += [target[:2] for target in new]
    return made


def _ids(session: Session, petition_id: int) -> set[uuid.UUID]:
    return set(session.scalars(select(Signature.id).where(Signature.petition_id == petition_id)))
