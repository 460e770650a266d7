"""A receipt is taken where one signs and where one withdraws, and checked in a browser that is cut off."""

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from app.register import receipts, verifier
from app.register.receipts import Flaw
from tests.journeys.people import Demo, People, confirm, sign
from tests.register.test_receipts import ADDRESSES, EMAIL, WHOLE, WRONG, made
from tests.services import wait_for


def taken(page: Page, link: str, tmp_path: Path) -> Path:
    offered = page.get_by_role("link", name=link)
    address = str(offered.get_attribute("href"))
    wait_for(lambda: page.request.get(address).ok, "the register has its line", 20)
    with page.expect_download() as download:
        offered.click()
    assert download.value.suggested_filename.endswith(".txt")
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    return path


def verifying(people: People, demo: Demo, key: str = "") -> Page:
    """The page that checks, in a browser that is cut off once it is there."""
    page = people.arrive()
    page.goto("/registre/verifier", wait_until="networkidle")
    page.context.set_offline(True)
    if key:  # another site's page
        page.evaluate("key => document.querySelector('[data-keys]').dataset.keys = key", key)
    return page


def checked(page: Page, receipt: Path | str, email: str) -> Locator:
    result, pasted = page.locator("[data-result]"), page.get_by_label("ou son texte")
    page.get_by_label("L’adresse avec laquelle").fill(email)
    if isinstance(receipt, Path):
        pasted.fill("")  # what was there is no sign of what comes
        page.get_by_label("Le fichier du reçu").set_input_files(receipt)
        expect(pasted).not_to_have_value("")
    else:
        pasted.fill(receipt)
    result.evaluate("node => node.replaceChildren()")  # the sentence of before is not this one's
    page.get_by_role("button", name="Vérifier").click()
    expect(result).not_to_be_empty()
    return result


def test_sign_take_the_receipt_check_it_offline_withdraw_check_that_too(
    people: People, demo: Demo, tmp_path: Path
) -> None:
    petition, email = demo.petition("nuit"), "Temoin.De.Soi@exemple.test"
    page = people.arrive()
    sign(page, petition, email)
    confirm(page, email.lower())
    receipt = taken(page, "Télécharger votre reçu", tmp_path)
    page.get_by_role("link", name="Retirer cette signature").click()
    page.get_by_role("button", name="Retirer ma signature").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("C’est retiré")
    withdrawn = taken(page, "Télécharger le reçu du retrait", tmp_path)

    alone = verifying(people, demo)
    result = checked(alone, receipt, email.lower())
    expect(result).to_contain_text("Ce reçu est vrai.")
    expect(result).to_contain_text("votre signature, comptée")
    expect(result).to_be_focused()
    expect(checked(alone, withdrawn, email)).to_contain_text("votre signature, retirée")
    expect(checked(alone, receipt, "autre@exemple.test")).to_contain_text("n’est pas celui de cette adresse")
    expect(checked(alone, "", "")).to_contain_text("Choisissez le fichier")
    key = alone.locator("[data-keys]").get_attribute("data-keys") or ""
    for path in (receipt, withdrawn):
        assert "temoin" not in path.read_text().casefold()  # it names nobody
        done = subprocess.run(
            [sys.executable, "-I", verifier.__file__, str(path), key],
            input=f"{email}\n", capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "Ce reçu est vrai" in demo.command("register", "verify", str(path), "--email", email, "--key", key)


def test_what_does_not_hold_has_its_sentence(people: People, demo: Demo) -> None:
    """The same cases as the command and the script have."""
    proven = receipts.check(WHOLE, EMAIL)
    page = verifying(people, demo, str(proven.receipt.key))
    expect(checked(page, WHOLE, "mariedurand@googlemail.com")).to_contain_text("Ce reçu est vrai.")
    said = {
        name: (flaw, checked(page, text, EMAIL).inner_text().replace("\u202f", " "))
        for name, (text, flaw) in WRONG.items()
    }
    assert {name: sentence for name, (_, sentence) in said.items()} == {
        name: receipts.SENTENCES[flaw] for name, (flaw, _) in said.items()
    }
    expect(checked(page, WHOLE, "marie@exemple.fr")).to_contain_text(receipts.SENTENCES[Flaw.ADDRESS][:40])
    # Addresses are written as we write them.
    for nth, address in enumerate(ADDRESSES):
        result = checked(page, made(email=address, size=40, at=nth), address)
        expect(result, address).to_contain_text("Ce reçu est vrai.")
        expect(result).to_contain_text(f"{nth + 1} sur 40")


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_without_javascript_the_page_says_how_else(people: People, prefix: str) -> None:
    page = people.arrive(javascript=False)
    page.goto(f"{prefix}/registre/verifier")
    expect(page.locator("[data-keys]")).to_be_hidden()
    expect(page.locator("noscript .notice")).to_be_visible()
    expect(page.locator("pre").first).to_contain_text("python3 verifier.py")
