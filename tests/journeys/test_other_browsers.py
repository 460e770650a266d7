"""A real browser that sends no Sec-Fetch: by plain http, on a name that is not this machine's."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.journeys.people import PERSON, Demo, confirm, fill, form_of, open_mail, sign_in
from tests.services import chromium

NAME = "petitions.exemple.test"


@pytest.fixture
def old(browser: Browser, demo: Demo) -> Iterator[tuple[Page, list[Request]]]:
    """A page, and every form that it posts."""
    found = chromium()
    rules = f"--host-resolver-rules=MAP {NAME} 127.0.0.1"
    running = browser.browser_type.launch(executable_path=found.path, args=[*(found.args or []), rules])
    page = running.new_page(base_url=demo.url.replace("127.0.0.1", NAME))
    page.set_default_timeout(15_000)
    # The mails say the site's own address: this reader comes by the other.
    page.route("http://127.0.0.1:*/**", lambda route: route.fulfill(
        status=302, headers={"location": route.request.url.replace("127.0.0.1", NAME)}
    ))  # fmt: skip
    posts: list[Request] = []
    page.on("request", lambda request: posts.append(request) if request.method == "POST" else None)
    yield page, posts
    running.close()


def _headers(posts: list[Request]) -> list[dict[str, str]]:
    return [request.all_headers() for request in posts]


def test_signing_and_one_s_signatures(old: tuple[Page, list[Request]], demo: Demo) -> None:
    page, posts = old
    petition, email = demo.petition("nuit"), "ancien@exemple.test"
    before = demo.count(petition)
    page.goto(petition)
    fill(form_of(page), email=email, **PERSON)
    form_of(page).get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Consultez votre boîte")
    confirm(page, email)
    assert demo.count(petition) == before + 1
    page.goto("/mes-signatures")
    page.get_by_label("Adresse e-mail").fill(email)
    page.get_by_role("button").last.click()
    open_mail(page, email, "/mes-signatures/")
    page.locator("main form button").first.click()
    expect(page).to_have_url(f"{demo.url.replace('127.0.0.1', NAME)}/mes-signatures/liste")
    sent = _headers(posts)
    assert len(sent) == 4
    for headers in sent:
        assert not any(name.startswith("sec-fetch") for name in headers)
        assert headers["origin"] == demo.url.replace("127.0.0.1", NAME)


def test_staff_signs_in(old: tuple[Page, list[Request]]) -> None:
    page, posts = old
    sign_in(page, "moderateur@demo.test")
    assert all("sec-fetch-site" not in headers for headers in _headers(posts))


@pytest.mark.typed(
    "une page dont l’adresse porte un jeton, dans un navigateur ancien", "le jeton ne part vers aucun autre site"
)
def test_a_token_goes_to_no_other_site(old: tuple[Page, list[Request]], demo: Demo) -> None:
    """The page of a link, followed elsewhere: the other site is not told where its reader comes from."""
    page, _ = old
    elsewhere: list[Request] = []
    page.on("request", lambda request: elsewhere.append(request) if "//ailleurs" in request.url else None)
    page.route("http://ailleurs.exemple.test/**", lambda route: route.fulfill(body="ailleurs"))
    petition, email = demo.petition("nuit"), "ailleurs@exemple.test"
    page.goto(petition)
    fill(form_of(page), email=email, **PERSON)
    form_of(page).get_by_role("button").click()
    page.wait_for_url("**/verifier")
    open_mail(page, email, "/confirmer/")
    with page.expect_navigation(url="http://ailleurs.exemple.test/page"):
        page.evaluate("""() => {
            const link = document.createElement("a");
            link.href = "http://ailleurs.exemple.test/page";
            document.body.append(link);
            link.click();
        }""")
    expect(page.locator("body")).to_have_text("ailleurs")
    (request,) = elsewhere
    assert "referer" not in request.all_headers()
