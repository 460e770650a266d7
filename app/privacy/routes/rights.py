"""What people do themselves with what they said here: see, take along, mend, withdraw, erase."""

import csv
import io
import json
from functools import partial

from fastapi import Request
from starlette.responses import Response

from app import clock, crypto
from app.db import Db
from app.exports.csv import BOM, safe
from app.mail import accents
from app.petitions.models import Petition
from app.privacy.actions import erasing, self_service, undoing
from app.privacy.dependencies import COOKIE, PATH, SignedPerson
from app.privacy.forms import CorrectionForm, OpenForm, StopForm
from app.privacy.routes.base import router
from app.privacy.schedule import SELF_SERVICE
from app.signatures.dependencies import read_link
from app.signatures.forms import EmailForm
from app.signatures.models import Signature
from app.signatures.places import countries
from app.subscriptions import actions as subscriptions
from app.templating import iso, translate_said
from app.web.forms import Form, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, locale_of, localised, page, see_other, settings_of

DATA_COLUMNS = (
    "Pétition",
    "État",
    "Date",
    "Prénom",
    "Nom",
    "Code postal",
    "Pays",
    "Affichage",
    "Accords",
    "Commentaires",
)
# What the address of the list may say has just been done, and nothing else.
DONE = {
    "retiree": "Votre signature est retirée : elle ne compte plus.",
    "corrigee": "C’est corrigé, partout et tout de suite.",
    "arrete": "C’est arrêté. Votre signature ne change pas.",
    "lettre": "Vous ne recevrez plus la lettre de la plateforme.",
}


# Self-service: a mailed link, a button, half an hour.


@router.get("/mes-signatures")
def ask(request: Request) -> Response:
    return _ask(request)


def _ask(request: Request, form: Shown = EMPTY_FORM) -> Response:
    return page(request, "signatures/mine.html", 422 if form["errors"] else 200, form=form)


@router.post("/mes-signatures")
@limited()
def send_link(request: Request, session: Db, values: Form) -> Response:
    """The same answer for every address; only a mailbox learns more."""
    with shown_again(values, partial(_ask, request)):
        form = validated(EmailForm, values)
        accents.reachable(session, form.email)
    known = next(erasing.signatures_of(session, form.email), None) is not None
    if known or subscriptions.has_newsletter(session, form.email):
        self_service.mail_link(session, form.email, locale_of(request), settings_of(request).origin)
    return see_other(request, "/mes-signatures/envoye")


@router.get("/mes-signatures/envoye")
def link_sent(request: Request) -> Response:
    return page(request, "signatures/mine_sent.html", sender=settings_of(request).sender)


@router.get("/mes-signatures/liste")
def mine(request: Request, session: Db, who: SignedPerson, fait: str = "") -> Response:
    return _mine(request, session, who, done=fait)


def _mine(
    request: Request,
    session: Db,
    who: self_service.Person,
    form: Shown = EMPTY_FORM,
    line: str = "",
    done: str = "",
) -> Response:
    return page(
        request,
        "signatures/mine_list.html",
        422 if form["errors"] else 200,
        email=who.email,
        lines=self_service.everything(session, who.email, locale_of(request)),
        newsletter=subscriptions.has_newsletter(session, who.email),
        countries=countries(locale_of(request)),
        form=form,
        form_line=line,
        done=translate_said(locale_of(request), DONE.get(done, "")),
    )


@router.get("/mes-signatures/donnees.json")
def data_json(session: Db, who: SignedPerson) -> Response:
    body = {"adresse": who.email, "signatures": self_service.everything(session, who.email)}
    text = json.dumps(body, ensure_ascii=False, indent=2, default=iso)
    return _download(text, "application/json", "mes-donnees.json")


@router.get("/mes-signatures/donnees.csv")
def data_csv(session: Db, who: SignedPerson) -> Response:
    output = io.StringIO()
    output.write(BOM)
    writer = csv.writer(output, delimiter=";", lineterminator="\r\n")
    writer.writerow(DATA_COLUMNS)
    for line in self_service.everything(session, who.email):
        active = ", ".join(c["label"] for c in line["consents"] if c["active"])
        texts = " | ".join(c["text"] for c in line["comments"])
        typed = (line["given_name"], line["family_name"], line["postal_code"], line["country"])
        cells = (line["petition"]["title"], line["state_label"], iso(line["at"]), *typed, line["line"], active, texts)
        writer.writerow([safe(cell) for cell in cells])
    return _download(output.getvalue(), "text/csv", "mes-donnees.csv")


def _download(text: str, kind: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(text, media_type=f"{kind}; charset=utf-8", headers=headers)


@router.get("/mes-signatures/effacer")
def erase_page(request: Request, session: Db, who: SignedPerson) -> Response:
    return _ask_to_erase(request, session, who.email, "/mes-signatures/effacer", "/mes-signatures/liste")


def _ask_to_erase(request: Request, session: Db, email: str, action: str, back: str) -> Response:
    """What goes, before it does."""
    return page(
        request,
        "signatures/mine_erase.html",
        lines=self_service.everything(session, email, locale_of(request)),
        newsletter=subscriptions.has_newsletter(session, email),
        action=action,
        back=back,
        evidence_until=self_service.evidence_until,
    )


@router.post("/mes-signatures/effacer")
@limited()
def erase_everything(request: Request, session: Db, who: SignedPerson) -> Response:
    token = undoing.erase(session, who.email, "self_service")
    self_service.close_session(session, who)
    return _closed(request, see_other(request, f"/mes-signatures/annuler/{token}"))


@router.get("/mes-signatures/effacer/{token}")
def erase_unopened_page(request: Request, session: Db, token: str) -> Response:
    """From the mailed link, without opening a session."""
    email, there = self_service.read_link(session, token), f"/mes-signatures/{token}"
    return _ask_to_erase(request, session, email, there, there)


@router.get("/mes-signatures/annuler/{token}")
def undo_page(request: Request, session: Db, token: str) -> Response:
    """It is done; and as long as its minute runs, the way back."""
    found = undoing.look(session, token)
    status = 200 if found.open or found.undone else 410
    mine = "/mes-signatures/liste" if request.cookies.get(COOKIE) else "/mes-signatures"
    return page(request, "signatures/undo.html", status, found=found, token=crypto.trimmed(token), mine=mine)


@router.post("/mes-signatures/annuler/{token}")
@limited()
def undo(request: Request, session: Db, token: str) -> Response:
    undoing.undo(session, token)
    return see_other(request, f"/mes-signatures/annuler/{token}")


@router.post("/mes-signatures/fermer")
@limited()
def close(request: Request, session: Db, who: SignedPerson) -> Response:
    self_service.close_session(session, who)
    return _closed(request, see_other(request, "/mes-signatures"))


def _closed(request: Request, response: Response) -> Response:
    response.delete_cookie(COOKIE, path=localised(request, PATH), httponly=True, samesite="strict")
    return response


@router.post("/mes-signatures/lettre")
@limited()
def stop_newsletter(request: Request, session: Db, who: SignedPerson) -> Response:
    subscriptions.end_by_address(session, 0, who.email, ("newsletter",))
    return see_other(request, "/mes-signatures/liste?fait=lettre")


@router.post("/mes-signatures/ligne/{line_id}/corriger")
@limited()
def correct(request: Request, session: Db, who: SignedPerson, line_id: str, values: Form) -> Response:
    self_service.own(session, who, line_id)
    with shown_again(values, lambda form: _mine(request, session, who, form, line_id)):
        form = validated(CorrectionForm, values)
        self_service.correct(session, who, line_id, **form.model_dump(exclude={"single_name"}))
    return see_other(request, "/mes-signatures/liste?fait=corrigee")


@router.post("/mes-signatures/ligne/{line_id}/arreter")
@limited()
def stop(request: Request, session: Db, who: SignedPerson, line_id: str, values: Form) -> Response:
    self_service.stop(session, who, line_id, validated(StopForm, values).purpose)
    return see_other(request, "/mes-signatures/liste?fait=arrete")


@router.get("/mes-signatures/ligne/{line_id}/retirer")
def ask_to_withdraw(request: Request, session: Db, who: SignedPerson, line_id: str) -> Response:
    petition, row = self_service.own(session, who, line_id)
    here = f"/mes-signatures/ligne/{line_id}/retirer"
    return _ask_to_withdraw(request, session, petition, row, here, "/mes-signatures/liste")


def _ask_to_withdraw(
    request: Request, session: Db, petition: Petition, row: Signature, action: str, back: str
) -> Response:
    """What goes, before it does."""
    line = self_service.line_of(session, petition, row, clock.now(), locale_of(request))
    return page(
        request,
        "signatures/withdraw.html",
        p=petition,
        line=line,
        action=action,
        back=back,
        evidence_until=self_service.evidence_until,
    )


@router.post("/mes-signatures/ligne/{line_id}/retirer")
@limited()
def withdraw(request: Request, session: Db, who: SignedPerson, line_id: str) -> Response:
    token = self_service.withdraw(session, who, line_id)
    return see_other(request, f"/mes-signatures/annuler/{token}" if token else "/mes-signatures/liste?fait=retiree")


@router.get("/mes-signatures/retirer/{token}")
def withdraw_page(request: Request, session: Db, token: str) -> Response:
    """From any mail: this page, one button."""
    opened = read_link(session, token, "withdraw")
    if opened.signature is None:
        return page(request, "signatures/not_me_done.html", p=opened.petition)
    back = f"/petitions/{opened.petition.slug}"
    here = f"/mes-signatures/retirer/{opened.token}"
    return _ask_to_withdraw(request, session, opened.petition, opened.signature, here, back)


@router.post("/mes-signatures/retirer/{token}")
@limited()
def withdraw_by_link(request: Request, session: Db, token: str) -> Response:
    opened = read_link(session, token, "withdraw")
    undo_token = undoing.withdraw(session, opened.petition_id, opened.signature_id, "mail")
    there = f"annuler/{undo_token}" if undo_token else f"retirer/{opened.token}"
    return see_other(request, f"/mes-signatures/{there}")


@router.get("/mes-signatures/{token}")
def open_page(request: Request, session: Db, token: str) -> Response:
    self_service.read_link(session, token)
    return page(request, "signatures/mine_open.html", token=token)


@router.post("/mes-signatures/{token}")
@limited()
def open_self_service(request: Request, session: Db, token: str, values: Form) -> Response:
    email = self_service.read_link(session, token)
    if validated(OpenForm, values).act == "erase":
        return see_other(request, f"/mes-signatures/annuler/{undoing.erase(session, email, 'mail')}")
    response = see_other(request, "/mes-signatures/liste")
    response.set_cookie(
        COOKIE,
        self_service.open_session(session, email),
        path=localised(request, PATH),
        max_age=int(SELF_SERVICE.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=settings_of(request).base_url.startswith("https"),
    )
    return response
