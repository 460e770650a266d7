"""What is written to a recipient at an official address, and to organisers about what they answer."""

from collections.abc import Iterable

from app.accounts.models import Account
from app.deliveries.models import Delivery
from app.mail.outbox import Mail
from app.petitions.models import Petition


def link(to: str, petition: Petition, delivery: Delivery, recipient: dict[str, str], token: str) -> Mail:
    """The title was read by a moderator, or published by the operator, who sends this by hand. In French, as it is."""
    context = {
        "petition": petition.title,
        "petition_path": f"/petitions/{petition.slug}",
        "recipient": f"{recipient['name']}, {recipient['role']}",
        "signatures": delivery.signatures,
        "handed_on": delivery.handed_on.isoformat(),
        "path": f"/destinataire/{token}",
    }
    return Mail("deliveries/link", to, "fr", context)


def told(to: Iterable[Account], petition: Petition, recipient: dict[str, str], what: str) -> list[Mail]:
    """*what*: ``receipt``, or ``answer``, which a moderator reads first."""
    context = {
        "petition": petition.title,
        "recipient": f"{recipient['name']}, {recipient['role']}",
        "what": what,
        "path": f"/organisation/petitions/{petition.slug}/{'nouvelles' if what == 'answer' else 'remise'}",
    }
    return [Mail("deliveries/told", account.email, account.locale, context) for account in to]
