"""The settings, read once from the environment (prefix ``SIGNONS_``) or ``.env``."""

import os
import re
import secrets
from base64 import b64decode
from contextlib import suppress
from difflib import get_close_matches
from functools import cached_property
from hashlib import sha256
from ipaddress import ip_network
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, unquote, urlsplit

import idna
from dotenv import dotenv_values
from limits import parse_many
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app import conninfo
from app.errors import SettingsError
from app.naming import From, origin_of, sender_of

LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1"}


def _rate(value: str) -> str:
    try:
        parse_many(value)
    except ValueError:
        raise ValueError("une limite s’écrit « 5/minute » ou « 5/minute;30/hour »") from None
    return value


Rate = Annotated[str, AfterValidator(_rate)]
OptionalRate = Annotated[str, AfterValidator(lambda value: value and _rate(value))]


def _whole(value: object) -> object:
    if not re.fullmatch(r"[1-9]\d{0,8}", str(value), re.ASCII):
        raise ValueError("un nombre entier, 1 au moins, est attendu")
    return value


Whole = Annotated[int, BeforeValidator(_whole)]


def _people(value: object) -> object:
    if str(value) not in {"1", "2"}:
        raise ValueError("1 ou 2 est attendu")
    return value


People = Annotated[int, BeforeValidator(_people)]


def _url(name: str, value: str) -> SplitResult:
    """Its parts; raises ValueError when a host or a port cannot be read, or a password has cut it in two."""
    try:
        parts = urlsplit(value)
        _ = parts.port
        if parts.fragment or "@" in parts.path:
            raise ValueError
    except ValueError:
        hint = "dans un mot de passe, / # ? @ s’écrivent %2F %23 %3F %40"
        raise ValueError(f"SIGNONS_{name.upper()} : adresse ou port illisible ({hint})") from None
    return parts


def _level(value: object) -> object:
    if value not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise ValueError("choisissez DEBUG, INFO, WARNING ou ERROR")
    return value


def _launch(value: object) -> object:
    if value not in {"open", "invited", "closed"}:
        raise ValueError("choisissez open, invited ou closed")
    return value


def _switch(value: object) -> object:
    found = {"true": True, "1": True, "false": False, "0": False, "": False}.get(str(value).lower())
    if found is None:
        raise ValueError("écrivez true ou false")
    return found


Switch = Annotated[bool, BeforeValidator(_switch)]


# The part before @ has 64 signs at most; the token and its + take 25.
MOST_BEFORE_TOKEN = 64 - 25


def _cosigner(vkey: str) -> bool:
    """``name+id+key``: an Ed25519 key for cosignatures, of which the id is the beginning of a hash (C2SP)."""
    name, _, rest = vkey.partition("+")
    number, _, key = rest.partition("+")
    try:
        public = b64decode(key, validate=True)
    except ValueError:
        return False
    expected = sha256(name.encode() + b"\n" + public).hexdigest()[:8]
    return bool(name) and number == expected and len(public) == 33 and public[0] == 4


def _webhook_secret(value: str) -> bool:
    try:
        return 24 <= len(b64decode(value.removeprefix("whsec_"), validate=True)) <= 64
    except ValueError:
        return False


class Settings(BaseSettings):
    """Every setting; the description of each is the sentence of ``.env.example``."""

    model_config = SettingsConfigDict(
        env_prefix="SIGNONS_", env_file=".env", frozen=True, extra="ignore", hide_input_in_errors=True
    )

    database_url: str = Field(
        "sqlite:///var/signons.db",
        description="Où sont les données : sqlite:///chemin ou postgresql://utilisateur:mot-de-passe@hôte/base ;"
        " plusieurs hôtes PostgreSQL s’écrivent hôte1:5432,hôte2:5432, et celui qui accepte les écritures est choisi"
        " (target_session_attrs=read-write, sans qu’il faille l’écrire).",
    )
    database_read_url: str = Field(
        "",
        description="Serveur PostgreSQL de secours où lire ce qui peut dater d’une seconde (accueil, recherche, listes,"
        " JSON, transparence), écrit de la même façon ; de plusieurs hôtes, le premier qui est un secours ; vide, ou"
        " quand il ne répond pas ou a plus de trois secondes de retard : la même base.",
    )
    redis_url: str = Field(
        "",
        description="Redis ou Valkey partagé entre plusieurs processus (redis://hôte:6379/0) ; vide : en mémoire.",
    )
    base_url: str = Field(
        "http://127.0.0.1:8000",
        description="Adresse publique du site, celle des liens envoyés par courriel ; https sauf en local.",
    )
    secret_key: str = Field(
        "",
        description="Secret des liens et des clés, 32 caractères au moins ; créé sous var/ si absent (adresse locale).",
    )
    master_key_file: str = Field(
        "",
        description="Fichier de la clé qui protège les clés des pétitions ; vide : clé dérivée de SIGNONS_SECRET_KEY.",
    )
    smtp_url: str = Field(
        "",
        description="Serveur d’envoi : smtp://hôte:25, smtp+starttls://…:587 ou smtps://…:465 ; vide : boîte locale.",
    )
    smtp_connections: Whole = Field(64, description="Connexions ouvertes à la fois vers ce serveur, par travailleur.")
    smtp_per_connection: Whole = Field(
        100, description="Courriels remis sur une connexion avant d’en ouvrir une autre."
    )
    smtp_mailings: Whole = Field(
        1,
        description="Courriels d’un envoi groupé (nouvelles, lettre) remis à la fois, par travailleur ; tué net, il"
        " peut en remettre autant deux fois.",
    )
    smtp_rate: OptionalRate = Field(
        "", description="Courriels remis au plus, par travailleur : 30/minute;500/hour ; vide : sans limite."
    )
    mail_from: str = Field(
        "ne-pas-repondre@signons.invalid",
        description="Expéditeur des courriels, « Nom <adresse> » ; sans nom, c’est celui de la plateforme.",
    )
    dkim_key_file: str = Field(
        "",
        description="Fichier de la clé privée (PEM : RSA de 2048 bits au moins, ou Ed25519) qui signe chaque courriel"
        " du domaine de l’expéditeur (DKIM) ; vide : c’est au relais de signer.",
    )
    dkim_selector: str = Field(
        "signons", description="Nom de cette clé dans la zone du domaine : « signons » pour signons._domainkey."
    )
    bounce_address: str = Field(
        "",
        description="Adresse où reviennent les courriels non remis, du domaine de l’expéditeur ; retours@exemple.fr"
        " reçoit retours+<jeton>@exemple.fr ; vide : les adresses mortes ne sont reconnues qu’à l’envoi.",
    )
    bounce_imap_url: str = Field(
        "",
        description="Sa boîte, réservée à cela (ce qui y est lu y est effacé) :"
        " imaps://utilisateur:mot-de-passe@hôte/INBOX ; vide : « signons bounces read » reçoit chaque message.",
    )
    bounce_webhook_secret: str = Field(
        "",
        description="Secret des retours que le service d’envoi poste à /retours/courriel (Standard Webhooks, whsec_…) ;"
        " vide : cette adresse n’existe pas.",
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Adresses ou réseaux, séparés par des virgules, dont l’en-tête X-Forwarded-For est cru.",
    )
    rate_sign: Rate = Field("5/minute;30/hour", description="Signatures acceptées d’une même adresse réseau.")
    rate_post: Rate = Field(
        "30/minute", description="Autres envois acceptés d’une même adresse réseau, par formulaire."
    )
    rate_login: Rate = Field("10/minute;50/hour", description="Essais de connexion acceptés d’une même adresse réseau.")
    pace_network: Whole = Field(
        60,
        description="Signatures en dix minutes d’un même réseau (256 adresses IPv4, un /48 IPv6) au-delà desquelles"
        " un calcul est demandé au navigateur.",
    )
    pace_site: Whole = Field(
        3000,
        description="Les mêmes pour toute l’instance, par processus : au-delà, le calcul est demandé à chacun.",
    )
    live_each: Whole = Field(
        300,
        description="Pages suivies en direct à la fois depuis une même adresse réseau (une école n’en a qu’une).",
    )
    people_per_address: People = Field(
        1, description="Personnes qui peuvent signer une pétition avec la même adresse électronique : 1 ou 2."
    )
    launch: Annotated[Literal["open", "invited", "closed"], BeforeValidator(_launch)] = Field(
        "open",
        description="Qui peut lancer une pétition : open (tout le monde), invited (les adresses invitées par"
        " l’administration) ou closed (l’équipe seule).",
    )
    register_witnesses: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Témoins dont les cosignatures du registre sont acceptées : leurs clés publiques (vkey), séparées"
        " par des points-virgules ; « signons register watch --cosign » imprime la sienne.",
    )
    hsts_subdomains: Switch = Field(
        False, description="Exiger https de tous les sous-domaines aussi (Strict-Transport-Security) : true ou false."
    )
    metrics_token: str = Field(
        "", description="Jeton à présenter pour lire /metrics (Authorization: Bearer) ; vide : cette machine seulement."
    )
    var_dir: str = Field("var", description="Dossier des fichiers de l’instance (secrets créés, exports, images).")
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_level)] = Field(
        "INFO", description="Détail des journaux : DEBUG, INFO, WARNING ou ERROR."
    )
    site_name: str = Field("Signons", description="Nom affiché de la plateforme.")
    publisher_name: str = Field(
        "", description="Éditeur du site : nom de la personne ou raison sociale (mentions légales)."
    )
    publisher_address: str = Field("", description="Adresse postale de l’éditeur.")
    publisher_phone: str = Field("", description="Téléphone de l’éditeur.")
    publisher_registration: str = Field("", description="Numéro RNA, SIREN ou équivalent de l’éditeur, s’il existe.")
    publication_director: str = Field("", description="Directeur ou directrice de la publication.")
    host_name: str = Field("", description="Hébergeur : nom.")
    host_address: str = Field("", description="Hébergeur : adresse postale.")
    host_phone: str = Field("", description="Hébergeur : téléphone.")
    contact_email: str = Field("", description="Adresse de contact publiée.")
    dpo_name: str = Field("", description="Délégué à la protection des données, ou contact en tenant lieu.")
    dpo_email: str = Field("", description="Adresse de ce contact.")

    @model_validator(mode="before")
    @classmethod
    def _split_lists(cls, data: Any) -> Any:
        proxies = data.get("trusted_proxies")
        if isinstance(proxies, str):
            data["trusted_proxies"] = tuple(part for part in re.split(r"[\s,]+", proxies) if part)
        witnesses = data.get("register_witnesses")
        if isinstance(witnesses, str):
            data["register_witnesses"] = tuple(part for part in re.split(r"[\s;]+", witnesses) if part)
        # The same protocol; the libraries know it by its first name only.
        data["redis_url"] = re.sub(r"^valkey", "redis", data.get("redis_url") or "")
        return data

    @model_validator(mode="after")
    def _check(self) -> "Settings":
        base = _url("base_url", self.base_url)
        if base.scheme not in {"http", "https"} or not base.hostname or base.path.strip("/") or "@" in base.netloc:
            raise ValueError("SIGNONS_BASE_URL : une adresse comme https://petitions.exemple.fr, sans chemin")
        try:
            _ = self.origin
        except idna.IDNAError:
            raise ValueError("SIGNONS_BASE_URL : nom de site illisible") from None
        if base.scheme == "http" and not self.is_local:
            raise ValueError("SIGNONS_BASE_URL : https est obligatoire hors de cette machine")
        self._check_databases()
        if self.redis_url and not re.match(r"rediss?://[^/]", self.redis_url):
            raise ValueError("SIGNONS_REDIS_URL : redis://hôte:port/numéro attendu")
        if self.smtp_url and not re.match(r"(smtp|smtps|smtp\+starttls)://[^/]+", self.smtp_url):
            raise ValueError("SIGNONS_SMTP_URL : smtp://, smtp+starttls:// ou smtps:// attendu")
        if self.bounce_imap_url and not re.match(r"imap(s|\+starttls)?://[^/]+@[^/]+(/|$)", self.bounce_imap_url):
            raise ValueError("SIGNONS_BOUNCE_IMAP_URL : imaps:// ou imap+starttls://utilisateur:mot-de-passe@… attendu")
        for name in ("redis_url", "smtp_url", "bounce_imap_url"):
            _url(name, getattr(self, name))
        self._check_bounces()
        try:
            sender = sender_of(self.mail_from)
        except ValueError as error:
            raise ValueError(f"SIGNONS_MAIL_FROM : {error}") from None
        if self.smtp_url and not self.is_local and sender.address.endswith(".invalid"):
            raise ValueError("SIGNONS_MAIL_FROM : obligatoire pour que des courriels partent, « Nom <adresse> »")
        if not re.fullmatch(
            r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", self.dkim_selector
        ):
            raise ValueError("SIGNONS_DKIM_SELECTOR : un nom comme signons ou mail.2026, en minuscules")
        for proxy in self.trusted_proxies:
            try:
                ip_network(proxy, strict=False)
            except ValueError:
                raise ValueError(f"SIGNONS_TRUSTED_PROXIES : « {proxy} » n’est ni une adresse ni un réseau") from None
        for witness in self.register_witnesses:
            if not _cosigner(witness):
                raise ValueError(
                    f"SIGNONS_REGISTER_WITNESSES : « {witness} » n’est pas la clé d’un témoin (nom+identifiant+clé)"
                )
        if self.metrics_token and len(self.metrics_token) < 16:
            raise ValueError("SIGNONS_METRICS_TOKEN : 16 caractères au moins")
        if self.secret_key and len(self.secret_key) < 32:
            raise ValueError("SIGNONS_SECRET_KEY : 32 caractères au moins")
        if not self.is_local:
            if not self.secret_key:
                raise ValueError("SIGNONS_SECRET_KEY : obligatoire quand SIGNONS_BASE_URL n’est pas locale")
            for name in ("publisher_name", "publisher_address", "host_name", "host_address", "contact_email"):
                if not getattr(self, name):
                    raise ValueError(
                        f"SIGNONS_{name.upper()} : obligatoire quand SIGNONS_BASE_URL n’est pas locale"
                        " (mentions légales)"
                    )
        return self

    def _check_databases(self) -> None:
        if not re.match(r"sqlite:///.|postgresql(\+psycopg)?://.", self.database_url):
            raise ValueError("SIGNONS_DATABASE_URL : sqlite:///chemin ou postgresql://… attendu")
        if self.database_read_url and self.is_sqlite:
            raise ValueError("SIGNONS_DATABASE_READ_URL : pour PostgreSQL seulement ; SQLite n’a pas de secours")
        if self.database_read_url and not re.match(r"postgresql(\+psycopg)?://.", self.database_read_url):
            raise ValueError("SIGNONS_DATABASE_READ_URL : postgresql://… attendu")
        for name, url, check in (
            ("DATABASE_URL", self.database_url, conninfo.check_writes),
            ("DATABASE_READ_URL", self.database_read_url, conninfo.parts),
        ):
            try:
                if url.startswith("postgresql"):
                    check(url)
            except ValueError as error:
                raise ValueError(f"SIGNONS_{name} : {error}") from None

    def _check_bounces(self) -> None:
        if self.bounce_address:
            try:
                name, address = sender_of(self.bounce_address)
            except ValueError:
                name, address = "-", ""
            if (
                name
                or not 0 < address.find("@") <= MOST_BEFORE_TOKEN
                or "+" in address
                or address != self.bounce_address
            ):
                raise ValueError(
                    "SIGNONS_BOUNCE_ADDRESS : une adresse comme retours@exemple.fr, sans nom ni « + »,"
                    f" {MOST_BEFORE_TOKEN} signes au plus avant son @"
                )
        imap = urlsplit(self.bounce_imap_url)
        if self.bounce_imap_url and not self.bounce_address:
            raise ValueError("SIGNONS_BOUNCE_IMAP_URL : réglez aussi SIGNONS_BOUNCE_ADDRESS, l’adresse de cette boîte")
        if imap.scheme == "imap" and imap.hostname not in LOCAL_HOSTS:
            raise ValueError("SIGNONS_BOUNCE_IMAP_URL : imap:// sur cette machine seulement ; ailleurs imaps://")
        if not unquote(imap.path).isascii() or set(unquote(imap.path)) & set('"\\\r\n'):
            raise ValueError("SIGNONS_BOUNCE_IMAP_URL : le nom du dossier s’écrit en ASCII")
        if self.bounce_webhook_secret and not _webhook_secret(self.bounce_webhook_secret):
            raise ValueError("SIGNONS_BOUNCE_WEBHOOK_SECRET : whsec_ puis 24 à 64 octets en base64")

    @property
    def is_local(self) -> bool:
        """True when the site is served to this machine only (demo, development)."""
        return urlsplit(self.base_url).hostname in LOCAL_HOSTS

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def hsts(self) -> str:
        """Strict-Transport-Security of this site; "" where it is not served in https."""
        subdomains = "; includeSubDomains" if self.hsts_subdomains else ""
        return f"max-age=31536000{subdomains}" if self.base_url.startswith("https") else ""

    @property
    def origin(self) -> str:
        """BASE_URL without a trailing slash, its host as browsers and mails write it."""
        return origin_of(self.base_url)

    @property
    def sender(self) -> From:
        """Whom mails are from."""
        name, address = sender_of(self.mail_from)
        return From(name or self.site_name, address)

    @property
    def var(self) -> Path:
        return Path(self.var_dir)

    @cached_property
    def secret(self) -> bytes:
        """SECRET_KEY, or the one generated once and kept under ``var/`` (local only)."""
        if self.secret_key:
            return self.secret_key.encode()
        path = self.var / "secret.key"
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Whole or not at all, and once: processes that start together read the same one.
            with NamedTemporaryFile("w", dir=path.parent, prefix=".secret-") as file:  # created 0600
                file.write(secrets.token_urlsafe(48))
                file.flush()
                with suppress(FileExistsError):
                    path.hardlink_to(file.name)
        return path.read_text().strip().encode()


# A network of containers tells its programs of each other, in variables that may begin with our name.
_OF_THE_NETWORK = re.compile(r"_SERVICE_(HOST|PORT)|_PORT_\d+_(TCP|UDP)")
# What `serve` tells the processes that it starts.
_KNOWN = {"SIGNONS_SERVE_WORKER", *(f"SIGNONS_{name.upper()}" for name in Settings.model_fields)}


def _check_names() -> None:
    """A setting with a slip in its name is told, not passed over. Raises SettingsError."""
    for name, value in {**dotenv_values(".env"), **os.environ}.items():
        of_the_network = _OF_THE_NETWORK.search(name) or str(value).startswith(("tcp://", "udp://"))
        if name.upper().startswith("SIGNONS_") and name.upper() not in _KNOWN and not of_the_network:
            near = get_close_matches(name.upper(), sorted(_KNOWN), 1, 0.75)
            hint = f"vouliez-vous {near[0]} ?" if near else "la liste est dans .env.example."
            raise SettingsError(f"{name} : ce réglage n’existe pas ; {hint}")


def load_settings(**overrides: Any) -> Settings:
    """Read the environment; *overrides* win over it.

    Raises SettingsError, one sentence that names the variable.
    """
    _check_names()
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        message = str(first["msg"]).removeprefix("Value error, ")
        if first["loc"]:
            message = f"SIGNONS_{str(first['loc'][0]).upper()} : {message}"
        raise SettingsError(message) from None
