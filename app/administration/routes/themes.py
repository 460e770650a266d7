"""The list of themes: what authors choose from."""

from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import Request
from starlette.responses import Response

from app.accounts.dependencies import Admin
from app.administration.forms import MergeForm, MoveForm, ThemeForm
from app.administration.routes.base import router
from app.db import Db, Session
from app.errors import NotFound
from app.petitions import themes
from app.petitions.models import Theme
from app.web.forms import Form, RowId, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other
from app.web.sorting import in_order, sorting

THEMES = "/administration/themes"
KEYS: dict[str, Callable[[tuple[Theme, int]], Any]] = {
    "nom": lambda row: row[0].name,
    "anglais": lambda row: row[0].english or None,
    "petitions": lambda row: row[1],
    "etat": lambda row: (row[0].retired_at is not None, row[0].merged_into is not None),
}


@router.get("/themes")
def theme_list(request: Request, session: Db, admin: Admin) -> Response:
    return _page(request, session)


def _page(request: Request, session: Session, form: Shown = EMPTY_FORM, renaming: int = 0) -> Response:
    everything = themes.all_of_them(session)
    order = sorting(request, KEYS, "")
    offered = [theme.id for theme, _ in everything if theme.retired_at is None]
    return page(
        request,
        "administration/themes.html",
        422 if form["errors"] else 200,
        themes=in_order(everything, order, KEYS),
        everything=everything,
        order=order,
        names={theme.id: theme.name for theme, _ in everything},
        first=offered[0] if offered else 0,
        last=offered[-1] if offered else 0,
        form=form,
        renaming=renaming,
    )


@router.post("/themes")
@limited("staff")
def add_theme(request: Request, session: Db, admin: Admin, values: Form) -> Response:
    with shown_again(values, partial(_page, request, session)):
        form = validated(ThemeForm, values)
        theme = themes.add(session, form.name, form.english, admin.id)
    return _back(request, theme)


@router.post("/themes/{theme_id}/nom")
@limited("staff")
def rename_theme(request: Request, session: Db, admin: Admin, theme_id: RowId, values: Form) -> Response:
    theme = _theme(session, theme_id)
    with shown_again(values, partial(_page, request, session, renaming=theme.id)):
        form = validated(ThemeForm, values)
        themes.rename(session, theme, form.name, form.english, admin.id)
    return _back(request, theme)


@router.post("/themes/{theme_id}/ordre")
@limited("staff")
def move_theme(request: Request, session: Db, admin: Admin, theme_id: RowId, values: Form) -> Response:
    theme = _theme(session, theme_id)
    themes.move(session, theme, MoveForm.model_validate(values).steps, admin.id)
    return _back(request, theme)


@router.post("/themes/{theme_id}/retrait")
@limited("staff")
def retire_theme(request: Request, session: Db, admin: Admin, theme_id: RowId) -> Response:
    theme = _theme(session, theme_id)
    themes.retire(session, theme, admin.id)
    return _back(request, theme)


@router.post("/themes/{theme_id}/retour")
@limited("staff")
def restore_theme(request: Request, session: Db, admin: Admin, theme_id: RowId) -> Response:
    theme = _theme(session, theme_id)
    themes.restore(session, theme, admin.id)
    return _back(request, theme)


@router.post("/themes/{theme_id}/reunion")
@limited("staff")
def merge_theme(request: Request, session: Db, admin: Admin, theme_id: RowId, values: Form) -> Response:
    into = _theme(session, MergeForm.model_validate(values).into)
    themes.merge(session, _theme(session, theme_id), into, admin.id)
    return _back(request, into)


def _theme(session: Session, theme_id: int) -> Theme:
    theme = themes.by_id(session, theme_id)
    if theme is None:
        raise NotFound("Ce thème n’existe pas.")
    return theme


def _back(request: Request, theme: Theme) -> Response:
    return see_other(request, f"{THEMES}#theme-{theme.id}")
