"""Nothing personal reaches the logs: canaries are fed through every form and every kind of route."""

import os
import re
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import httpx2

from tests.services import serve

CANARIES = (
    "canarilogue@exemple.test",
    "Canariprenom",
    "Canarinom",
    "Canaricommentaire",
    "Canarimotdepasse",
    "Canarirecherche",
)


def test_canaries_are_in_no_log(tmp_path: Path) -> None:
    env = {
        "SIGNONS_DATABASE_URL": f"sqlite:///{tmp_path}/signons.db",
        "SIGNONS_VAR_DIR": str(tmp_path),
        "SIGNONS_LOG_LEVEL": "DEBUG",
        "SIGNONS_RATE_SIGN": "1000/minute",
    }
    source = tmp_path / "essai.md"
    source.write_text(
        '---\ntitle: "Une pétition d’essai"\nauthor: "A"\nrecipients: [{name: B, role: C}]\ngoal: 10\n'
        'theme: "Essai"\n---\n\nUn texte assez long pour être accepté par le lecteur de fichiers, voilà.\n'
    )
    with serve(env) as web:
        with httpx2.Client(base_url=web.url) as client:
            slug = _publish(env, source)
            form = {
                "given_name": "Canariprenom",
                "family_name": "Canarinom",
                "email": "canarilogue@exemple.test",
                "postal_code": "35000",
                "consent_signature": "on",
                "age_declared": "on",
                "comment": "Canaricommentaire",
            }
            assert client.post(f"/petitions/{slug}/signatures", data=form).status_code == 303
            assert client.post(f"/petitions/{slug}/signatures", data=form | {"postal_code": "x"}).status_code == 422
            tokens = _tokens(client)
            for path in tokens:
                client.get(path)
            client.post(tokens[0])
            client.get("/?q=Canarirecherche")
            client.post("/mes-signatures", data={"email": "canarilogue@exemple.test"})
            client.post(f"/petitions/{slug}/code", data={"email": "canarilogue@exemple.test", "code": "12345678"})
            client.post("/connexion", data={"email": "canarilogue@exemple.test", "password": "Canarimotdepasse"})
            client.get("/confirmer/Canarinom")
            with closing(sqlite3.connect(tmp_path / "signons.db", isolation_level=None)) as database:
                database.execute("UPDATE signature SET family_name_sealed = x'00'")
                assert client.get(tokens[0]).status_code == 500
                database.execute("DROP TABLE consent_text")
            time.sleep(1.1)  # what signing needs to know is read once a second
            broken = client.post(f"/petitions/{slug}/signatures", data=form)
            # SQLite says of a missing table what it says of a missing file: the database is not there.
            assert broken.status_code == 503
            assert "Canari" not in broken.text
            assert "Traceback" not in broken.text
            assert client.get(f"/petitions/{slug}?x=1").status_code == 503
        logs = web.log.read_text()
    assert '"status": 303' in logs
    assert '"frames"' in logs
    assert [canary for canary in CANARIES if canary in logs] == []
    secrets = [path.rsplit("/", 1)[1] for path in tokens]
    assert [secret for secret in secrets if secret in logs] == []


def _publish(env: dict[str, str], source: Path) -> str:
    command = [".venv/bin/signons", "petition", "import", str(source), "--publish"]
    told = subprocess.run(command, env=os.environ | env, capture_output=True, text=True, check=True)
    return told.stdout.strip().rsplit("/", 1)[1]


def _tokens(client: httpx2.Client) -> list[str]:
    """The links of the first caught mail, once the worker has sent it."""
    for _ in range(200):
        found = re.search(r"/boite-locale/\d+", client.get("/boite-locale").text)
        if found:
            text = client.get(found[0]).text
            return re.findall(r"/(?:confirmer|pas-moi)/[\w-]+", text)
        time.sleep(0.05)
    raise AssertionError("no mail came")
