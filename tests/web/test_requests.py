"""What arrives broken, too long or in another shape is answered, never swallowed."""

from collections.abc import Iterator

import httpx2
import pytest

from tests.site import FORM, Site

pytestmark = pytest.mark.databases("sqlite")

FORM_TYPE = {"content-type": "application/x-www-form-urlencoded"}


def post_raw(
    site: Site, slug: str, content: bytes | Iterator[bytes], kind: str = FORM_TYPE["content-type"]
) -> httpx2.Response:
    return site.client.post(f"/petitions/{slug}/signatures", content=content, headers={"content-type": kind})


def test_nul_bytes_and_broken_encodings_are_a_bad_request(site: Site) -> None:
    slug = site.publish()
    for body in (
        b"given_name=Ma%00rie",
        b"%00=x",
        b"given_name=Ma\x00rie",
        b"given_name=%FF%FE",
        b"given_name=%C3",
        b"given_name=%ED%A0%80",  # half a surrogate pair
        "given_name=Zoé".encode(),  # not percent-encoded
        b"given_name=\xe9",
        b"&".join(b"a%d=1" % n for n in range(300)),
    ):
        response = post_raw(site, slug, body)
        assert response.status_code == 400, body[:40]
        assert "caractères illisibles" in response.text
    assert site.signatures() == []


def test_broken_addresses_are_a_bad_request(site: Site) -> None:
    for path in ("/?q=%ff", "/?q=a%00b", "/petitions/%ff", "/petitions/a%00b", "/?q=%C3", "/en/?q=%ff"):
        assert site.client.get(path).status_code == 400, path


def test_a_body_that_is_too_long_is_refused_by_what_it_announces(site: Site) -> None:
    slug = site.publish()
    response = post_raw(site, slug, b"comment=" + b"a" * 70_000)
    assert response.status_code == 413
    assert "trop long" in response.text


def test_a_body_that_is_too_long_is_refused_even_unannounced(site: Site) -> None:
    slug = site.publish()
    response = post_raw(site, slug, (b"a" * 10_000 for _ in range(10)))
    assert "content-length" not in response.request.headers
    assert response.status_code == 413


def test_neither_on_an_ordinary_address(site: Site) -> None:
    response = site.client.post("/mes-signatures", content=(b"a" * 10_000 for _ in range(10)), headers=FORM_TYPE)
    assert "content-length" not in response.request.headers
    assert response.status_code == 413
    assert "trop long" in response.text


def test_a_body_just_under_the_limit_is_read(site: Site) -> None:
    slug = site.publish()
    assert post_raw(site, slug, b"comment=" + b"a" * 60_000).status_code == 422


def test_an_unreadable_length_is_a_bad_request(site: Site) -> None:
    slug = site.publish()
    headers = FORM_TYPE | {"content-length": "-1"}
    assert site.client.post(f"/petitions/{slug}/signatures", content=b"a=b", headers=headers).status_code == 400


def test_another_format_is_named_politely(site: Site) -> None:
    slug = site.publish()
    for kind in ("application/json", "multipart/form-data; boundary=x", "text/plain"):
        response = post_raw(site, slug, b"{}", kind)
        assert response.status_code == 415, kind
        assert "Format inattendu" in response.text
    upper = "Application/X-WWW-Form-Urlencoded; charset=UTF-8"
    assert post_raw(site, slug, b"given_name=Marie", upper).status_code == 422


def test_an_empty_form_is_a_form_to_correct(site: Site) -> None:
    slug = site.publish()
    assert site.client.post(f"/petitions/{slug}/signatures").status_code == 422


def test_the_last_of_repeated_fields_counts(site: Site) -> None:
    slug = site.publish()
    body = str(httpx2.QueryParams([("given_name", ""), *FORM.items()])).encode()
    assert post_raw(site, slug, body).status_code == 303


def test_the_host_header_is_never_believed(site: Site) -> None:
    slug = site.publish()
    headers = {"host": "ailleurs.example", "x-forwarded-host": "ailleurs.example"}
    response = site.client.post(f"/petitions/{slug}/signatures", data=FORM, headers=headers)
    assert response.headers["location"] == f"/petitions/{slug}/verifier"
    assert site.client.get(f"/petitions/{slug}", headers=headers).status_code == 200
    mail = site.mails()[-1]
    assert "ailleurs.example" not in mail.message.as_string()
    assert f"{site.settings.origin}/confirmer/" in mail.text
    assert "ailleurs.example" not in site.client.get(f"/petitions/{slug}").text


def test_unknown_addresses_and_gestures_have_a_page_in_both_languages(site: Site) -> None:
    for path, language in (("/inconnu", "fr"), ("/en/inconnu", "en")):
        response = site.client.get(path)
        assert response.status_code == 404
        assert f'<html lang="{language}">' in response.text
        assert "<h1>" in response.text
    assert site.client.delete("/").status_code == 405
    assert site.client.get("/english").status_code == 404
