"""Every table, imported in the order of the domains, for Alembic and the tests."""

from app.accounts import models as accounts
from app.audit import AuditLine
from app.comments import models as comments
from app.consents import models as consents
from app.deliveries import models as deliveries
from app.drafting import models as drafting
from app.exports import models as exports
from app.mail import models as mail
from app.moderation import models as moderation
from app.organisations import models as organisations
from app.paper import models as paper
from app.petitions import models as petitions
from app.privacy import models as privacy
from app.register import models as register
from app.signatures import models as signatures
from app.subscriptions import models as subscriptions
from app.updates import models as updates

__all__ = [
    "AuditLine",
    "accounts",
    "comments",
    "consents",
    "deliveries",
    "drafting",
    "exports",
    "mail",
    "moderation",
    "organisations",
    "paper",
    "petitions",
    "privacy",
    "register",
    "signatures",
    "subscriptions",
    "updates",
]
