"""People who use the site while it is upgraded under them: each request may be answered by another process."""

import itertools
import random
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import product
from time import sleep
from urllib.parse import urlsplit

import httpx2

from tests.mailserver import MailServer
from tests.services import wait_for
from tests.site import FORM, PASSWORD, text_of

# Between two requests of one person.
PAUSE = 0.08
REREAD = "Le texte de cet accord a changé"
TAKEN_BACK = "Son auteur a repris ce commentaire"


class Forms(HTMLParser):
    """What a browser would send of each form of a page, by where it goes: nothing typed, no button pressed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str]] = {}
        self._fields: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form" and has.get("method") == "post":
            self._fields = self.found.setdefault(has["action"], {})
        if tag == "textarea" or (tag == "input" and has.get("type") not in {"checkbox", "radio", "submit", "file"}):
            self._fields[has.get("name", "")] = has.get("value", "")
        if tag == "input" and has.get("type") in {"checkbox", "radio"} and "checked" in has:
            self._fields[has["name"]] = has.get("value", "on")

    def ending(self, end: str) -> tuple[str, dict[str, str]]:
        found = [(action, fields) for action, fields in self.found.items() if urlsplit(action).path.endswith(end)]
        assert found, (end, list(self.found))
        return found[0]


@dataclass
class Street:
    """Everybody, and what they were answered. ``open``: where a proxy sends people; ``names``: what runs there."""

    slug: str
    mails: MailServer
    open: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    # Address → what ran where its last form went.
    signed: dict[str, str] = field(default_factory=dict)
    confirmed: dict[str, str] = field(default_factory=dict)
    withdrawn: dict[str, str] = field(default_factory=dict)
    # Of forms: what had made them, and what took them.
    taken: Counter[tuple[str, str]] = field(default_factory=Counter)
    # What each of our people who work here has done.
    done: Counter[str] = field(default_factory=Counter)
    # People who were shown the form again, as the new release words an agreement otherwise.
    reread: int = 0

    def __post_init__(self) -> None:
        self._end = threading.Event()
        self._numbers = itertools.count()
        self._threads: list[threading.Thread] = []
        self._busy = Counter[str]()
        self._door = threading.Lock()

    def start(self) -> None:
        roles: list[Callable[[Visitor], None]] = [Visitor.sign_and_confirm] * 3
        roles += [Visitor.read, Visitor.moderate, Visitor.organise]
        self._threads = [threading.Thread(target=self._live, args=(role,), daemon=True) for role in roles]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Everybody ends what they have begun."""
        self._end.set()
        for thread in self._threads:
            thread.join(30)

    def _live(self, role: "Callable[[Visitor], None]") -> None:
        with closing(Visitor(self)) as visitor:
            try:
                while not self._end.is_set():
                    role(visitor)
            except Exception as error:  # told at the end
                self.errors.append(f"{role.__name__}: {error!r}")

    def more(self, n: int) -> None:
        """Until so many more people have signed and confirmed; not when something goes wrong."""
        wanted = len(self.confirmed) + n
        wait_for(lambda: len(self.confirmed) >= wanted or bool(self.errors), "people sign and confirm", 30)

    @property
    def all_ways(self) -> bool:
        """From each release to each: between form and link, and between page and form; and our people have worked."""
        ways = {*product(("old", "new"), repeat=2)}
        confirmed = {(how, self.confirmed.get(who, "")) for who, how in list(self.signed.items())}
        return ways <= confirmed and ways <= {*self.taken} and min(self.done["exports"], self.done["decisions"]) > 1

    def come(self, url: str, name: str) -> None:
        self.names[url] = name
        with self._door:
            self.open = [*self.open, url]

    def leave(self, url: str) -> None:
        """As a proxy does: nobody is sent there any more, and those who are there have their answer."""
        with self._door:
            self.open = [other for other in self.open if other != url]
        wait_for(lambda: not self._busy[url], "everybody there is answered", 10)

    def mail(self, to: str, link: str) -> str:
        """The first link of this kind that somebody has got by mail."""
        found: list[str] = []

        def came() -> bool:
            for mail in list(self.mails.mails):
                body = mail.message.get_body(("plain",)) if mail.recipients == (to,) else None
                if body is not None:
                    found.extend(re.findall(rf"https?://[^/\s]+({link}\S+)", body.get_content()))
            return bool(found)

        wait_for(came, f"{to} has a mail with {link}", 20)
        return found[0]


class Visitor:
    """Somebody's browser; its cookies hold everywhere, as all processes are one site."""

    def __init__(self, street: Street) -> None:
        self.street = street
        # A server closes a connection that was idle for five seconds: never at the moment when it is used again.
        self.client = httpx2.Client(timeout=20, limits=httpx2.Limits(keepalive_expiry=3))
        # Where the last page came from.
        self.at = ""
        # Which process takes the next requests; any one, once there are no more.
        self.draws: Iterator[int] = iter(())

    def close(self) -> None:
        self.client.close()

    def ask(
        self, method: str, path: str, form: dict[str, str] | None = None, *, but: int = 200, stay: bool = False
    ) -> str:
        """What the page says, or where it leads. Anything else is an error, *but* what may be answered here.

        *stay*: where the last answer came from, as this address may be of that release only (Caddyfile).
        """
        sleep(PAUSE)
        with self.there(stay=stay):
            answer = self.client.request(method, self.at + path, data=form)
        assert answer.status_code in {200, 303, but}, (
            f"{method} {path} at the {self.here} release: {answer.status_code} {text_of(answer.text)[:500]}"
        )
        return str(answer.headers["location"] if answer.status_code == 303 else answer.text)

    @contextmanager
    def there(self, *, stay: bool = False) -> Iterator[None]:
        """At some process, which does not go before whoever is there has what they came for."""
        street = self.street
        with street._door:
            if not stay or self.at not in street.open:
                self.at = street.open[next(self.draws, random.getrandbits(1)) % len(street.open)]
            at = self.at
            street._busy[at] += 1
        try:
            yield
        finally:
            with street._door:
                street._busy[at] -= 1

    def get(self, path: str) -> str:
        return self.ask("GET", path)

    def follow(self, path: str) -> None:
        self.ask("GET", path, stay=True)

    def send(self, page: str, end: str, typed: dict[str, str], *, but: int = 200) -> str:
        """The form of *page*, which this browser has just been given, filled in."""
        made = self.here
        action, fields = Forms(page).ending(end)
        said = self.ask("POST", action, fields | typed, but=but)
        self.street.taken[made, self.here] += 1
        return said

    @property
    def here(self) -> str:
        """What runs where the last answer came from."""
        return self.street.names[self.at]

    def read(self) -> None:
        petition = f"/petitions/{self.street.slug}"
        for path in (
            *("/", "/en/", "/petitions", "/lancer", "/charte", "/confidentialite", "/transparence"),
            *(petition, f"{petition}.json", f"{petition}/compteur.json", f"{petition}/signatures", "/api/v1/petitions"),
            *(f"{petition}/commentaires", f"{petition}/nouvelles.atom", f"/widget/{self.street.slug}"),
        ):
            with self.there():
                page = self.ask("GET", path, stay=True)
                for href in re.findall(r'(?:href|src)="(/static/[^"]+)"', page)[:2]:
                    # A visitor stays with one process (Caddyfile), where the page has its stylesheet.
                    self.client.get(self.at + href).raise_for_status()

    def fill_in(self, email: str, page: str, **typed: str) -> None:
        """The form of the petition's page."""
        form = FORM | {"email": email} | typed
        answer = self.send(page, "/signatures", form, but=422)
        if not answer.startswith("/"):
            assert REREAD in text_of(answer), text_of(answer)[:1000]
            self.street.reread += 1
            answer = self.send(answer, "/signatures", form)
        self.street.signed.setdefault(email, self.here)
        self.follow(answer)

    def confirm(self, email: str) -> None:
        link = self.street.mail(email, "/confirmer/")
        thanks = self.send(self.get(link), link, {})
        self.street.confirmed[email] = self.here
        self.follow(thanks)

    def withdraw(self, email: str) -> None:
        """By the link in the mail to somebody who signs twice."""
        self.fill_in(email, self.get(f"/petitions/{self.street.slug}"))
        link = self.street.mail(email, "/mes-signatures/retirer/")
        done = self.send(self.get(link), link, {})
        self.street.withdrawn[email] = self.here
        self.follow(done)

    def sign_and_confirm(self) -> None:
        n = next(self.street._numbers)
        self.client.cookies.clear()
        email = f"personne{n}@exemple.test"
        said = {"comment": f"Bravo {n}."} if n % 3 == 0 else {}
        # Page, form, link, confirmation: four people in a row take every way from the one to the other.
        self.draws = iter((n >> 2, n, n >> 3, n >> 1))
        self.fill_in(email, self.get(f"/petitions/{self.street.slug}"), display=("hidden", "full")[n % 3 % 2], **said)
        self.confirm(email)
        if n % 4 == 0:
            self.withdraw(email)

    def enter(self, role: str) -> None:
        if not self.client.cookies:
            self.send(self.get("/connexion"), "/connexion", {"email": f"{role}@exemple.test", "password": PASSWORD})

    def organise(self) -> None:
        self.enter("organiser")
        desk = f"/organisation/petitions/{self.street.slug}"
        for path in ("/organisation", desk, f"{desk}/nouvelles", f"{desk}/exports"):
            page = self.get(path)
        preview = self.send(page, "/exports/apercu", {"purpose": "audit"})
        self.follow(self.send(preview, "/exports", {"purpose": "audit", "reason": "Contrôle avant la remise."}))
        self.street.done["exports"] += 1

    def moderate(self) -> None:
        self.enter("moderator")
        page = self.get("/moderation")
        if any(action.split("?")[0].endswith("/decision") for action in Forms(page).found):
            said = self.send(page, "/decision", {"decision": "publish"}, but=409)
            taken_back = not said.startswith("/")  # by its author, after this page was made
            assert not taken_back or TAKEN_BACK in text_of(said), text_of(said)[:1000]
            self.street.done["decisions"] += not taken_back
