"""What `signons doctor` reads of the sender's domain, asked of a real name server, and what it says to publish."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.errors import SettingsError
from app.mail.dkim import Signer, signer_of
from app.operations import records
from app.operations.check import Check
from app.settings import Settings
from tests.conftest import settings_for
from tests.nameserver import NameServer, nameserver
from tests.services import free_port

HOME = "petitions.exemple.fr"
SPF = "v=spf1 include:relais.exemple.net ip4:198.51.100.0/24 ~all"
KEY = rsa.generate_private_key(65537, 2048)


@pytest.fixture
def dns() -> Iterator[NameServer]:
    with nameserver() as running:
        yield running


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    file = tmp_path / "dkim.pem"
    file.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    return settings_for(
        "sqlite:///x", tmp_path, mail_from=f"a@{HOME}", smtp_url="smtp://relais.exemple.net", dkim_key_file=str(file)
    )


@pytest.fixture
def signer(settings: Settings) -> Signer:
    found = signer_of(settings)
    assert found is not None
    return found


def published(signer: Signer) -> dict[str, list[str]]:
    return {
        HOME: ["google-site-verification=x", SPF],
        signer.name: [f"v=DKIM1; k=rsa; p={signer.public}"],
        f"_dmarc.{HOME}": ["v=DMARC1; p=quarantine; rua=mailto:dmarc@exemple.fr"],
    }


def looked_up(dns: NameServer, settings: Settings, signer: Signer | None) -> dict[str, Check]:
    return {found.name: found for found in records.looked_up(settings, signer, records.asking([dns.address]))}


def test_all_well(dns: NameServer, settings: Settings, signer: Signer) -> None:
    dns.records = published(signer)
    found = looked_up(dns, settings, signer)
    assert [(name, check.ok) for name, check in found.items()] == [("SPF", True), ("DKIM", True), ("DMARC", True)]
    assert SPF in found["SPF"].detail
    assert "p=quarantine" in found["DMARC"].detail
    assert all("publiez" not in check.detail and "\n" not in check.detail for check in found.values())


def test_what_is_not_published_is_said_as_it_is_to_be_written(
    dns: NameServer, settings: Settings, signer: Signer
) -> None:
    found = looked_up(dns, settings, signer)
    assert not any(check.ok for check in found.values())
    # Written down as it says, all is well.
    for check in found.values():
        said = re.search(r"publiez : (\S+) TXT (\".*\")", check.detail)
        assert said is not None, check
        dns.records[said[1]] = ["".join(said[2].strip('"').split('" "')).replace("include:…", "include:x.fr")]
    again = looked_up(dns, settings, signer)
    assert all(check.ok for check in again.values()), again


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([SPF, "v=spf1 -all"], "en publie 2"),
        (["v=spf1 include:relais.exemple.net"], "terminez-le par ~all"),
        (["v=spf1 include:relais.exemple.net ?all"], "« ?all » laisse n’importe qui"),
        (["v=spf1 +all"], "« +all » laisse n’importe qui"),
        (["v=spf1 ip4:198.51.100.300 -all"], "« ip4:198.51.100.300 » n’est pas lisible"),
        (["v=spf1 ip4:2001:db8::1 -all"], "« ip4:2001:db8::1 » n’est pas lisible"),
        (["v=spf1 inclure:relais.exemple.net -all"], "« inclure:relais.exemple.net » n’est pas lisible"),
        (["v=spf1 " + "include:a.fr " * 11 + "-all"], "plus de 10 recherches"),
        (["v=spf10 -all", "spf1"], "n’en publie pas"),
    ],
)
def test_spf_that_is_worth_nothing(dns: NameServer, texts: list[str], said: str) -> None:
    dns.records[HOME] = texts
    found = records.spf(HOME, records.asking([dns.address]))
    assert not found.ok
    assert said in found.detail


@pytest.mark.parametrize(
    "text",
    [
        "v=spf1 redirect=_spf.exemple.fr",
        "V=SPF1 A:mx.exemple.fr/24 MX//64 ptr exists:%{i}.x.fr -ALL exp=e.fr",
        "v=spf1 -all",
    ],
)
def test_spf_as_its_norm_has_it(dns: NameServer, text: str) -> None:
    dns.records[HOME] = [text]
    assert records.spf(HOME, records.asking([dns.address])).ok


def test_who_sends_directly_is_told_the_address_of_this_machine(dns: NameServer, settings: Settings) -> None:
    ask, own = records.asking([dns.address]), ["203.0.113.7", "2001:db8::7"]
    assert 'TXT "v=spf1 ip4:203.0.113.7 ip6:2001:db8::7 ~all"' in records.spf(HOME, ask, own).detail
    dns.records[HOME] = ["v=spf1 ip4:203.0.113.0/28 -all"]
    assert "ajoutez ip6:2001:db8::7" in records.spf(HOME, ask, own).detail
    assert records.spf(HOME, ask, own[:1]).ok
    assert records.sends_from(settings) == []  # a relay elsewhere: nobody here knows


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ("v=DKIM1; k=rsa; p=AAAA", "une autre clé"),
        ("v=DKIM1; k=rsa; p=", "une autre clé"),
        ("v=DKIM1; k=ed25519; p={}", "une autre clé"),
        ("v=DKIM1; t=y; p={}", "à l’essai"),
        ("v=DKIM1; h=sha1; p={}", "ne permet pas"),
        ("v=DKIM1; s=tlsrpt; p={}", "ne permet pas"),
    ],
)
def test_a_record_that_verifies_nothing_of_ours(dns: NameServer, signer: Signer, record: str, said: str) -> None:
    dns.records[signer.name] = [record.format(signer.public)]
    found = records.dkim(HOME, records.asking([dns.address]), signer)
    assert not found.ok
    assert said in found.detail
    assert signer.record in found.detail


def test_without_a_key_it_is_the_relay_that_signs(dns: NameServer) -> None:
    found = records.dkim(HOME, records.asking([dns.address]), None)
    assert found.ok
    assert "au relais de signer" in found.detail
    assert dns.asked == []


@pytest.mark.parametrize(
    ("name", "texts", "ok", "said"),
    [
        ("_dmarc.exemple.fr", ["v=DMARC1; p=reject; sp=none"], True, "sp=none"),
        ("_dmarc.exemple.fr", ["v=DMARC1;p=reject"], True, "p=reject"),
        (f"_dmarc.{HOME}", ["v=DMARC1; p=none", "v=DMARC1; p=reject"], False, "publie 2"),
        (f"_dmarc.{HOME}", ["v=DMARC1; rua=mailto:a@b.fr"], False, "ne dit pas quoi faire"),
        ("_dmarc.fr", ["v=DMARC1; p=reject"], False, "n’en publie pas"),
    ],
)
def test_dmarc_of_the_domain_or_of_the_one_above(
    dns: NameServer, name: str, texts: list[str], ok: bool, said: str
) -> None:
    dns.records[name] = texts
    found = records.dmarc(HOME, records.asking([dns.address]))
    assert (found.ok, said in found.detail) == (ok, True), found


@pytest.mark.parametrize("how", ["fails", "mute", "nobody"])
def test_where_no_resolver_answers_nothing_is_known_and_nothing_is_wrong(
    dns: NameServer, settings: Settings, signer: Signer, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "PATIENCE", 0.2)
    dns.fails, dns.mute = how == "fails", how == "mute"
    there = f"127.0.0.1:{free_port()}" if how == "nobody" else dns.address
    found = {each.name: each for each in records.looked_up(settings, signer, records.asking([there]))}
    assert all(check.ok and records.UNKNOWN in check.detail for check in found.values()), found
    assert signer.record in found["DKIM"].detail
    if how == "mute":  # nobody waits three times
        assert set(dns.asked) == {HOME}


@pytest.mark.parametrize("wrong", ["resolveur.exemple.fr", "9.9.9.9:port", ""])
def test_a_name_server_is_an_address(wrong: str) -> None:
    with pytest.raises(SettingsError, match=r"^--dns : "):
        records.asking([wrong])
