"""The link of a recipient: asked for by the organiser, sent by the operator, to an address that stands in public."""

from sqlalchemy.orm import Session

from app import audit, clock, crypto
from app.accounts.models import Account
from app.db import changed, vault_of
from app.deliveries import emails, links, queries
from app.deliveries.models import Delivery, RecipientLink
from app.errors import Conflict, Gone, Invalid, NotFound, Refused
from app.mail import outbox
from app.mail.addresses import canonical
from app.petitions import keys as petition_keys
from app.petitions import permissions
from app.petitions import queries as petition_queries
from app.petitions.models import Petition, PetitionState

NO_SUCH = "Cette remise, ou ce destinataire, n’existe pas."
NOT_OURS = "Ce lien est incomplet ou n’est pas de nous. Copiez-le en entier depuis le message."
OVER = "Ce lien a été remplacé ou annulé, ou ses soixante jours ont passé. Écrivez-nous pour en recevoir un autre."
AUTHORS = (
    "Cette adresse est celle d’une personne qui lance ou porte des pétitions ici : le lien ne va qu’à une adresse "
    "officielle du destinataire."
)


def ask(session: Session, petition: Petition, number: int, place: int, source: str, by: int) -> RecipientLink:
    """The organiser names the public page where the address stands, never the address. Raises NotFound, Conflict."""
    delivery = queries.numbered(session, petition.id, number)
    link = _line(session, delivery, place)
    if link.receipt_at is not None:
        raise Conflict("Ce destinataire a déjà accusé réception.")
    link.asked_source, link.asked_by, link.asked_at = source, by, clock.now()
    session.flush()
    audit.record(session, "delivery.link_asked", "delivery", link.delivery_id, by, link=link.id)
    return link


def send(session: Session, delivery_id: int, place: int, address: str, source: str, by: Account) -> RecipientLink:
    """To *address*, as *by* has read it on *source*. Raises NotFound, Invalid, Refused, Conflict."""
    delivery = queries.by_id(session, delivery_id)
    link = _line(session, delivery, place)
    petition = link.delivery.petition
    if petition.state != PetitionState.DELIVERED:
        raise Conflict("Cette pétition n’est pas en ligne : son destinataire ne trouverait rien.")
    if permissions.holds(session, by, petition):
        raise Refused(
            "Cette pétition est la vôtre : une autre personne de l’administration doit vérifier l’adresse et envoyer le"
            " lien."
        )
    if canonical(address) in {canonical(one) for one in queries.organiser_addresses(session, petition)}:
        raise Invalid({"address": AUTHORS})
    link.source, link.sent_by, link.sent_at = source, by.id, clock.now()
    link.address_sealed = _sealed(session, petition, link, address)
    session.flush()
    token = links.make(vault_of(session), link)
    outbox.enqueue(session, [emails.link(address, petition, link.delivery, link.recipient, token)])
    audit.record(session, "delivery.link_sent", "delivery", delivery_id, by.id, link=link.id)
    return link


def _line(session: Session, delivery: Delivery | None, place: int) -> RecipientLink:
    """Of that recipient, ours alone until the commit. Raises NotFound."""
    if delivery is None or not 0 <= place < len(delivery.recipients):
        raise NotFound(NO_SUCH)
    queries.lock(session, delivery.id)
    found = queries.link_of(session, delivery.id, place)
    if found is None:
        found = RecipientLink(delivery_id=delivery.id, delivery=delivery, place=place)
        session.add(found)
        session.flush()
    return found


def _sealed(session: Session, petition: Petition, link: RecipientLink, address: str) -> bytes | None:
    """Not kept at all once the petition's data are erased."""
    try:
        keys = petition_keys.of(session, petition.id)
    except Gone:
        return None
    return crypto.seal(keys.data, address.encode(), _context(link))


def address_of(session: Session, link: RecipientLink) -> str:
    """ "" once it is erased, or when none was sent."""
    if link.address_sealed is None:
        return ""
    try:
        keys = petition_keys.of(session, link.delivery.petition_id)
    except Gone:
        return ""
    return crypto.unseal(keys.data, link.address_sealed, _context(link)).decode()


def _context(link: RecipientLink) -> bytes:
    return f"address of recipient link {link.id}".encode()


def cancel(session: Session, delivery_id: int, place: int, by: int) -> None:
    """Sent to the wrong address: it opens nothing, and the receipt that came by it is no receipt. Raises NotFound."""
    delivery = queries.by_id(session, delivery_id)
    link = _line(session, delivery, place)
    if link.sent_at is None:
        raise NotFound("Aucun lien n’a été envoyé à ce destinataire.")
    link.sent_at = link.receipt_at = link.address_sealed = None
    audit.record(session, "delivery.link_cancelled", "delivery", delivery_id, by, link=link.id)
    changed(session, link.delivery.petition_id)


def opened(session: Session, token: str, *, alone: bool = False) -> RecipientLink:
    """What a link still opens. Raises NotFound for one that we never made, Gone for an old one."""
    vault = vault_of(session)
    found = links.read(vault, token)
    if found is None:
        raise NotFound(NOT_OURS)
    link_id, expires = found
    link = queries.link(session, link_id, alone=alone)
    if link is None or expires <= clock.now().timestamp() or not links.is_of(vault, token, link):
        raise Gone(OVER)
    if link.delivery.petition.state not in petition_queries.PUBLIC_STATES:
        raise Gone("Cette pétition n’est plus en ligne.")
    return link
