"""What is written to the others in charge of a petition whose signatures have gone out; nothing of those who signed."""

from collections.abc import Iterable

from app.accounts.models import Account
from app.exports.models import ExportRecord
from app.mail.outbox import Mail
from app.petitions.models import Petition


def made(to: Iterable[Account], petition: Petition, record: ExportRecord, who: str, n: int, most: int) -> list[Mail]:
    context = {
        "title": petition.title,
        "names": petition.delivery_mode == "identities",
        "purpose": record.purpose,
        "format": record.format,
        "rows": min(n, most),
        "more": n > most,
        "since": record.since.isoformat() if record.since is not None else "",
        "reason": record.reason,
        "who": who,
        "path": f"/organisation/petitions/{petition.slug}/exports",
    }
    return [Mail("exports/made", one.email, one.locale, context, one.about) for one in to]
