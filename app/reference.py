"""What every instance starts with: the charter, the consents, the themes, first versions; the journal's chain."""

from sqlalchemy.orm import Session

from app.audit import chain
from app.consents.actions import install_texts
from app.moderation.charter import install_first_version
from app.petitions import themes


def install_reference_data(session: Session) -> None:
    """Harmless when it is there already."""
    install_texts(session)
    install_first_version(session)
    themes.install_first(session)
    chain.begin(session)
