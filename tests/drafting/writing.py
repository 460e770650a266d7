"""A draft written through the browser, step by step."""

from typing import Any

from starlette.testclient import TestClient

STEPS: dict[str, dict[str, str]] = {
    "demande": {"title": "Un abri pour les vélos de la gare"},
    "destinataires": {
        "name-1": "Claire Vasseur",
        "role-1": "Maire de Montfleur",
        "name-2": "Jean Roux",
        "role-2": "Président de la région",
    },
    "histoire": {
        "text": "Chaque matin, cent vélos dorment sous la pluie devant la gare.\n\n## Nous\n\n1. **Un abri** couvert."
    },
    "sources": {"title-1": "Les vélos trempés", "publisher-1": "La Gazette", "date-1": "2026-02-03"},
    "reglages": {
        "author": "Collectif des pédales",
        "theme-4": "Transports",
        "goal": "2 000",
        "delivery_mode": "count",
    },
}


def begun(browser: TestClient, title: str = STEPS["demande"]["title"]) -> str:
    """A draft with a title; gives its address, ``/lancer/…``."""
    response = browser.post("/lancer", data={"title": title})
    assert response.status_code == 303, response.text
    return str(response.headers["location"]).rpartition("/")[0]


def saved(browser: TestClient, base: str, step: str, **changes: str) -> Any:
    """Post one step as its button does, from a window that saw no save of it; a change to "" leaves the field out."""
    typed = {"seen": "0", "go": "suite"} | STEPS[step] | changes
    return browser.post(f"{base}/{step}", data={name: value for name, value in typed.items() if value})


def written(browser: TestClient, **changes: dict[str, str]) -> str:
    """A draft that may be proposed; gives its address."""
    base = begun(browser)
    for step in list(STEPS)[1:]:
        assert saved(browser, base, step, **changes.get(step, {})).status_code == 303
    if "demande" in changes:
        assert saved(browser, base, "demande", seen="1", **changes["demande"]).status_code == 303
    return base


def proposed(browser: TestClient, **changes: dict[str, str]) -> str:
    """A petition that waits for a moderator; gives its slug. *browser* is an organiser's."""
    response = browser.post(f"{written(browser, **changes)}/proposer")
    assert response.status_code == 303, response.text
    return str(response.headers["location"]).rpartition("/")[2].partition("?")[0]
