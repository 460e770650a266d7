"""Signatures that exist before a measurement: through the verbs, or in bulk."""

import io
import uuid
from collections.abc import Iterator
from datetime import timedelta

import psycopg

from app import clock, crypto
from app.comments.actions import receive_drafts
from app.petitions import keys as petition_keys
from app.petitions import queries as petition_queries
from app.signatures import actions, links
from app.signatures.forms import SignForm
from app.signatures.public import seal_field
from tests.bench.stage import Stage

GROUP = 64


def pending(stage: Stage, n: int, start: int = 0) -> list[str]:
    """*n* people who have signed; gives the paths of their links."""
    paths: list[str] = []
    with stage.database.read() as session:
        signing = actions.signing_of(session, stage.petition(session))
    for first in range(start, start + n, GROUP):
        size = min(GROUP, start + n - first)
        with stage.database.write() as session:
            actions.sign_group(session, [_request(stage, signing, first + i) for i in range(size)])
    expires = clock.now() + links.CONFIRM_FOR
    with stage.database.read() as session:
        for signature_id, form in session.execute(_pending(stage.petition_id)):
            token = links.make(stage.vault, "confirm", stage.petition_id, signature_id, expires, form)
            paths.append(f"/confirmer/{token}")
    return paths


def _request(stage: Stage, signing: actions.Signing, n: int) -> actions.SignRequest:
    form = SignForm.model_validate(
        {
            "given_name": "Marie-Thérèse", "family_name": "Lefèvre", "email": f"avant{n}@exemple.test",
            "postal_code": "35000", "display": "initial", "consent_signature": "on", "age_declared": "on",
        }
    )  # fmt: skip
    return actions.SignRequest(signing, form, "fr", stage.settings.origin)


def _pending(petition_id: int):  # type: ignore[no-untyped-def]
    from sqlalchemy import select

    from app.signatures.models import Signature

    return select(Signature.id, Signature.form_digest).where(
        Signature.petition_id == petition_id, Signature.state == "pending"
    )


def with_comments(stage: Stage, n: int) -> None:
    """*n* confirmed signatures whose comments wait for a moderator."""
    with stage.database.read() as session:
        signing = actions.signing_of(session, stage.petition(session))
    for first in range(0, n, GROUP):
        requests = []
        for i in range(first, min(first + GROUP, n)):
            request = _request(stage, signing, i)
            form = request.form.model_copy(update={"comment": f"Un commentaire, le numéro {i}, qui attend son tour."})
            requests.append(actions.SignRequest(signing, form, "fr", stage.settings.origin))
        with stage.database.write() as session:
            actions.sign_group(session, requests)
            ids = list(session.scalars(_pending(stage.petition_id)))
            actions.confirm_group(session, [actions.Target(stage.petition_id, i) for i in ids], receive_drafts)


COLUMNS = (
    "petition_id, id, email_key, state, given_name, family_name_sealed, email_sealed, postal_code, country,"
    " departement, display, locale, text_version, created_at, confirmed_at, place, comment_sealed, mails,"
    " mails_today, mailed_on, reminded, code_failures"
)
# Rows that no page opens: of the right sizes, made by the database alone.
BULK = f"""INSERT INTO signature ({COLUMNS})
SELECT {{petition}}, uuidv7('-3 hours'), decode(md5(n::text), 'hex'), 'confirmed', 'Marie-Thérèse',
  decode(repeat('5a', 36), 'hex'), decode(repeat('5a', 56), 'hex'), '35000', 'FR', '35', 'initial', 'fr', 1,
  now() - interval '3 hours', now() - interval '3 hours' + n * interval '1 microsecond', n, NULL, 1, 1,
  current_date, false, 0
FROM generate_series({{first}}, {{last}}) AS n"""
UNIQUE = "uq_signature_petition_id_email_key"
OPENED = 1000


def in_bulk(stage: Stage, n: int, start: int = 0) -> None:
    """*n* more confirmed signatures, as fast as PostgreSQL can; the newest are sealed as they should be."""
    bulk = BULK.format(petition=stage.petition_id, first=start, last=start + n - OPENED - 1)
    with psycopg.connect(stage.settings.database_url, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '512MB'")
        connection.execute(f"ALTER TABLE signature DROP CONSTRAINT {UNIQUE}")
        connection.execute(bulk)
        connection.execute(f"ALTER TABLE signature ADD CONSTRAINT {UNIQUE} UNIQUE (petition_id, email_key)")
    with stage.database.write() as session:
        hour = clock.hour_of(clock.now() - timedelta(hours=3))
        petition_queries.add_to_count(session, stage.petition_id, {(hour, 1): n - OPENED})
    confirmed(stage, OPENED, start + n - OPENED)
    with psycopg.connect(stage.settings.database_url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE) signature")
        connection.execute("CHECKPOINT")


def confirmed(stage: Stage, n: int, start: int = 0) -> None:
    """*n* confirmed signatures, sealed as they should be, by COPY; the count follows."""
    with stage.database.read() as session:
        keys = petition_keys.of(session, stage.petition_id)
    now = clock.now() - timedelta(hours=2)
    with psycopg.connect(stage.settings.database_url) as connection:
        with connection.cursor().copy(f"COPY signature ({COLUMNS}) FROM STDIN") as copy:
            for piece in _pieces(stage.petition_id, keys, now.isoformat(), range(start, start + n)):
                copy.write(piece)
        connection.execute("ANALYZE signature")
    with stage.database.write() as session:
        petition_queries.add_to_count(session, stage.petition_id, {(clock.hour_of(now), 1): n})


def _pieces(petition_id: int, keys: petition_keys.Keys, at: str, numbers: range) -> Iterator[str]:
    buffer = io.StringIO()
    for i in numbers:
        row_id: uuid.UUID = crypto.uuid7()
        name = seal_field(keys, "Lefèvre", row_id.bytes, "family_name").hex()
        buffer.write(
            f"{petition_id}\t{row_id}\t\\\\x{crypto.digest(keys.dedup, b'%d' % i).hex()}\tconfirmed\tMarie-Thérèse"
            f"\t\\\\x{name}\t\\\\x{name}\t35000\tFR\t35\tinitial\tfr\t1\t{at}\t{at}\t{i}\t\\N\t1\t1\t{at[:10]}\tf\t0\n"
        )
        if i % 1000 == 999:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()
