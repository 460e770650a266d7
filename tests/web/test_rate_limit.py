"""Limits by the client's address, believed from trusted proxies only."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import httpx2
import pytest

from app.settings import Settings
from app.web import ratelimit
from tests.services import valkey
from tests.site import FORM, Site

pytestmark = pytest.mark.databases("sqlite")

PROXY = "192.0.2.10"


@contextmanager
def running(settings: Settings, address: str = "203.0.113.9", **changes: object) -> Iterator[Site]:
    site = Site(settings.model_copy(update={"rate_sign": "2/minute"} | changes))
    site.client = site.browser(client=(address, 50000))
    try:
        with site:
            yield site
    finally:
        ratelimit.configure(settings)


def sign(site: Site, slug: str, forwarded: str = "", email: str = "marie@exemple.test") -> httpx2.Response:
    headers = {"x-forwarded-for": forwarded} if forwarded else {}
    return site.client.post(f"/petitions/{slug}/signatures", data=FORM | {"email": email}, headers=headers)


def test_beyond_the_limit_a_friendly_page_says_to_wait(settings: Settings) -> None:
    with running(settings) as site:
        slug = site.publish()
        statuses = [sign(site, slug, email=f"{name}@exemple.test").status_code for name in "ab"]
        assert statuses == [303, 303]
        refused = sign(site, slug, email="c@exemple.test")
        assert refused.status_code == 429
        assert "Un instant, s’il vous plaît" in refused.text
        assert "Réessayez un peu plus tard" in refused.text
        assert 0 < int(refused.headers["retry-after"]) <= 60
        assert refused.headers["cache-control"] == "no-store"
        assert len(site.signatures()) == 2
        assert site.client.get(f"/petitions/{slug}").status_code == 200


def test_refused_forms_count_towards_the_limit(settings: Settings) -> None:
    with running(settings) as site:
        slug = site.publish()
        assert [sign(site, slug, email="faux").status_code for _ in range(3)] == [422, 422, 429]


def test_a_forwarded_address_is_not_believed_from_anybody(settings: Settings) -> None:
    with running(settings) as site:
        slug = site.publish()
        assert [sign(site, slug, f"198.51.100.{n}").status_code for n in range(3)] == [303, 303, 429]


def test_a_forwarded_address_is_not_believed_from_a_stranger_to_the_proxies(settings: Settings) -> None:
    with running(settings, "203.0.113.9", trusted_proxies=(PROXY,)) as site:
        slug = site.publish()
        assert [sign(site, slug, f"198.51.100.{n}").status_code for n in range(3)] == [303, 303, 429]


def test_behind_a_trusted_proxy_each_client_has_a_limit_of_its_own(settings: Settings) -> None:
    with running(settings, PROXY, trusted_proxies=("192.0.2.0/24",)) as site:
        slug = site.publish()
        assert [sign(site, slug, f"198.51.100.{n}").status_code for n in range(3)] == [303, 303, 303]
        assert [sign(site, slug, "198.51.100.1").status_code for _ in range(2)] == [303, 429]


def test_what_a_client_writes_before_its_proxy_changes_nothing(settings: Settings) -> None:
    with running(settings, PROXY, trusted_proxies=(PROXY,)) as site:
        slug = site.publish()
        chains = [f"10.0.0.{n}, 198.51.100.7" for n in range(3)]
        assert [sign(site, slug, chain).status_code for chain in chains] == [303, 303, 429]


def test_an_ipv6_customer_is_one_network(settings: Settings) -> None:
    with running(settings, PROXY, trusted_proxies=(PROXY,)) as site:
        slug = site.publish()
        same = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:2::3"]
        assert [sign(site, slug, address).status_code for address in same] == [303, 303, 429]
        assert sign(site, slug, "2001:db8:1:3::1").status_code == 303


def test_many_networks_of_one_ipv6_customer_count_together(settings: Settings) -> None:
    def tried(site: Site, slug: str, door: str, networks: Iterable[int]) -> list[int]:
        """Statuses of one post each from these /64 of 2001:db8:1::/48."""
        return [
            site.client.post(
                f"/petitions/{slug}/{door}",
                data=FORM | {"email": f"p{n}@exemple.test"},
                headers={"x-forwarded-for": f"2001:db8:1:{n:x}::1"},
            ).status_code
            for n in networks
        ]

    for door in ("signatures", "renvoi"):
        with running(settings, PROXY, trusted_proxies=(PROXY,), rate_post="2/minute") as site:
            slug = site.publish()
            # A /56 has room for four times as many as one customer, a /48 for sixteen times.
            assert tried(site, slug, door, range(9)) == [303] * 8 + [429], door
            beside = [256 * part + n for part in range(1, 4) for n in range(8)]
            assert tried(site, slug, door, [*beside, 256 * 5]) == [303] * 24 + [429], door
            # Nobody else is concerned.
            headers = {"x-forwarded-for": "2001:db8:2::1"}
            assert site.client.post(f"/petitions/{slug}/{door}", data=FORM, headers=headers).status_code == 303
            headers = {"x-forwarded-for": "198.51.100.1"}
            assert site.client.post(f"/petitions/{slug}/{door}", data=FORM, headers=headers).status_code == 303


def test_every_other_form_is_limited_too(settings: Settings) -> None:
    with running(settings, rate_post="2/minute", rate_login="2/minute") as site:
        slug = site.publish()
        site.sign(slug)
        link = site.mails()[-1].link("/confirmer/")
        for path in (f"/petitions/{slug}/renvoi", f"/petitions/{slug}/code", "/mes-signatures", link,
                     link.replace("confirmer", "pas-moi")):  # fmt: skip
            statuses = [site.client.post(path, data={"email": "x@exemple.test"}).status_code for _ in range(3)]
            assert statuses[2] == 429, path
            assert 429 not in statuses[:2], path


def test_several_processes_share_their_limits_and_outlive_the_one_who_remembers(settings: Settings) -> None:
    with (
        valkey() as server,
        running(settings, redis_url=server.url(), rate_post="2/minute") as one,
        running(settings, redis_url=server.url(), rate_post="2/minute") as two,
    ):
        slug = one.publish()
        assert [sign(site, slug).status_code for site in (one, two, one)] == [303, 303, 429]
        ask = {"email": "marie@exemple.test"}
        assert [site.client.post("/mes-signatures", data=ask).status_code for site in (one, two, two)] == [
            303,
            303,
            429,
        ]
        server.kill()
        assert [sign(one, slug).status_code for _ in range(3)] == [303, 303, 429]
        assert [one.client.post("/mes-signatures", data=ask).status_code for _ in range(3)] == [303, 303, 429]
