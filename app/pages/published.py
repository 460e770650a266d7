"""What ``/api/v1`` publishes, field by field: the answers, their description and the examples are made of these.

Within a version fields are added, and none is taken away, renamed or given another meaning.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from app.locale import Message
from app.organisations import models as organisations
from app.petitions import models, public
from app.petitions.models import Petition
from app.updates import public as updates

State = Literal["open", "closed", "delivered", "purged"]


class Published(BaseModel):
    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class Place(Published):
    kind: Literal["departement", "commune"] = Field(description=Message("Département ou commune"))
    code: str = Field(description=Message("Son code, de l’Insee"))
    name: str = Field(description=Message("Son nom, comme sur la page"))


class Carrier(Published):
    slug: str = Field(description=Message("Ce qui la désigne dans les adresses"))
    name: str = Field(description=Message("Son nom"))
    url: str = Field(description=Message("Sa page"))


class Recipient(Published):
    name: str = Field(description=Message("Son nom"))
    role: str = Field(description=Message("Sa fonction"))


class Picture(Published):
    url: str = Field(description=Message("La plus grande copie, en WebP"))
    alt: str = Field(description=Message("Ce qu’on y voit"))
    caption: str = Field(description=Message("Sa légende, ou rien"))
    credit: str = Field(description=Message("Son auteur, ou rien"))
    width: int = Field(description=Message("En pixels"))
    height: int = Field(description=Message("En pixels"))


class Source(Published):
    kind: str = Field(description=Message("article, investigation, study, video ou official"))
    title: str = Field(description=Message("Son titre"))
    publisher: str = Field(description=Message("Qui l’a publiée"))
    date: dt.date | None = Field(description=Message("Le jour de sa publication, s’il est connu"))
    url: str = Field(description=Message("Son adresse, ou rien"))


class Outcome(Published):
    kind: Literal["obtained", "partly", "refused", "unanswered"] = Field(
        description=Message("obtained : obtenue ; partly : en partie ; refused : refusée ; unanswered : sans réponse")
    )
    at: dt.datetime = Field(description=Message("Quand cela s’est su"))
    title: str = Field(description=Message("Où cela se vérifie, ou rien"))
    url: str = Field(description=Message("L’adresse de cette source, ou rien"))


class Summary(Published):
    """A petition in a list."""

    slug: str = Field(description=Message("Ce qui la désigne dans les adresses"))
    url: str = Field(description=Message("Sa page"))
    title: str = Field(description=Message("Son titre"))
    state: State = Field(
        description=Message("open : elle se signe ; closed : plus ; delivered : remise à ses destinataires")
    )
    themes: list[str] = Field(description=Message("Ses thèmes, le premier d’abord"))
    place: Place | None = Field(description=Message("Où cela se passe, si c’est quelque part"))
    author: str = Field(description=Message("Qui l’a écrite"))
    organisation: Carrier | None = Field(description=Message("L’organisation qui la porte, s’il y en a une"))
    recipients: list[Recipient] = Field(description=Message("À qui elle s’adresse"))
    count: int = Field(ge=0, description=Message("Combien de signatures sont confirmées"))
    paper: int = Field(ge=0, description=Message("Dont sur papier"))
    goal: int = Field(gt=0, description=Message("Combien son auteur en espère"))
    opened_at: dt.datetime | None = Field(description=Message("Quand elle a été publiée"))
    closes_at: dt.datetime | None = Field(description=Message("Quand elle se fermera, ou s’est fermée, d’elle-même"))
    closed_at: dt.datetime | None = Field(description=Message("Quand elle a été close ; null tant qu’elle se signe"))
    outcome: Outcome | None = Field(description=Message("Ce qu’elle est devenue, si son auteur l’a dit"))
    card: str = Field(description=Message("Son image pour les réseaux, PNG de 1200 × 630"))

    @classmethod
    def of(cls, petition: Petition, card: public.Card, origin: str) -> Self:
        return cls(**_summary(petition, card, origin))


class Detail(Summary):
    """A petition in full."""

    image: Picture | None = Field(description=Message("Son image, si elle en a une"))
    version: int = Field(ge=1, description=Message("La version de son texte"))
    version_at: dt.datetime = Field(description=Message("Quand cette version a été publiée"))
    html: str = Field(description=Message("Son texte, en HTML sans script ni image"))
    sources: list[Source] = Field(description=Message("Ses sources"))
    views: int = Field(ge=0, description=Message("Combien de fois sa page a été lue, à quelques secondes près"))
    views_today: int = Field(ge=0, description=Message("Dont aujourd’hui, en France"))
    widget: str = Field(description=Message("Le compteur à mettre dans un cadre"))
    badge: str = Field(description=Message("Le compteur en une image SVG d’un kilo-octet"))

    @classmethod
    def of_view(cls, petition: Petition, view: public.View, origin: str) -> Self:
        picture = view.image and {name: view.image[name] for name in ("alt", "caption", "credit", "width", "height")}
        return cls(
            **_summary(petition, view, origin),
            image=Picture(url=f"{origin}{view.image['url']}", **picture) if view.image and picture else None,
            version=view.version,
            version_at=view.version_at,
            html=str(view.body_html),
            sources=[
                Source(**{name: source[name] for name in ("kind", "title", "publisher", "date", "url")})
                for source in view.sources
            ],
            views=view.views,
            views_today=view.views_today,
            widget=f"{origin}/widget/{view.slug}/compteur",
            badge=f"{view.url}/badge.svg",
        )


def _summary(petition: Petition, card: public.Card, origin: str) -> dict[str, Any]:
    place, carrier = None, petition.organisation
    if card.place:
        place = Place(kind=petition.place_kind, code=petition.place_code, name=card.place)  # type: ignore[arg-type]
    return {
        "slug": card.slug,
        "url": card.url,
        "title": card.title,
        "state": card.state,
        "themes": [theme["fr"] for theme in card.themes],
        "place": place,
        "author": card.author,
        "organisation": carrier
        and Carrier(slug=carrier.slug, name=carrier.name, url=f"{origin}/organisations/{carrier.slug}"),
        "recipients": [Recipient(**one) for one in card.recipients],
        "count": card.count,
        "paper": card.paper,
        "goal": card.goal,
        "opened_at": card.opened_at,
        "closes_at": card.closes_at,
        "closed_at": card.closed_at,
        "outcome": Outcome(**card.outcome) if card.outcome else None,
        "card": f"{card.url}/carte.png",
    }


class Listed(Published):
    """One page of a list of petitions."""

    total: int = Field(ge=0, description=Message("Combien il y en a en tout ; d’une recherche, 300 au plus"))
    page: int = Field(ge=1, description=Message("La page que voici"))
    pages: int = Field(ge=1, description=Message("Combien il y a de pages"))
    next: str | None = Field(description=Message("L’adresse de la page suivante, s’il y en a une"))
    petitions: list[Summary] = Field(description=Message("Les pétitions de cette page"))


class Petitions(Listed):
    """Petitions that were asked for."""


class Organisation(Listed):
    """An organisation and its petitions, those that may be signed first."""

    slug: str = Field(description=Message("Ce qui la désigne dans les adresses"))
    name: str = Field(description=Message("Son nom"))
    url: str = Field(description=Message("Sa page"))
    description: str = Field(description=Message("Ce qu’elle dit d’elle-même, ou rien"))
    site: str = Field(description=Message("Son propre site, ou rien"))


class Theme(Published):
    name: str = Field(description=Message("Son nom, qui est aussi ce que « theme » attend"))
    english: str = Field(description=Message("Son nom en anglais, ou rien"))


class Themes(Published):
    themes: list[Theme] = Field(description=Message("Dans l’ordre de ce site"))


class NewsItem(Published):
    id: int = Field(description=Message("Son numéro"))
    kind: str = Field(description=Message("news : une nouvelle ; answer, delivery, outcome : réponse, remise, issue"))
    title: str = Field(description=Message("Son titre"))
    at: dt.datetime = Field(description=Message("Quand elle a été publiée"))
    html: str = Field(description=Message("Son texte, en HTML sans script ni image"))
    facts: dict[str, Any] = Field(description=Message("Ce qu’on en sait de plus, selon son genre : date, source…"))
    url: str = Field(description=Message("Où elle se lit"))


class News(Published):
    """What became of a petition."""

    news: list[NewsItem] = Field(description=Message("Les nouvelles, la plus récente d’abord"))


class Counter(Published):
    count: int = Field(ge=0, description=Message("Combien de signatures sont confirmées"))
    goal: int = Field(gt=0, description=Message("Combien son auteur en espère"))


class Problem(Published):
    """RFC 9457."""

    type: str = Field(description=Message("Toujours about:blank : le numéro dit tout"))
    title: str = Field(description=Message("Ce qui ne va pas, en trois mots"))
    status: int = Field(description=Message("Le numéro de la réponse HTTP"))
    detail: str = Field(description=Message("Ce qui ne va pas, en une phrase"))


def listed(session: Session, petitions: Sequence[Petition], origin: str, now: dt.datetime) -> list[Summary]:
    cards = public.cards(session, petitions, origin, now)
    return [Summary.of(petition, card, origin) for petition, card in zip(petitions, cards, strict=True)]


def organisation(
    found: organisations.Organisation,
    petitions: list[Summary],
    origin: str,
    total: int,
    page: int,
    pages: int,
    following: str | None,
) -> Organisation:
    return Organisation(
        slug=found.slug,
        name=found.name,
        url=f"{origin}/organisations/{found.slug}",
        description=found.description,
        site=found.site,
        total=total,
        page=page,
        pages=pages,
        next=following,
        petitions=petitions,
    )


def themes(found: Sequence[models.Theme]) -> Themes:
    return Themes(themes=[Theme(name=theme.name, english=theme.english) for theme in found])


def told(news: Sequence[updates.News], url: str) -> News:
    """*url*: of the petition's page."""
    return News(news=[NewsItem.model_validate(one.as_json(url)) for one in news])
