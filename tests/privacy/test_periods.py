"""Every period that we publish, walked at its boundary: kept until then, gone or changed after.

Durations are written out here, not imported: what is promised is what the page says. Each row of the table
is made as people make it, then the daily job runs just before the end of its period, and just after.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app import clock
from app.accounts.models import Account, SignInThrottle, StaffSession
from app.audit import AuditLine
from app.bounces import actions as bounces
from app.comments.models import Comment
from app.consents.models import ConsentEvent
from app.deliveries.models import Delivery, DeliveryProof
from app.drafting.models import Draft
from app.exports.models import ExportPermission, ExportRecord
from app.mail import bounced, outbox
from app.mail.models import Bounce, BouncedAddress, BounceSeen, CaughtMail, MailBudget, OutboxMail
from app.moderation.actions import Judgment
from app.moderation.models import Appeal, AuthorLimit, Decision, Notice, Reply
from app.organisations.models import Invitation
from app.paper import actions as paper
from app.paper.models import Sheet
from app.petitions import actions as petition_actions
from app.petitions import queries as petition_queries
from app.petitions.models import Petition
from app.privacy import retention
from app.privacy.models import DataRequest, SelfServiceSession, Undo
from app.privacy.queries import FORGOTTEN
from app.signatures.models import PostingRecord, Signature, Withdrawal
from app.subscriptions.models import Subscription, Suppression
from app.updates.models import Update
from tests.deliveries import handing
from tests.drafting.writing import begun
from tests.moderation.desk import OTHER, PASSAGE, PUBLISH, REFUSE, TEXT, decide
from tests.organisations import desk as organisations
from tests.organising import telling
from tests.privacy.test_self_service import line, opened
from tests.site import Site

YEAR = timedelta(days=365)
# Longer than a test takes between two looks at the clock.
MARGIN = timedelta(minutes=3)


def days(n: int) -> timedelta:
    return timedelta(days=n)


@dataclass(frozen=True)
class Period:
    """``make`` makes the rows and gives the moment that the period counts from; ``kept``: they are there."""

    line: str
    what: str
    after: timedelta
    make: Callable[[Site], datetime]
    kept: Callable[[Site], bool]
    # False where somebody is only written to: nothing is late yet.
    counted: bool = True
    margin: timedelta = MARGIN


def latest(site: Site, column: Any) -> datetime:
    with site.database.read() as session:
        found = session.scalars(select(column).where(column.is_not(None)).order_by(column.desc()).limit(1)).one()
    assert isinstance(found, datetime)
    return found


def there(column: Any, *where: Any) -> Callable[[Site], bool]:
    def kept(site: Site) -> bool:
        with site.database.read() as session:
            return bool(session.scalar(select(func.count(column)).where(*where)))

    return kept


def go(site: Site, moment: datetime) -> None:
    delay = moment - clock.now()
    site.later(days=delay.days, seconds=delay.seconds, microseconds=delay.microseconds)


def on(site: Site, moment: datetime) -> None:
    """Go there, and let the daily job run."""
    go(site, moment)
    retention.run(site.database, site.settings)


def overdue(site: Site, name: str) -> tuple[int, datetime | None]:
    """How many rows of this line the dry run would let go, and since when the oldest of them is late."""
    step = next(step for step in retention.steps(site.settings) if step.line == name)
    with site.database.read() as session:
        n, late = step.due(session, clock.now())
    assert retention.dry_run(site.database, site.settings)[name] == n
    return n, late


def do(site: Site, slug: str, verb: Callable[..., object]) -> None:
    with site.database.write() as session:
        petition = petition_queries.by_slug(session, slug)
        assert petition is not None
        verb(session, petition)


def since(column: Any, make: Callable[[Site], object]) -> Callable[[Site], datetime]:
    """What *make* makes, from the latest moment in *column*."""

    def made(site: Site) -> datetime:
        make(site)
        return latest(site, column)

    return made


def signed(**form: str) -> Callable[[Site], str]:
    def make(site: Site) -> str:
        slug = site.publish()
        site.confirmed(slug, **form)
        return slug

    return make


def closed(before: Callable[[Site], str]) -> Callable[[Site], datetime]:
    """A petition where *before* happened, then closed."""
    return since(Petition.closed_at, lambda site: do(site, before(site), petition_actions.close))


def delivered(before: Callable[[Site], str]) -> Callable[[Site], datetime]:
    """Twenty days after it was closed."""

    def make(site: Site) -> None:
        slug = before(site)
        do(site, slug, petition_actions.close)
        site.later(days=20)
        do(site, slug, petition_actions.deliver)

    return since(Petition.delivered_at, make)


def purged(before: Callable[[Site], str]) -> Callable[[Site], datetime]:
    """A petition where *before* happened, whose signatures have been erased at their time."""

    return since(Petition.purged_at, lambda site: on(site, closed(before)(site) + days(182) + MARGIN))


def waiting(site: Site) -> datetime:
    site.sign(site.publish(), comment="Un brouillon.", consent_updates="on")
    return latest(site, Signature.created_at)


def opened_long_ago(site: Site) -> datetime:
    slug = signed()(site)
    do(site, slug, petition_actions.close)
    do(site, slug, lambda _, petition: setattr(petition, "opened_at", clock.now() - timedelta(days=500)))
    return latest(site, Petition.opened_at)


subscribed = since(Subscription.active_at, signed(consent_newsletter="on"))


asked_to_stay = since(Subscription.asked_at, lambda site: on(site, subscribed(site) + 3 * YEAR + MARGIN))


def unsubscribed(site: Site) -> datetime:
    signed(consent_updates="on")(site)
    browser = opened(site)
    assert browser.post(line(browser) + "/arreter", data={"purpose": "updates"}).status_code == 303
    return latest(site, Suppression.since)


def withdrew(site: Site) -> datetime:
    signed()(site)
    browser = opened(site)
    assert browser.post(line(browser) + "/retirer").status_code == 303
    return latest(site, Withdrawal.withdrawn_at)


def commented(site: Site) -> str:
    slug = site.publish()
    site.comment(slug, TEXT)
    return slug


def decided(judgment: Judgment) -> Callable[[Site], str]:
    def make(site: Site) -> str:
        site.account("moderator")
        slug = commented(site)
        decide(site, 1, judgment)
        return slug

    return make


LIMIT = Judgment("refuse", [1], PASSAGE, "Non.", effects=frozenset({"limit_author"}))
refused = since(Comment.decided_at, decided(REFUSE))


def reported(site: Site) -> datetime:
    decided(PUBLISH)(site)
    notice = {"category": "insult", "reasons": "C’est une insulte.", "name": "Paul", "email": "paul@exemple.test"}
    assert site.client.post("/commentaires/1/signaler", data=notice | {"good_faith": "on"}).status_code == 200
    site.later(days=3)
    other = site.staff("moderator", email=OTHER)
    assert other.post("/moderation/dossiers/1/decision", data={"decision": "keep"}).status_code == 303
    return latest(site, Notice.closed_at)


def appealed(site: Site) -> datetime:
    decided(REFUSE)(site)
    site.later(minutes=2)
    link = next(mail.link("/recours/") for mail in site.mails() if "/recours/" in mail.text)
    assert site.client.post(link, data={"text": "Ce n’est pas une insulte."}).status_code == 200
    site.later(days=3)
    other = site.staff("moderator", email=OTHER)
    other.post("/moderation/recours/1/avis", data={"view": "publish", "view_reasons": "C’est une opinion."})
    outcome = {"outcome": "reversed", "reasons": "Le propos vise un acte."}
    assert other.post("/moderation/recours/1/jugement", data=outcome).status_code == 303
    return latest(site, Appeal.judged_at)


def answered(decision: str) -> Callable[[Site], str]:
    """A right of reply that was asked for and decided."""

    def make(site: Site) -> str:
        slug = site.publish()
        form = {"passage": "fermée", "text": "Le budget a été voté.", "name": "Claire Vasseur", "capacity": "Maire"}
        asked = site.client.post(f"/petitions/{slug}/droit-de-reponse", data=form | {"email": "maire@exemple.test"})
        assert asked.status_code == 200
        form = {"decision": decision, "reasons": "Voici pourquoi."}
        assert site.staff("moderator").post("/moderation/reponses/1/decision", data=form).status_code == 303
        return slug

    return make


def left_the_letter_late(site: Site) -> datetime:
    """Subscribed when signing a petition that is long erased; unsubscribed long after."""
    purged(signed(consent_newsletter="on"))(site)
    site.later(days=300)
    browser = opened(site)
    assert browser.post("/mes-signatures/lettre").status_code == 303
    return latest(site, ConsentEvent.at)


account = since(Account.created_at, lambda site: site.account("organiser"))


def warned(site: Site) -> datetime:
    created = account(site)
    on(site, created + days(700) + timedelta(seconds=1))
    return created


def exported(site: Site) -> str:
    slug = signed(consent_organiser="on")(site)
    done = site.staff("organiser", slug).post(f"/organisation/petitions/{slug}/exports", data={"purpose": "delivery"})
    assert done.status_code == 200
    return slug


def allowed(site: Site) -> str:
    slug = signed()(site)
    form = {"asked": "delivery", "reason": "Réquisition du 12 mars, dossier 4."}
    asked = site.staff("admin").post(f"/organisation/petitions/{slug}/exports/demandes", data=form)
    assert asked.status_code == 303
    return slug


def one_left(site: Site) -> str:
    withdrew(site)
    return "rouvrir-la-bibliotheque-de-montfleur"


def mailed(site: Site) -> int:
    """A mail that waits, and is about nothing that goes meanwhile; its id."""
    signed()(site)
    assert site.client.post("/mes-signatures", data={"email": "marie@exemple.test"}).status_code == 303
    with site.database.read() as session:
        return session.scalars(select(OutboxMail.id).where(OutboxMail.state == "waiting")).all()[-1]


def sent(site: Site) -> None:
    mailed(site)
    assert site.mails()


def never_left(site: Site) -> None:
    mail = mailed(site)
    with site.database.write() as session:
        outbox.failed(session, mail, 8, "550", final=True)


def in_self_service(site: Site) -> datetime:
    signed()(site)
    opened(site)
    return clock.now()


def begun_by_nobody(site: Site) -> datetime:
    begun(site.client)
    return latest(site, Draft.saved_at)


def begun_by_somebody(site: Site) -> datetime:
    begun(site.staff("organiser"))
    return latest(site, Draft.saved_at)


def news_begun(site: Site) -> datetime:
    slug = site.publish()
    telling.draft(site.staff("organiser", slug), slug)
    return latest(site, Update.saved_at)


def invited(site: Site) -> datetime:
    organisations.invite(site, organisations.found(site), organisations.SECOND)
    return latest(site, Invitation.invited_at)


def signed_in(site: Site) -> datetime:
    site.staff("moderator")
    return clock.now()


def mistyped(site: Site) -> datetime:
    form = {"email": site.account("moderator"), "password": "pas le bon du tout"}
    assert site.client.post("/connexion", data=form).status_code == 422
    return latest(site, SignInThrottle.since)


def requested(site: Site) -> datetime:
    admin = site.staff("admin")
    form = {"received_on": clock.now().date().isoformat(), "channel": "letter", "request": "Une copie."}
    assert admin.post("/administration/demandes", data=form).status_code == 303
    form = {"state": "answered", "answer": "Copie envoyée."}
    assert admin.post("/administration/demandes/1/reponse", data=form).status_code == 303
    return latest(site, DataRequest.closed_at)


def handed_over(site: Site) -> None:
    """With its proof."""
    slug = site.publish()
    assert handing.hand_over(site.staff("organiser", slug), slug, handing.PDF).status_code == 303


given = since(Petition.delivered_at, handed_over)
given_long_ago = since(Petition.purged_at, lambda site: on(site, given(site) + days(30) + MARGIN))


def bounced_as(kind: Bounce) -> Callable[[Site], None]:
    def make(site: Site) -> None:
        with site.database.write() as session:
            bounced.note(session, "ada@exemple.test", kind)

    return make


def came_back(site: Site) -> None:
    with site.database.write() as session:
        assert bounces.receive(session, b"rien", [], "retours@exemple.fr") == Bounce.IGNORED


def sheets_issued(site: Site) -> str:
    slug = site.publish()
    by = site.account_id(site.account("organiser", slug, email="papier@exemple.test"))
    do(site, slug, lambda session, one: paper.issue(session, one, 2, "Mairie", session.get_one(Account, by)))
    return slug


PERIODS = [
    Period("pending_signature", "the form", days(7), waiting, there(Signature.id)),
    Period("pending_signature", "its consents", days(7), waiting, there(ConsentEvent.at)),
    Period("confirmed_signature", "six months after closing", days(182), closed(signed()), there(Signature.id)),
    Period("confirmed_signature", "a month after delivery", days(30), delivered(signed()), there(Signature.id)),
    Period("confirmed_signature", "21 months after opening", days(638), opened_long_ago, there(Signature.id)),
    Period("paper_sheet", "who and where", days(182), closed(sheets_issued), there(Sheet.id, Sheet.return_to != ""),
           counted=False),
    Period("updates_optin", "after closing", YEAR, closed(signed(consent_updates="on")), there(Subscription.id)),
    Period("updates_optin", "after delivery", YEAR, delivered(signed(consent_updates="on")), there(Subscription.id)),
    Period("newsletter_optin", "asked", 3 * YEAR, subscribed, there(Subscription.id, Subscription.asked_at.is_(None)),
           counted=False),
    Period("newsletter_optin", "no answer", days(30), asked_to_stay, there(Subscription.id)),
    Period("suppression_list", "fingerprint", 3 * YEAR, unsubscribed, there(Suppression.since)),
    Period("posting_address", "address", YEAR, since(PostingRecord.at, commented),
           there(PostingRecord.id)),
    Period("published_comment", "text", YEAR, closed(decided(PUBLISH)), there(Comment.id, Comment.text != "")),
    Period("waiting_comment", "undecided", days(30), since(Comment.waiting_since, commented),
           there(Comment.id, Comment.state == "waiting")),
    Period("refused_comment", "text", YEAR, refused, there(Comment.id, Comment.text != "")),
    Period("refused_comment", "quotation", YEAR, refused, there(Decision.id, Decision.passage == PASSAGE)),
    Period("refused_comment", "limit", YEAR, since(AuthorLimit.created_at, decided(LIMIT)),
           there(AuthorLimit.decision_id)),
    Period("notice", "who reported", days(183), reported, there(Notice.identity_sealed)),
    Period("notice", "why", YEAR, reported, there(Notice.id, Notice.reasons != FORGOTTEN)),
    Period("notice", "appeal", YEAR, appealed, there(Appeal.id, Appeal.text != FORGOTTEN)),
    Period("notice", "who asked for a reply", days(183), since(Reply.decided_at, answered("publish")),
           there(Reply.identity_sealed)),
    Period("notice", "refused reply", YEAR, since(Reply.decided_at, answered("refuse")),
           there(Reply.id, Reply.text != FORGOTTEN)),
    Period("notice", "published reply", YEAR, closed(answered("publish")),
           there(Reply.id, Reply.text != FORGOTTEN)),
    Period("consent_evidence", "of a signature", YEAR, purged(signed()), there(ConsentEvent.at)),
    Period("consent_evidence", "of the letter", YEAR, left_the_letter_late,
           there(ConsentEvent.at, ConsentEvent.purpose == "newsletter")),
    Period("organiser_account", "warned", days(700), account, there(Account.id, Account.warned_at.is_(None)),
           counted=False),
    Period("organiser_account", "ended", days(730), warned, there(Account.id, Account.disabled_at.is_(None))),
    Period("audit_log", "act", YEAR, since(AuditLine.at, Site.publish),
           there(AuditLine.id, AuditLine.act == "petition.published")),
    Period("export_file", "journal", YEAR, purged(exported), there(ExportRecord.id)),
    Period("export_file", "permission", YEAR, purged(allowed), there(ExportPermission.id)),
    Period("export_file", "what to drop", YEAR, purged(one_left), there(Withdrawal.id)),
    Period("delivery_proof", "document", YEAR, given_long_ago, there(DeliveryProof.delivery_id)),
    Period("delivery_proof", "its name", YEAR, given_long_ago, there(Delivery.id, Delivery.proof_name != "")),
    Period("erasure_journal", "fingerprint", days(45), withdrew, there(Withdrawal.email_key)),
    Period("undo", "what comes back", timedelta(minutes=1), withdrew, there(Undo.key), margin=timedelta(seconds=20)),
    Period("outbox", "sent", days(30), since(OutboxMail.created_at, sent), there(OutboxMail.id)),
    Period("outbox", "never left", days(7), since(OutboxMail.created_at, never_left),
           there(OutboxMail.id, OutboxMail.state == "aside")),
    Period("outbox", "caught", days(7), since(CaughtMail.caught_at, sent), there(CaughtMail.id)),
    Period("mail_budget", "fingerprint", days(1), since(MailBudget.at, sent),
           there(MailBudget.at)),
    Period("bounced_address", "dead", YEAR, since(BouncedAddress.last_at, bounced_as(Bounce.HARD)),
           there(BouncedAddress.key)),
    Period("bounced_address", "complained", YEAR, since(BouncedAddress.last_at, bounced_as(Bounce.COMPLAINT)),
           there(BouncedAddress.key)),
    Period("bounced_address", "full", days(60), since(BouncedAddress.last_at, bounced_as(Bounce.SOFT)),
           there(BouncedAddress.key)),
    Period("bounced_address", "the message", days(7), since(BounceSeen.at, came_back), there(BounceSeen.at)),
    Period("self_service_session", "access", timedelta(minutes=30), in_self_service,
           there(SelfServiceSession.expires_at)),
    Period("staff_session", "session", timedelta(hours=10), signed_in, there(StaffSession.created_at)),
    Period("sign_in_failure", "failure", days(1), mistyped, there(SignInThrottle.since)),
    Period("data_request", "request", YEAR, requested, there(DataRequest.id)),
    Period("petition_draft", "nobody's", days(30), begun_by_nobody, there(Draft.saved_at)),
    Period("petition_draft", "somebody's", YEAR, begun_by_somebody, there(Draft.saved_at)),
    Period("news_draft", "never sent", YEAR, news_begun, there(Update.saved_at)),
    Period("invitation", "invitation", days(7), invited, there(Invitation.id)),
]  # fmt: skip


@pytest.mark.parametrize("period", PERIODS, ids=lambda period: f"{period.line}: {period.what}")
def test_kept_until_its_period_ends_and_not_after(site: Site, period: Period) -> None:
    start = period.make(site)
    end = start + period.after
    assert period.kept(site)
    on(site, end - period.margin)
    assert period.kept(site)
    assert overdue(site, period.line) == (0, None)
    go(site, end + period.margin)
    if period.counted:
        n, late = overdue(site, period.line)
        assert n
        assert late is not None
        assert abs(late - end) < period.margin
    retention.run(site.database, site.settings)
    assert not period.kept(site)
    with site.database.read() as session:
        assert retention.overdue_seconds(session, site.settings) == 0


@pytest.mark.databases("sqlite")
def test_every_line_that_the_daily_job_applies_is_walked(site: Site) -> None:
    assert {period.line for period in PERIODS} == {step.line for step in retention.steps(site.settings)}
