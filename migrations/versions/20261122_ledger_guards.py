"""The database itself refuses to change or delete evidence of consent.

A consent text is immutable but for its end. A consent event is appended; it may be deleted only
once its petition's evidence key has been destroyed, which is the end of its retention, or when the
signature was never confirmed and is gone.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEPT = (
    "EXISTS (SELECT 1 FROM petition_keys WHERE petition_id = OLD.petition_id AND evidence_key IS NOT NULL)"
    " AND (EXISTS (SELECT 1 FROM signature WHERE petition_id = OLD.petition_id AND id = OLD.signature_id)"
    " OR EXISTS (SELECT 1 FROM consent_event e WHERE e.petition_id = OLD.petition_id"
    " AND e.signature_id = OLD.signature_id AND e.kind = 'confirmed'))"
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER consent_event_no_update BEFORE UPDATE ON consent_event"
            " BEGIN SELECT RAISE(ABORT, 'consent_event is append-only'); END"
        )
        op.execute(
            f"CREATE TRIGGER consent_event_no_delete BEFORE DELETE ON consent_event WHEN {KEPT}"
            " BEGIN SELECT RAISE(ABORT, 'consent_event is append-only'); END"
        )
        op.execute(
            "CREATE TRIGGER consent_text_no_update"
            " BEFORE UPDATE OF purpose, variant, locale, version, body, sha256, valid_from ON consent_text"
            " BEGIN SELECT RAISE(ABORT, 'consent_text is immutable'); END"
        )
        op.execute(
            "CREATE TRIGGER consent_text_no_delete BEFORE DELETE ON consent_text"
            " BEGIN SELECT RAISE(ABORT, 'consent_text is immutable'); END"
        )
        return
    op.execute(
        f"""
        CREATE FUNCTION refuse_consent_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_TABLE_NAME = 'consent_text' THEN
                IF TG_OP = 'UPDATE' AND (NEW.purpose, NEW.variant, NEW.locale, NEW.version, NEW.body,
                    NEW.sha256, NEW.valid_from) IS NOT DISTINCT FROM (OLD.purpose, OLD.variant,
                    OLD.locale, OLD.version, OLD.body, OLD.sha256, OLD.valid_from) THEN
                    RETURN NEW;
                END IF;
                RAISE EXCEPTION 'consent_text is immutable';
            END IF;
            IF TG_OP = 'DELETE' AND NOT ({KEPT}) THEN
                RETURN OLD;
            END IF;
            RAISE EXCEPTION 'consent_event is append-only';
        END $$
        """
    )
    for table in ("consent_event", "consent_text"):
        op.execute(
            f"CREATE TRIGGER {table}_guard BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_consent_change()"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for trigger in (
            "consent_event_no_update",
            "consent_event_no_delete",
            "consent_text_no_update",
            "consent_text_no_delete",
        ):
            op.execute(f"DROP TRIGGER {trigger}")
        return
    for table in ("consent_event", "consent_text"):
        op.execute(f"DROP TRIGGER {table}_guard ON {table}")
    op.execute("DROP FUNCTION refuse_consent_change()")
