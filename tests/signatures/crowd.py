"""Many people who sign at once, by the verbs of signing."""

import uuid
from collections.abc import Sequence

from sqlalchemy.orm import Session

from app import crypto
from app.comments import actions as comment_actions
from app.mail.addresses import canonical
from app.petitions import queries as petition_queries
from app.signatures import actions, queries
from app.signatures.forms import SignForm
from tests.site import FORM, Site


def crowd(
    site: Site, slug: str, people: int | Sequence[dict[str, str]], *, confirmed: bool = True
) -> tuple[int, list[uuid.UUID]]:
    """People who have just signed; gives the petition and their signatures, in order."""
    if isinstance(people, int):
        people = [{"email": f"p{n}@exemple.test"} for n in range(people)]
    with site.database.write() as session:
        petition = petition_queries.by_slug(session, slug)
        assert petition is not None
        signing = actions.signing_of(session, petition)
        ids: list[uuid.UUID] = []
        for person in people:
            form = SignForm.model_validate(FORM | person)
            actions.sign_group(session, [actions.SignRequest(signing, form, "fr", "https://x.test")])
            key = crypto.digest(signing.keys.dedup, canonical(form.email).encode())
            (found,) = queries.of_address(session, petition.id, key)
            ids.append(found.id)
        if confirmed:
            confirm(session, petition.id, ids)
        return petition.id, ids


def confirm(session: Session, petition_id: int, ids: Sequence[uuid.UUID]) -> None:
    actions.confirm_group(session, [actions.Target(petition_id, one) for one in ids], comment_actions.receive_drafts)
