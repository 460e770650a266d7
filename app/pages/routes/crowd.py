"""The three addresses that a crowd asks at once: no session, no thread, one write for many."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic

from fastapi import Request
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from app import clock, crypto
from app.db import Database, Session
from app.errors import Gone, Invalid, NotFound, Refused
from app.lanes import PATIENCE, lanes_of
from app.locale import Message
from app.mail.accents import NOT_TAKEN, has_accents
from app.mail.addresses import canonical
from app.moderation.actions import receiving
from app.operations import metrics
from app.pages.routes.inbox import inbox_again, just_sent_by, remember
from app.pages.routes.links import confirmation_page
from app.pages.routes.petition import sign_again
from app.pages.routes.widget import in_frame, sign_again_framed
from app.petitions import addresses, tags
from app.petitions.choices import TAGS
from app.privacy.actions import erasing
from app.signatures import actions, bound, doubts, just_sent, links, slips
from app.signatures.actions import Changed, Chosen, Confirmation, Mistyped, Signing, SignRequest, Target, choosing
from app.signatures.dependencies import NOT_OURS
from app.signatures.forms import ChoicesForm, SignForm, chosen, refuse_more
from app.signatures.intake import Intake
from app.signatures.pace import Pace
from app.signatures.proof import Proofs
from app.templating import in_language
from app.web.crowd import Door
from app.web.forms import ShowAgain, Shown, Values, read_form, validated
from app.web.ratelimit import AsyncLimit, client_key, network_of, peer_of
from app.web.rendering import locale_of, settings_of

SIGNING_SECONDS = 1.0
REWRITTEN = (
    "Le texte a changé depuis que vous avez ouvert cette page : c’est la version %(n)s, ci-contre. Relisez-la avant de "
    "signer ; ce que vous avez saisi est encore là."
)
TOO_LATE = (
    "Ce navigateur ne garde que trente minutes ce que vous avez tapé : pour une autre adresse, signez de nouveau "
    "depuis la page de la pétition."
)
# What is of one sending only.
NEVER_KEPT = (doubts.PROOF, doubts.SECONDS, doubts.TRAP, "email_kept")
Again = Callable[[Request, Shown], Awaitable[ShowAgain]]
CLOSED = "Cette pétition est close : elle ne peut plus être signée."


async def sign(request: Request) -> Response:
    """The one route that thousands use at once: no session, no thread, one write for many."""
    slug: str = request.path_params["slug"]
    limit: AsyncLimit = request.app.state.sign_limit
    await limit.check(request)
    values = slips.chosen(await read_form(request))
    # A form that is refused keeps the word, and no other.
    values["s"] = _came_by(request, values, settings_of(request).origin, slug)
    answer, _ = await _accept(request, await _signing(request, slug), values, _show_again)
    return answer


async def correct(request: Request) -> Response:
    """The same form with another address: it was wrong, and the page after the form is where one sees it.

    What was made for the wrong one goes once this is answered: nobody learns by the clock whether there was anything.
    """
    limit: AsyncLimit = request.app.state.sign_limit
    await limit.check(request)
    typed = slips.chosen(await read_form(request))
    signing = await _signing(request, request.path_params["slug"])
    before = just_sent_by(request, signing.petition_id)
    if before is None:
        raise await _inbox_again(request, {"values": typed, "errors": {"": TOO_LATE}})
    values = before.values | {name: typed.get(name, "") for name in ("email", *NEVER_KEPT)}
    answer, form = await _accept(request, signing, values, _inbox_or_form_again, before)
    if canonical(form.email) != canonical(before.email):
        intake: Intake[Mistyped, None] = request.app.state.follow_intake
        mistyped = Mistyped(signing.petition_id, before.signature_id, before.digest, before.at)
        answer.background = BackgroundTask(intake.submit_late, mistyped)
    return answer


async def _accept(
    request: Request, signing: Signing, values: Values, again: Again, before: just_sent.JustSent | None = None
) -> tuple[Response, SignForm]:
    """What was sent is written when this returns; *again* makes the page of a form that is refused."""
    if not signing.is_open(clock.now()):
        raise await _show_again(request, {"values": values, "errors": {"": CLOSED}}, 409)
    locale, settings = locale_of(request), settings_of(request)
    try:
        form = _form(values, signing, signing.texts[locale])
    except Invalid as invalid:
        raise await again(request, {"values": values, "errors": invalid.errors}) from None
    doubt = await _doubt(request, values, form)
    signed = SignRequest(
        signing,
        form,
        locale,
        settings.origin,
        peer=peer_of(request) if form.comment else "",
        people=settings.people_per_address,
        doubt=doubt,
        came_by=values.get("s", ""),
        channel="widget" if in_frame(request) else "form",
        id=(made := crypto.uuid7()),
    )
    intake: Intake[SignRequest, None] = request.app.state.sign_intake
    await intake.submit(signed)
    if in_frame(request):  # in another site's page, nothing is kept
        return _go(in_language(locale, f"/widget/{signing.slug}/verifier")), form
    answer = _go(in_language(locale, f"/petitions/{signing.slug}/verifier"))
    digest = bound.digest_of(signing.keys, form, signing.text_version, signing.texts[locale])
    if before is not None and canonical(form.email) == canonical(before.email):
        made = before.signature_id  # the same mailbox, written otherwise: it corrects what waits there
    sent = just_sent.of_form(form, signed.came_by, made, digest)
    remember(request, answer, signing.petition_id, signing.slug, sent)
    return answer, form


def _came_by(request: Request, values: Values, origin: str, slug: str) -> str:
    """The tag of the link that led to this form, by its own page's address, which the browser tells us alone."""
    kept = values.get("s", "")
    return kept if kept in TAGS else tags.of_page(request.headers.get("referer", ""), origin, slug)


def _form(values: Values, signing: Signing, texts: Mapping[str, int]) -> SignForm:
    """Raises Invalid, also when the texts in force are no longer those that were on the page."""
    with slips.asked_about(values):
        form = validated(SignForm, values)
        if form.text_version not in {"", str(signing.text_version)}:
            raise Invalid({"": Message(REWRITTEN, n=signing.text_version)})
        if has_accents(form.email) and not signing.takes_accents:
            raise Invalid({"email": NOT_TAKEN})
        refuse_more(form.display, form.comment, signing.display_most, signing.comments_open)
        if form.consent_texts and form.consent_texts != choosing.written(texts):
            raise Invalid({"consent_signature": "Le texte de cet accord a changé depuis : relisez-le avant de signer."})
    return form


async def _show_again(request: Request, form: Shown, status: int = 422) -> ShowAgain:
    """Raises Busy when nobody has the time to show it."""
    async with lanes_of(request).rendering.place(client_key(request)):
        page = sign_again_framed if in_frame(request) else sign_again
        return ShowAgain(await run_in_threadpool(page, request, form, status))


async def _inbox_or_form_again(request: Request, form: Shown) -> ShowAgain:
    """The page that one is on, when only the address is wrong; else the form, which has the rest."""
    return await (_inbox_again if form["errors"].keys() == {"email"} else _show_again)(request, form)


async def _inbox_again(request: Request, form: Shown) -> ShowAgain:
    """Raises Busy."""
    async with lanes_of(request).rendering.place(client_key(request)):
        return ShowAgain(await run_in_threadpool(inbox_again, request, form))


async def _doubt(request: Request, values: Values, form: SignForm) -> str | None:
    """What looks like a robot about a form that is accepted in any case; counts it in the pace."""
    pace: Pace = request.app.state.pace
    proofs: Proofs = request.app.state.proofs
    network = network_of(request.client.host) if request.client else "unknown"
    pace.note(network)
    found = doubts.of_form(values)
    proof = values.get(doubts.PROOF, "")
    if proof and await proofs.good(proof, canonical(form.email).encode()):
        metrics.proofs.labels("solved").inc()
    elif proof or pace.insists(network):
        metrics.proofs.labels("wrong" if proof else "missing").inc()
        if pace.insists(network):
            found += doubts.NO_PROOF
    return found or None


async def ask_for_proof(request: Request) -> Response:
    """What the form's script has to solve before it sends: nothing, at an ordinary pace."""
    pace: Pace = request.app.state.pace
    proofs: Proofs = request.app.state.proofs
    signing = await _signing(request, request.path_params["slug"])
    asked: dict[str, object] = {}
    if signing.is_open(clock.now()) and pace.asks(network_of(request.client.host) if request.client else "unknown"):
        metrics.proofs.labels("asked").inc()
        asked = proofs.challenge()
    return Response(json.dumps(asked), media_type="application/json", headers={"cache-control": "no-store"})


async def no_feed(request: Request) -> Response:
    """The live feed stands in front of us, and knows living petitions by their present address."""
    await _signing(request, request.path_params["slug"])  # NotFound, Moved
    raise Gone("Cette pétition n’a plus de signatures à suivre.")


async def _signing(request: Request, slug: str) -> Signing:
    """What signing needs of the petition, read once a second a process, by one for all.

    Raises NotFound, Moved.
    """
    cache: dict[str, tuple[float, asyncio.Future[Signing]]] = request.app.state.signing_cache
    found = cache.get(slug)
    if found is None or monotonic() - found[0] >= SIGNING_SECONDS or (found[1].done() and found[1].exception()):
        reading = asyncio.ensure_future(_read_in_lane(request, slug))
        if len(cache) > 1000:
            cache.clear()
        found = cache[slug] = (monotonic(), reading)
    return await asyncio.shield(found[1])


async def _read_in_lane(request: Request, slug: str) -> Signing:
    async with lanes_of(request).signing.place():
        return await run_in_threadpool(_read_signing, request.app.state.database, slug)


def _read_signing(database: Database, slug: str) -> Signing:
    with database.read() as session:
        return actions.signing_of(session, addresses.public(session, slug))


async def confirm(request: Request) -> Response:
    limit: AsyncLimit = request.app.state.confirm_limit
    await limit.check(request)
    token = crypto.trimmed(request.path_params["token"])
    link = links.read(request.app.state.vault, token, *links.CONFIRM)
    if link is None:
        raise NotFound(NOT_OURS)
    if not links.alive(link):
        raise Gone("Ce lien a expiré.")
    values = await read_form(request)
    typed = values.get("shown")
    shown = link.shown if typed is None else bound.read(typed)
    try:
        target = Target(link.petition_id, link.signature_id, shown, _chosen(request, values))
        if link.purpose == "other":
            async with lanes_of(request).writing.place(client_key(request)):
                outcome = await run_in_threadpool(_confirm_other, request, target)
        else:
            intake: Intake[Target, Confirmation] = request.app.state.confirm_intake
            outcome = await intake.submit(target)
    except (Changed, Invalid) as refused:
        raise ShowAgain(await _confirm_again(request, token, values, refused)) from None
    if target.chosen is not None and not outcome.first:
        # Confirmed already, from another tab: what was chosen there stands, and what was typed here is not lost.
        return await _confirm_again(request, token, values)
    return _go(in_language(locale_of(request), f"/confirmer/{token}"))


def _chosen(request: Request, values: Values) -> Chosen | None:
    """What was chosen while confirming; None from a page or a program that does not ask. Raises Invalid."""
    if not chosen(values):
        return None
    form = validated(ChoicesForm, values)
    peer = peer_of(request) if form.comment else ""
    return Chosen.of(form, locale=locale_of(request), channel="confirmation", peer=peer)


def _confirm_other(request: Request, target: Target) -> Confirmation:
    """Few come this way: somebody else's signature may have to be withdrawn first, in the same transaction."""
    database: Database = request.app.state.database

    def let_go(session: Session, petition_id: int, signature_id: uuid.UUID) -> None:
        erasing.withdraw(session, petition_id, signature_id, "replaced")

    with database.write(PATIENCE) as session:
        people = settings_of(request).people_per_address
        return actions.confirm_other(session, target, people, receiving.receive_drafts, let_go)


async def _confirm_again(request: Request, token: str, values: Values, refused: Refused | None = None) -> Response:
    """What it says now, to be read before it is confirmed, with what was typed and what to correct."""
    database: Database = request.app.state.database

    def again() -> Response:
        with database.read() as session:
            return confirmation_page(request, session, token, values, refused)

    async with lanes_of(request).rendering.place(client_key(request)):
        return await run_in_threadpool(again)


def _go(path: str) -> Response:
    """``see_other`` of a path whose parts this application has made: there is nothing to quote."""
    return Response(status_code=303, headers={"location": path, "cache-control": "no-store"})


doors: list[Door] = [
    Door("/petitions/{slug}/signatures", sign),
    Door("/widget/{slug}/signatures", sign),
    Door("/petitions/{slug}/verifier/adresse", correct),
    Door("/confirmer/{token}", confirm),
    Door("/petitions/{slug}/preuve", ask_for_proof, "GET"),
    Door("/petitions/{slug}/direct", no_feed, "GET"),
]
