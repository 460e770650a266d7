"""A wrong setting stops the start with one sentence that names it; `.env.example` is the Settings class.

`python -m tests.test_settings > .env.example` writes the file anew.
"""

import re
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from app import conninfo
from app.errors import SettingsError
from app.settings import Settings, load_settings
from app.templating import ROOT
from app.vault import open_vault

# What compose.yaml asks for, and the program does not know.
COMPOSE = """\
# Pour compose.yaml seulement, où ces deux-là sont obligatoires.

# Nom du site, celui de SIGNONS_BASE_URL, pour le certificat et le serveur d’entrée.
# SITE=

# Mot de passe de la base PostgreSQL, choisi une fois ; entre apostrophes, il peut contenir / # $ et des espaces.
# POSTGRES_PASSWORD=
"""
HEADING = """\
# Les réglages de Signons. Copiez ce fichier en .env et retirez le # des lignes que vous changez ;
# la valeur écrite est celle qui s’applique sans cela. L’environnement l’emporte sur ce fichier.
"""
PUBLIC = {
    "SIGNONS_BASE_URL": "https://petitions.exemple.fr",
    "SIGNONS_SECRET_KEY": "k" * 40,
    "SIGNONS_PUBLISHER_NAME": "Association",
    "SIGNONS_PUBLISHER_ADDRESS": "1 rue du Port, Brest",
    "SIGNONS_HOST_NAME": "Hébergeur",
    "SIGNONS_HOST_ADDRESS": "2 rue du Port, Brest",
    "SIGNONS_CONTACT_EMAIL": "contact@exemple.fr",
}
WRONG = [
    ("DATABASE_URL", "mysql://hote/base"),
    ("DATABASE_URL", "sqlite:///"),
    ("DATABASE_URL", "postgresql://u:p@hote:port/base"),
    ("DATABASE_URL", "postgresql://u:a/b@hote/base"),
    ("DATABASE_URL", "postgresql://u:12/34@hote/base"),
    ("DATABASE_URL", "postgresql://u:12#34@hote/base"),
    ("DATABASE_URL", "postgresql://u:a#b@hote/base"),
    ("DATABASE_URL", "postgresql://u:a@b@hote/base"),
    ("DATABASE_URL", "postgresql://u:12?b@hote/base"),
    ("DATABASE_URL", "postgresql://u@h1:5432,h2:port/base"),
    ("DATABASE_URL", "postgresql://u@h1,h2,h3:5432/base?port=1,2"),
    ("DATABASE_URL", "postgresql://u@h1/base?host=h1:5432&host=h2:5432"),
    ("DATABASE_URL", "postgresql://u@/base?host=h1:5432&host=h2:5432&port=5433"),
    ("DATABASE_URL", "postgresql://u@h1,h2/base?sslmode=require&sslmode=disable"),
    ("DATABASE_URL", "postgresql://u@h1,h2/base?target_session_attrs=any"),
    ("DATABASE_URL", "postgresql://u@h1,h2/base?target_session_attrs=standby"),
    ("DATABASE_URL", "postgresql://u@h1,h2/base?target_session_attrs=ecriture"),
    ("DATABASE_URL", "postgresql://u@h1,h2/base?connect_timeout=vite"),
    ("DATABASE_URL", "postgresql://u@h1,h2/base?hote=h3"),
    ("DATABASE_READ_URL", "sqlite:///var/lecture.db"),
    ("DATABASE_READ_URL", "postgresql://u@h2:port/base"),
    ("REDIS_URL", "redis://:12/34@hote:6379/0"),
    ("SMTP_URL", "smtp://u:12#34@hote"),
    ("REDIS_URL", "http://hote"),
    ("REDIS_URL", "redis://hote:port"),
    ("BASE_URL", "petitions.exemple.fr"),
    ("BASE_URL", "http://petitions.exemple.fr"),
    ("BASE_URL", "https://petitions.exemple.fr/sous/chemin"),
    ("BASE_URL", "https://[mauvais"),
    ("BASE_URL", "http://127.0.0.1:port"),
    ("SECRET_KEY", "trop-court"),
    ("METRICS_TOKEN", "trop-court"),
    ("REGISTER_WITNESSES", "temoin.exemple"),
    # Of the log itself, not of a witness; and one whose middle is not its own.
    ("REGISTER_WITNESSES", "petitions.exemple/registre+743c8189+AYMgpRl32MOMqKSSfGcN9YIeRJdhlF4V6e+yahUJ0jDq"),
    ("REGISTER_WITNESSES", "temoin.exemple/ligue+00000000+BEGt3DAeoorARMdMC9SzIUfnFgGOzWMCTs2ujZ3K2WOq"),
    ("HSTS_SUBDOMAINS", "peut-être"),
    ("SMTP_URL", "hote:25"),
    ("SMTP_URL", "smtp://"),
    ("SMTP_URL", "smtp://hote:port"),
    ("MAIL_FROM", "Signons"),
    ("MAIL_FROM", "Signons <ne pas repondre@exemple.fr>"),
    ("MAIL_FROM", "Signons <a@exemple.fr>\nBcc: b@exemple.fr"),
    ("MAIL_FROM", "Les Amis\nBcc: b@exemple.fr <a@exemple.fr>"),
    ("MAIL_FROM", "Signons <a@exemple.fr>, Autre <b@exemple.fr>"),
    ("MAIL_FROM", "a@exemple.fr, b@exemple.fr"),
    ("MAIL_FROM", "Signons <a@exemple.fr"),
    ("MAIL_FROM", "Signons a@exemple.fr"),
    ("MAIL_FROM", "Signons <>"),
    ("MAIL_FROM", "Signons <été@exemple.fr>"),
    ("MAIL_FROM", "Signons <a@exemple..fr>"),
    ("MAIL_FROM", "Signons <a@exem ple.fr>"),
    ("MAIL_FROM", "Signons <a@☃.é‍>"),
    ("MAIL_FROM", ""),
    ("DKIM_SELECTOR", "Signons"),
    ("DKIM_SELECTOR", "signons._domainkey"),
    ("DKIM_SELECTOR", ""),
    ("BOUNCE_ADDRESS", "Retours <retours@exemple.fr>"),
    ("BOUNCE_ADDRESS", "retours"),
    ("BOUNCE_ADDRESS", "retours+x@exemple.fr"),
    ("BOUNCE_ADDRESS", "r" * 40 + "@exemple.fr"),
    ("BOUNCE_ADDRESS", "été@exemple.fr"),
    ("BOUNCE_IMAP_URL", "imaps://retours:secret@imap.exemple.fr/INBOX"),
    ("BOUNCE_IMAP_URL", "imaps://imap.exemple.fr/INBOX"),
    ("BOUNCE_IMAP_URL", "pop://retours:secret@imap.exemple.fr"),
    ("BOUNCE_IMAP_URL", "imap://retours:secret@imap.exemple.fr/INBOX"),
    ("BOUNCE_IMAP_URL", "imaps://retours:a/b@imap.exemple.fr/INBOX"),
    ("BOUNCE_IMAP_URL", "imaps://retours:secret@imap.exemple.fr/Envoy%C3%A9s"),
    ("BOUNCE_WEBHOOK_SECRET", "trop court"),
    ("BOUNCE_WEBHOOK_SECRET", "whsec_" + "A" * 20),
    ("TRUSTED_PROXIES", "10.0.0.0/8, proxy"),
    ("RATE_SIGN", "beaucoup"),
    ("RATE_POST", ""),
    ("RATE_LOGIN", "5/siecle"),
    ("PEOPLE_PER_ADDRESS", "3"),
    ("PEOPLE_PER_ADDRESS", "deux"),
    ("LOG_LEVEL", "bavard"),
    ("LIVE_EACH", "beaucoup"),
    ("LIVE_EACH", "0"),
]


@pytest.fixture(autouse=True)
def _no_settings_of_whoever_runs_this(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"SIGNONS_{name.upper()}", raising=False)


def example() -> str:
    """What `.env.example` must say."""
    blocks = []
    for name, field in Settings.model_fields.items():
        default = ",".join(field.default) if isinstance(field.default, tuple) else str(field.default)
        quoted = f'"{default}"' if re.search(r"[\s;<>]", default) else default
        blocks.append(f"# {field.description}\n# SIGNONS_{name.upper()}={quoted}\n")
    return "\n".join([HEADING, *blocks, COMPOSE])


def test_env_example_has_every_setting_with_its_sentence_and_default() -> None:
    assert (ROOT / ".env.example").read_text() == example()


def test_every_setting_is_described_by_a_sentence() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name
        assert "\n" not in field.description, name


def test_env_example_read_as_it_is_gives_the_defaults(tmp_path: Path) -> None:
    uncommented = re.sub(r"^# (SIGNONS_)", r"\1", (ROOT / ".env.example").read_text(), flags=re.MULTILINE)
    (tmp_path / "all.env").write_text(uncommented)
    assert Settings(_env_file=tmp_path / "all.env") == Settings(_env_file=None)  # type: ignore[call-arg]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_wrong_setting_is_one_sentence_that_names_the_variable(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "BOUNCE_IMAP_URL" and "imaps://retours:secret@imap.exemple.fr/INBOX" not in value:
        monkeypatch.setenv("SIGNONS_BOUNCE_ADDRESS", "retours@exemple.fr")
    if name == "DATABASE_READ_URL":
        monkeypatch.setenv("SIGNONS_DATABASE_URL", "postgresql://u@h1/base")
    monkeypatch.setenv(f"SIGNONS_{name}", value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value).startswith(f"SIGNONS_{name} : ")
    assert "\n" not in str(caught.value)
    assert "Input should" not in str(caught.value)  # French, not pydantic's English


def test_a_database_to_read_is_for_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNONS_DATABASE_READ_URL", "postgresql://u@h2/base")
    with pytest.raises(SettingsError, match=r"^SIGNONS_DATABASE_READ_URL : pour PostgreSQL seulement"):
        load_settings()
    monkeypatch.setenv("SIGNONS_DATABASE_URL", "postgresql://u@h1,h2/base")
    load_settings()


TWO = {"host": "h1,h2", "port": "5432,5433", "user": "u", "password": "é@/", "dbname": "base"}


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("postgresql://u:%C3%A9%40%2F@h1:5432,h2:5433/base", TWO),  # libpq's
        ("postgresql+psycopg://u:%C3%A9%40%2F@/base?host=h1:5432&host=h2:5433", TWO),  # SQLAlchemy's
        ("postgresql://u:%C3%A9%40%2F@/base?host=h1,h2&port=5432,5433", TWO),  # both
        ("postgresql://u:%C3%A9%40%2F@h1,h2:5433/base", TWO),
        ("postgresql://u:%C3%A9%40%2F@/base?host=h1&host=h2:5433", TWO),
        ("postgresql://u@h1,h2/base", {"host": "h1,h2", "user": "u", "dbname": "base"}),
        ("postgresql://u@[::1]:1,[fe80::2]:2/b", {"host": "::1,fe80::2", "port": "1,2", "user": "u", "dbname": "b"}),
        ("postgresql://u@/b?host=[::1]:1&host=h:2", {"host": "::1,h", "port": "1,2", "user": "u", "dbname": "b"}),
        ("postgresql://u@/b?host=::1", {"host": "::1", "user": "u", "dbname": "b"}),
        ("postgresql://%2Frun%2Fpostgresql/b", {"host": "/run/postgresql", "dbname": "b"}),
        ("postgresql:///b?host=/run/postgresql&port=5433", {"host": "/run/postgresql", "port": "5433", "dbname": "b"}),
    ],
)
def test_hosts_are_read_alike_however_they_are_written(url: str, read: dict[str, str]) -> None:
    assert conninfo.parts(url) == read
    several = "," in read["host"]
    connected = conninfo.options(url, "essai")
    assert connected.get("target_session_attrs") == ("read-write" if several else None)
    assert connected["connect_timeout"] == (2 if several else 5)
    assert conninfo.options(url, "essai", reading=True).get("target_session_attrs") == ("standby" if several else None)
    hosts = list(conninfo.each_host(url, "essai"))
    assert [options["host"] for _, options in hosts] == read["host"].split(",")
    assert all(options["target_session_attrs"] == "any" for _, options in hosts)
    assert "," not in "".join(str(options.get("port")) for _, options in hosts)


def test_the_host_that_answered_is_asked_first_the_next_time() -> None:
    wanted = conninfo.options("postgresql://u@h1:1,h2:2,h3:3/base", "essai")
    assert conninfo.found_first(wanted, "h2", 2) == {"host": "h2,h3,h1", "port": "2,3,1"}
    assert conninfo.found_first(wanted, "ailleurs", 2) == {}
    assert conninfo.found_first(conninfo.options("postgresql://u@h1/base", "essai"), "h1", 5432) == {}


@pytest.mark.parametrize("missing", [name for name in PUBLIC if name != "SIGNONS_BASE_URL"])
def test_public_site_needs_its_secret_and_its_legal_particulars(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PUBLIC.items():
        monkeypatch.setenv(name, value)
    load_settings()
    monkeypatch.delenv(missing)
    with pytest.raises(SettingsError, match=f"^{missing} : "):
        load_settings()


def test_a_public_site_does_not_send_as_the_example(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PUBLIC.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SIGNONS_SMTP_URL", "smtp://hote")
    with pytest.raises(SettingsError, match=r"^SIGNONS_MAIL_FROM : "):
        load_settings()
    monkeypatch.setenv("SIGNONS_MAIL_FROM", "Pétitions <envoi@exemple.fr>")
    load_settings()


@pytest.mark.typed("SIGNONS_BASE_ULR", "le démarrage s’arrête et propose SIGNONS_BASE_URL")
@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("SIGNONS_BASE_ULR", "vouliez-vous SIGNONS_BASE_URL ?"),
        ("SIGNONS_SMTP", "vouliez-vous SIGNONS_SMTP_URL ?"),
        ("SIGNONS_EMAIL_FROM", "vouliez-vous SIGNONS_MAIL_FROM ?"),
        ("signons_secret_kez", "vouliez-vous SIGNONS_SECRET_KEY ?"),
        ("SIGNONS_XYZZY", "la liste est dans .env.example."),
        ("SIGNONS_", "la liste est dans .env.example."),
    ],
)
@pytest.mark.parametrize("where", ["environment", "file"])
def test_unknown_setting_stops_the_start_and_the_near_one_is_named(
    name: str, hint: str, where: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if where == "file":
        (tmp_path / ".env").write_text(f"{name}=valeur\n")
    else:
        monkeypatch.setenv(name, "valeur")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value) == f"{name} : ce réglage n’existe pas ; {hint}"


def test_what_a_network_of_containers_says_of_us_is_no_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {
        "SIGNONS_SERVICE_HOST": "10.0.0.1",
        "SIGNONS_SERVICE_PORT_HTTP": "8000",
        "SIGNONS_PORT": "tcp://10.0.0.1:8000",
        "SIGNONS_WEB_PORT_8000_TCP_ADDR": "10.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    (tmp_path / ".env").write_text("SITE=petitions.exemple.fr\nPOSTGRES_PASSWORD=secret\nSIGNONS_LOG_LEVEL=ERROR\n")
    assert load_settings().log_level == "ERROR"


def test_address_of_the_site_is_written_as_browsers_write_it() -> None:
    for url, origin in [
        ("https://Pétitions.fr/", "https://xn--ptitions-b1a.fr"),
        ("https://PETITIONS.fr:8443", "https://petitions.fr:8443"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ]:
        known = {name.removeprefix("SIGNONS_").lower(): value for name, value in PUBLIC.items()}
        assert Settings(_env_file=None, **(known | {"base_url": url})).origin == origin  # type: ignore[call-arg, arg-type]


def test_secret_never_appears_in_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNONS_SECRET_KEY", "petit-secret")
    monkeypatch.setenv("SIGNONS_DATABASE_URL", "postgresql://u:motdepasse@hote:port/base")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "petit-secret" not in str(caught.value)
    assert "motdepasse" not in str(caught.value)


def test_dotenv_file_is_read_and_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text('SIGNONS_SITE_NAME="Du fichier"\nSIGNONS_LOG_LEVEL=ERROR\n')
    monkeypatch.setenv("SIGNONS_SITE_NAME", "De l’environnement")
    settings = load_settings()
    assert (settings.site_name, settings.log_level) == ("De l’environnement", "ERROR")


def test_proxies_are_a_list_of_addresses_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNONS_TRUSTED_PROXIES", "10.0.0.0/8, 192.168.1.1,fd00::/8")
    assert load_settings().trusted_proxies == ("10.0.0.0/8", "192.168.1.1", "fd00::/8")


def test_local_secret_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    first = Settings(_env_file=None, var_dir=str(tmp_path / "var"))  # type: ignore[call-arg]
    second = Settings(_env_file=None, var_dir=str(tmp_path / "var"))  # type: ignore[call-arg]
    assert first.secret == second.secret
    assert len(first.secret) >= 43
    assert stat.S_IMODE((tmp_path / "var" / "secret.key").stat().st_mode) == 0o600


def test_processes_that_start_together_read_one_secret(tmp_path: Path) -> None:
    start = threading.Barrier(8)

    def secret(_: int) -> bytes:
        start.wait()
        return Settings(_env_file=None, var_dir=str(tmp_path)).secret  # type: ignore[call-arg]

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(secret, range(8)))
    assert len(found) == 1
    assert len(found.pop()) >= 43
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_valkey_is_redis_by_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNONS_REDIS_URL", "valkey://hote:6379/0")
    assert load_settings().redis_url == "redis://hote:6379/0"


@pytest.mark.parametrize("content", [None, "", "court\n"])
def test_missing_or_short_master_key_stops_the_start(content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    if content is not None:
        path.write_text(content)
    settings = Settings(_env_file=None, var_dir=str(tmp_path), master_key_file=str(path))  # type: ignore[call-arg]
    with pytest.raises(SettingsError, match=r"^SIGNONS_MASTER_KEY_FILE : "):
        open_vault(settings)


def test_settings_cannot_be_changed_while_running() -> None:
    settings: BaseSettings = Settings(_env_file=None)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="frozen"):
        settings.site_name = "Autre"  # type: ignore[attr-defined]


if __name__ == "__main__":
    print(example(), end="")
