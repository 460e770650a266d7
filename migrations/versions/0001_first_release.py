"""The schema of the first release, and what the database itself refuses to rewrite.

One migration instead of the fifteen that led here; its revision is the last of theirs, so that a database that
stood there has nothing to do (app/migrations.py says what to do from further back).
"""

import sqlalchemy as sa
from alembic import op

revision = "doubts"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# In the order in which they are made, a row a function.
# fmt: off
TABLES = (
    "account", "staff_session", "sign_in_throttle", "audit_line", "audit_chain",
    "outbox_mail", "caught_mail", "mail_budget",
    "petition", "petition_text", "petition_keys", "petition_owner", "recipient", "source", "step_passed",
    "count_total", "count_delta", "view_count",
    "consent_text", "consent_event", "subscription", "suppression",
    "signature", "withdrawal", "posting_record", "signature_aggregate", "daily_number",
    "comment", "comment_revision", "hint_off", "hint_verdict",
    "export_record", "export_permission", "petition_update", "letter",
    "data_request", "retention_run", "self_service_session",
    "charter_version", "charter_article",
    "moderation_case", "decision", "second_look", "petition_remark", "author_limit", "claim",
    "moderator_note", "moderator_preference",
    "notice", "appeal", "right_of_reply", "authority_order",
)
# fmt: on


def upgrade() -> None:
    _accounts()
    _mail()
    _petitions()
    _counts()
    _consents()
    _signatures()
    _comments()
    _exports_and_news()
    _privacy()
    _charter()
    _judging()
    _redress()
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_consents()
        _sqlite_decisions()
        _sqlite_journal()
    else:
        _postgresql_consents()
        _postgresql_decisions()
        _postgresql_journal()


def downgrade() -> None:
    """Triggers go with their tables, functions do not."""
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for function in ("refuse_consent_change", "refuse_decision_change", "refuse_audit_change"):
            op.execute(f"DROP FUNCTION {function}()")


def _only(condition: str) -> dict[str, sa.TextClause]:
    """An index of the rows that fulfil this alone."""
    return {"postgresql_where": sa.text(condition), "sqlite_where": sa.text(condition)}


def _accounts() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("totp_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("totp_step", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=True),
        sa.Column("disabled_at", MOMENT, nullable=True),
        sa.Column("warned_at", MOMENT, nullable=True),
        sa.Column("link_served", MOMENT, nullable=True),
        sa.CheckConstraint("role IN ('organiser', 'moderator', 'admin')", name=op.f("ck_account_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("email", name=op.f("uq_account_email")),
    )

    op.create_table(
        "staff_session",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("proved_at", MOMENT, nullable=False),
        sa.Column("browser", sa.String(length=16), nullable=False),
        sa.Column("system", sa.String(length=16), nullable=False),
        sa.Column("network", sa.LargeBinary(), nullable=False),
        sa.Column("origin", sa.LargeBinary(), nullable=False),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_staff_session_account_id_account")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_staff_session")),
    )
    op.create_index(op.f("ix_staff_session_account_id"), "staff_session", ["account_id"])
    op.create_index(op.f("ix_staff_session_expires_at"), "staff_session", ["expires_at"])

    op.create_table(
        "sign_in_throttle",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("origin", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("closed_until", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_sign_in_throttle_account_id_account")),
        sa.PrimaryKeyConstraint("account_id", "origin", name=op.f("pk_sign_in_throttle")),
    )
    op.create_index("ix_sign_in_throttle_since", "sign_in_throttle", ["since"])

    op.create_table(
        "audit_line",
        sa.Column("id", BIG, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("act", sa.String(length=48), nullable=False),
        sa.Column("target", sa.String(length=24), nullable=False),
        sa.Column("target_id", sa.String(length=64), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("position", BIG, nullable=True),
        sa.Column("seal", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_line")),
    )
    op.create_index(op.f("ix_audit_line_at"), "audit_line", ["at"])
    op.create_index("ix_audit_line_target", "audit_line", ["target", "target_id"])
    op.create_index("ix_audit_line_position", "audit_line", ["position"], unique=True)
    op.create_index("ix_audit_line_unsealed", "audit_line", ["id"], **_only("position IS NULL"))

    op.create_table(
        "audit_chain",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("anchor_position", BIG, nullable=False),
        sa.Column("anchor_seal", sa.LargeBinary(), nullable=False),
        sa.Column("position", BIG, nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.Column("proof", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", MOMENT, nullable=False),
        sa.Column("verified_at", MOMENT, nullable=True),
        sa.Column("broken_at", BIG, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_chain")),
    )


def _mail() -> None:
    op.create_table(
        "outbox_mail",
        sa.Column("id", BIG, nullable=False),
        sa.Column("template", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("send_after", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'aside', 'cancelled')", name=op.f("ck_outbox_mail_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_mail")),
    )
    op.create_index(
        "ix_outbox_mail_due",
        "outbox_mail",
        ["send_after"],
        **_only("state = 'waiting'"),
    )
    op.create_index("ix_outbox_mail_subject", "outbox_mail", ["subject"])

    op.create_table(
        "caught_mail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=False),
        sa.Column("caught_at", MOMENT, nullable=False),
        sa.Column("mail_subject", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_caught_mail")),
    )
    op.create_index(op.f("ix_caught_mail_mail_subject"), "caught_mail", ["mail_subject"])

    op.create_table(
        "mail_budget",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("moments", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_mail_budget")),
    )
    op.create_index(op.f("ix_mail_budget_at"), "mail_budget", ["at"])


def _petitions() -> None:
    op.create_table(
        "petition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("theme", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("goal", sa.Integer(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("delivery_mode", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("comments_open", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("submitted_at", MOMENT, nullable=True),
        sa.Column("submissions", sa.Integer(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=True),
        sa.Column("closes_at", MOMENT, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("delivered_at", MOMENT, nullable=True),
        sa.Column("image", sa.Text(), nullable=True),
        sa.Column("image_alt", sa.Text(), nullable=False),
        sa.Column("image_caption", sa.Text(), nullable=False),
        sa.Column("image_credit", sa.Text(), nullable=False),
        sa.Column("image_width", sa.Integer(), nullable=False),
        sa.Column("image_height", sa.Integer(), nullable=False),
        sa.Column("hold_until", MOMENT, nullable=True),
        sa.Column("hold_reason", sa.Text(), nullable=False),
        sa.Column("final_count", sa.Integer(), nullable=True),
        sa.Column("final_count_at", MOMENT, nullable=True),
        sa.Column("purged_at", MOMENT, nullable=True),
        sa.CheckConstraint("delivery_mode IN ('identities', 'count')", name=op.f("ck_petition_delivery_mode")),
        sa.CheckConstraint(
            "state IN ('draft', 'submitted', 'open', 'closed', 'delivered', 'refused', 'purged')",
            name=op.f("ck_petition_state"),
        ),
        sa.CheckConstraint("goal > 0", name=op.f("ck_petition_goal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petition")),
        sa.UniqueConstraint("slug", name=op.f("uq_petition_slug")),
    )
    op.create_index(op.f("ix_petition_opened_at"), "petition", ["opened_at"])

    op.create_table(
        "petition_text",
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("markdown", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_petition_text_petition_id_petition")),
        sa.PrimaryKeyConstraint("petition_id", "version", name=op.f("pk_petition_text")),
    )

    op.create_table(
        "petition_keys",
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("data_key", sa.LargeBinary(), nullable=True),
        sa.Column("dedup_key", sa.LargeBinary(), nullable=True),
        sa.Column("evidence_key", sa.LargeBinary(), nullable=True),
        sa.Column("master", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_petition_keys_petition_id_petition")),
        sa.PrimaryKeyConstraint("petition_id", name=op.f("pk_petition_keys")),
    )

    op.create_table(
        "petition_owner",
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_petition_owner_account_id_account")),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_petition_owner_petition_id_petition")),
        sa.PrimaryKeyConstraint("petition_id", "account_id", name=op.f("pk_petition_owner")),
    )
    op.create_index(op.f("ix_petition_owner_account_id"), "petition_owner", ["account_id"])

    op.create_table(
        "recipient",
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_recipient_petition_id_petition")),
        sa.PrimaryKeyConstraint("petition_id", "position", name=op.f("pk_recipient")),
    )

    op.create_table(
        "source",
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("publisher", sa.Text(), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_source_petition_id_petition")),
        sa.PrimaryKeyConstraint("petition_id", "position", name=op.f("pk_source")),
    )

    op.create_table(
        "step_passed",
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("passed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_step_passed_petition_id_petition")),
        sa.PrimaryKeyConstraint("petition_id", "step", name=op.f("pk_step_passed")),
    )


def _counts() -> None:
    op.create_table(
        "count_total",
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("hour", MOMENT, nullable=False),
        sa.Column("confirmed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("petition_id", "hour", name=op.f("pk_count_total")),
    )

    op.create_table(
        "count_delta",
        sa.Column("id", BIG, nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("hour", MOMENT, nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_count_delta")),
    )
    op.create_index(op.f("ix_count_delta_petition_id"), "count_delta", ["petition_id"])

    op.create_table(
        "view_count",
        sa.Column("id", BIG, nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("hour", MOMENT, nullable=False),
        sa.Column("views", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_view_count")),
        sa.UniqueConstraint("petition_id", "hour", name=op.f("uq_view_count_petition_id_hour")),
    )


def _consents() -> None:
    op.create_table(
        "consent_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=24), nullable=False),
        sa.Column("variant", sa.String(length=16), nullable=False),
        sa.Column("locale", sa.String(length=8), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("valid_from", MOMENT, nullable=False),
        sa.Column("valid_to", MOMENT, nullable=True),
        sa.CheckConstraint(
            "purpose IN ('sign', 'public_name', 'updates', 'newsletter', 'organiser_contact')",
            name=op.f("ck_consent_text_purpose"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_text")),
        sa.UniqueConstraint(
            "purpose", "variant", "locale", "version", name=op.f("uq_consent_text_purpose_variant_locale_version")
        ),
    )

    op.create_table(
        "consent_event",
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("signature_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=24), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("text_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("form_digest", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('given', 'confirmed', 'withdrawn', 'expired')", name=op.f("ck_consent_event_kind")
        ),
        sa.CheckConstraint(
            "purpose IN ('sign', 'public_name', 'updates', 'newsletter', 'organiser_contact')",
            name=op.f("ck_consent_event_purpose"),
        ),
        sa.PrimaryKeyConstraint("petition_id", "signature_id", "purpose", "at", "kind", name=op.f("pk_consent_event")),
    )

    op.create_table(
        "subscription",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("address_key", sa.LargeBinary(), nullable=False),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("locale", sa.String(length=8), nullable=False),
        sa.Column("consent_petition_id", sa.Integer(), nullable=False),
        sa.Column("signature_id", sa.Uuid(), nullable=True),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("active_at", MOMENT, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=True),
        sa.CheckConstraint("purpose IN ('updates', 'newsletter')", name=op.f("ck_subscription_purpose")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint(
            "purpose", "petition_id", "address_key", name=op.f("uq_subscription_purpose_petition_id_address_key")
        ),
    )
    op.create_index("ix_subscription_signature", "subscription", ["signature_id"])

    op.create_table(
        "suppression",
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("address_key", sa.LargeBinary(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("purpose", "petition_id", "address_key", name=op.f("pk_suppression")),
    )


def _signatures() -> None:
    op.create_table(
        "signature",
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email_key", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("given_name", sa.Text(), nullable=False),
        sa.Column("family_name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("postal_code", sa.Text(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("departement", sa.String(length=3), nullable=False),
        sa.Column("display", sa.String(length=8), nullable=False),
        sa.Column("locale", sa.String(length=8), nullable=False),
        sa.Column("text_version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("comment_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("mails", sa.Integer(), nullable=False),
        sa.Column("mails_today", sa.Integer(), nullable=False),
        sa.Column("mailed_on", sa.Date(), nullable=False),
        sa.Column("reminded", sa.Boolean(), nullable=False),
        sa.Column("code_failures", sa.Integer(), nullable=False),
        sa.Column("form_digest", sa.LargeBinary(), nullable=True),
        sa.Column("doubt", sa.String(length=4), nullable=True),
        sa.CheckConstraint("display IN ('hidden', 'initial', 'full')", name=op.f("ck_signature_display")),
        sa.CheckConstraint(
            "state IN ('pending', 'confirmed', 'withdrawn', 'invalidated', 'quarantined')",
            name=op.f("ck_signature_state"),
        ),
        sa.PrimaryKeyConstraint("petition_id", "id", name=op.f("pk_signature")),
        sa.UniqueConstraint("petition_id", "email_key", name=op.f("uq_signature_petition_id_email_key")),
    )
    op.create_index(
        "ix_signature_pending",
        "signature",
        ["created_at"],
        **_only("state = 'pending'"),
    )
    op.create_index(
        "ix_signature_public",
        "signature",
        ["petition_id", "confirmed_at", "id"],
        **_only("state = 'confirmed'"),
    )
    op.create_index(
        "ix_signature_aside",
        "signature",
        ["petition_id", "confirmed_at", "id"],
        **_only("state IN ('quarantined', 'invalidated')"),
    )

    op.create_table(
        "withdrawal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("email_key", sa.LargeBinary(), nullable=True),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        sa.Column("withdrawn_at", MOMENT, nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False, server_default="delivery"),
        sa.CheckConstraint("purpose IN ('delivery', 'contact')", name=op.f("ck_withdrawal_purpose")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawal")),
    )
    op.create_index(op.f("ix_withdrawal_petition_id"), "withdrawal", ["petition_id"])
    op.create_index(op.f("ix_withdrawal_withdrawn_at"), "withdrawal", ["withdrawn_at"])

    op.create_table(
        "posting_record",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting_record")),
    )
    op.create_index(op.f("ix_posting_record_at"), "posting_record", ["at"])

    op.create_table(
        "signature_aggregate",
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("departement", sa.String(length=3), nullable=False),
        sa.Column("week", sa.String(length=8), nullable=False),
        sa.Column("signatures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("petition_id", "departement", "week", name=op.f("pk_signature_aggregate")),
    )

    op.create_table(
        "daily_number",
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("unconfirmed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("petition_id", "day", name=op.f("pk_daily_number")),
    )


def _comments() -> None:
    op.create_table(
        "comment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("signature_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("locale", sa.String(length=8), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("waiting_since", MOMENT, nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("hints", sa.Text(), nullable=False),
        sa.Column("masks", sa.Text(), nullable=False),
        sa.Column("tombstone", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'published', 'refused', 'removed', 'withdrawn')", name=op.f("ck_comment_state")
        ),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_comment_petition_id_petition")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
    )
    op.create_index("ix_comment_petition", "comment", ["petition_id", "state", "created_at"])
    op.create_index("ix_comment_signature", "comment", ["signature_id"])
    op.create_index(
        "ix_comment_waiting",
        "comment",
        ["severity", "waiting_since", "id"],
        **_only("state = 'waiting'"),
    )

    op.create_table(
        "comment_revision",
        sa.Column("comment_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name=op.f("fk_comment_revision_comment_id_comment")),
        sa.PrimaryKeyConstraint("comment_id", "number", name=op.f("pk_comment_revision")),
    )

    op.create_table(
        "hint_off",
        sa.Column("hint", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("hint", name=op.f("pk_hint_off")),
    )

    op.create_table(
        "hint_verdict",
        sa.Column("comment_id", sa.Integer(), nullable=False),
        sa.Column("hint", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("founded", sa.Boolean(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_hint_verdict_account_id_account")),
        sa.PrimaryKeyConstraint("comment_id", "hint", "version", name=op.f("pk_hint_verdict")),
    )


def _exports_and_news() -> None:
    op.create_table(
        "export_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.CheckConstraint("purpose IN ('delivery', 'contact', 'audit')", name=op.f("ck_export_record_purpose")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_export_record_account_id_account")),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_export_record_petition_id_petition")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_record")),
    )
    op.create_index(op.f("ix_export_record_petition_id"), "export_record", ["petition_id"])

    op.create_table(
        "export_permission",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.CheckConstraint("purpose IN ('delivery', 'contact')", name=op.f("ck_export_permission_purpose")),
        sa.CheckConstraint("answered_by <> asked_by", name=op.f("ck_export_permission_two_people")),
        sa.ForeignKeyConstraint(
            ["petition_id"], ["petition.id"], name=op.f("fk_export_permission_petition_id_petition")
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["account.id"], name=op.f("fk_export_permission_asked_by_account")),
        sa.ForeignKeyConstraint(["answered_by"], ["account.id"], name=op.f("fk_export_permission_answered_by_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_permission")),
    )
    op.create_index("ix_export_permission_petition_id", "export_permission", ["petition_id"])

    op.create_table(
        "petition_update",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("markdown", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("sent_after", sa.Uuid(), nullable=True),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_petition_update_petition_id_petition")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petition_update")),
    )
    op.create_index(op.f("ix_petition_update_petition_id"), "petition_update", ["petition_id"])

    op.create_table(
        "letter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("markdown", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("sent_after", sa.Uuid(), nullable=True),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        sa.UniqueConstraint("title", name=op.f("uq_letter_title")),
    )


def _privacy() -> None:
    op.create_table(
        "data_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("request_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("alerted_at", MOMENT, nullable=True),
        sa.CheckConstraint("channel IN ('letter', 'mail', 'phone', 'other')", name=op.f("ck_data_request_channel")),
        sa.CheckConstraint("state IN ('open', 'answered', 'refused')", name=op.f("ck_data_request_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_request")),
    )

    op.create_table(
        "retention_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("report", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_run")),
    )
    op.create_index(op.f("ix_retention_run_finished_at"), "retention_run", ["finished_at"])

    op.create_table(
        "self_service_session",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_self_service_session")),
    )
    op.create_index(op.f("ix_self_service_session_expires_at"), "self_service_session", ["expires_at"])


def _charter() -> None:
    op.create_table(
        "charter_version",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("effective_from", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_charter_version")),
    )

    op.create_table(
        "charter_article",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("breaks", sa.Text(), nullable=False),
        sa.Column("ok", sa.Text(), nullable=False),
        sa.Column("effect", sa.String(length=24), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("law", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("applies", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version"], ["charter_version.number"], name=op.f("fk_charter_article_version_charter_version")
        ),
        sa.PrimaryKeyConstraint("version", "n", name=op.f("pk_charter_article")),
    )


def _judging() -> None:
    op.create_table(
        "moderation_case",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("target", sa.String(length=12), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("notices", sa.Integer(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("opened_by", sa.Integer(), nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("authority_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "kind IN ('urgent', 'illegal', 'charter', 'escalated')", name=op.f("ck_moderation_case_kind")
        ),
        sa.CheckConstraint("target IN ('comment', 'petition')", name=op.f("ck_moderation_case_target")),
        sa.ForeignKeyConstraint(["opened_by"], ["account.id"], name=op.f("fk_moderation_case_opened_by_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moderation_case")),
    )
    op.create_index(
        "ix_moderation_case_queue",
        "moderation_case",
        ["kind", "severity", "opened_at"],
        **_only("closed_at IS NULL"),
    )
    op.create_index("ix_moderation_case_target", "moderation_case", ["target", "target_id"])
    op.create_index(
        "uq_moderation_case_open",
        "moderation_case",
        ["target", "target_id", "revision"],
        unique=True,
        **_only("closed_at IS NULL"),
    )

    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=24), nullable=False),
        sa.Column("target", sa.String(length=12), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("text_sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("effects", sa.Text(), nullable=False),
        sa.Column("ground", sa.String(length=12), nullable=False),
        sa.Column("charter_version", sa.Integer(), nullable=False),
        sa.Column("article", sa.Integer(), nullable=True),
        sa.Column("articles", sa.Text(), nullable=False),
        sa.Column("provision", sa.Text(), nullable=False),
        sa.Column("passage", sa.Text(), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("moderator_id", sa.Integer(), nullable=True),
        sa.Column("decider", sa.Integer(), nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.Column("waiting_since", MOMENT, nullable=False),
        sa.Column("source", sa.String(length=12), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("supersedes", sa.Integer(), nullable=True),
        sa.Column("batch", sa.String(length=24), nullable=False),
        sa.Column("mails", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("undone_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "(moderator_id IS NULL) = (ground IN ('not_handled', 'withdrawn'))", name=op.f("ck_decision_machine")
        ),
        sa.CheckConstraint(
            "ground <> 'charter' OR (article IS NOT NULL AND passage <> '')", name=op.f("ck_decision_reasons")
        ),
        sa.CheckConstraint(
            "ground IN ('none', 'charter', 'law', 'order', 'notice', 'not_handled', 'withdrawn')",
            name=op.f("ck_decision_ground"),
        ),
        sa.CheckConstraint(
            "ground NOT IN ('law', 'order', 'notice') OR (provision <> '' AND passage <> '')",
            name=op.f("ck_decision_law"),
        ),
        sa.CheckConstraint(
            "kind IN ('publish', 'refuse', 'remove', 'restore', 'keep', 'correct')", name=op.f("ck_decision_kind")
        ),
        sa.CheckConstraint("kind NOT IN ('refuse', 'remove') OR ground <> 'none'", name=op.f("ck_decision_grounds")),
        sa.CheckConstraint("target IN ('comment', 'petition', 'reply')", name=op.f("ck_decision_target")),
        sa.CheckConstraint("decider = COALESCE(moderator_id, 0)", name=op.f("ck_decision_decider")),
        sa.ForeignKeyConstraint(["case_id"], ["moderation_case.id"], name=op.f("fk_decision_case_id_moderation_case")),
        sa.ForeignKeyConstraint(
            ["charter_version"], ["charter_version.number"], name=op.f("fk_decision_charter_version_charter_version")
        ),
        sa.ForeignKeyConstraint(["moderator_id"], ["account.id"], name=op.f("fk_decision_moderator_id_account")),
        sa.ForeignKeyConstraint(["supersedes"], ["decision.id"], name=op.f("fk_decision_supersedes_decision")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        sa.UniqueConstraint("id", "decider", name=op.f("uq_decision_id_decider")),
        sa.UniqueConstraint("reference", name=op.f("uq_decision_reference")),
    )
    op.create_index(op.f("ix_decision_case_id"), "decision", ["case_id"])
    op.create_index("ix_decision_decided_at", "decision", ["decided_at"])
    op.create_index("ix_decision_moderator", "decision", ["moderator_id", "decided_at"])
    op.create_index("ix_decision_target", "decision", ["target", "target_id"])
    op.create_index(
        "uq_decision_first",
        "decision",
        ["target", "target_id", "revision"],
        unique=True,
        **_only("supersedes IS NULL AND undone_at IS NULL"),
    )
    op.create_index(
        "uq_decision_supersedes",
        "decision",
        ["supersedes"],
        unique=True,
        **_only("supersedes IS NOT NULL AND undone_at IS NULL"),
    )

    op.create_table(
        "second_look",
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("first_decider", sa.Integer(), nullable=False),
        sa.Column("drawn_at", MOMENT, nullable=False),
        sa.Column("judge_id", sa.Integer(), nullable=True),
        sa.Column("judged_at", MOMENT, nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("article", sa.Integer(), nullable=True),
        sa.Column("agreed", sa.Boolean(), nullable=True),
        sa.Column("required", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.CheckConstraint("judge_id IS NULL OR judge_id <> first_decider", name=op.f("ck_second_look_another_judge")),
        sa.ForeignKeyConstraint(
            ["decision_id", "first_decider"], ["decision.id", "decision.decider"], name="fk_second_look_decision"
        ),
        sa.ForeignKeyConstraint(["judge_id"], ["account.id"], name=op.f("fk_second_look_judge_id_account")),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_second_look")),
    )
    op.create_index(
        "ix_second_look_open",
        "second_look",
        ["drawn_at"],
        **_only("judged_at IS NULL"),
    )

    op.create_table(
        "petition_remark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("quoted", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_petition_remark_decision_id_decision")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petition_remark")),
    )
    op.create_index(op.f("ix_petition_remark_decision_id"), "petition_remark", ["decision_id"])

    op.create_table(
        "author_limit",
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("signature_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_author_limit_decision_id_decision")),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_author_limit_petition_id_petition")),
        sa.PrimaryKeyConstraint("petition_id", "signature_id", name=op.f("pk_author_limit")),
    )

    op.create_table(
        "claim",
        sa.Column("queue", sa.String(length=12), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_claim_account_id_account")),
        sa.PrimaryKeyConstraint("queue", "item_id", name=op.f("pk_claim")),
    )

    op.create_table(
        "moderator_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("target", sa.String(length=12), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_moderator_note_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moderator_note")),
    )
    op.create_index(op.f("ix_moderator_note_target_target_id"), "moderator_note", ["target", "target_id"])

    op.create_table(
        "moderator_preference",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("keys", sa.Boolean(), nullable=False),
        sa.Column("blur", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.String(length=8), nullable=False),
        sa.Column("quiet_from", sa.Integer(), nullable=False),
        sa.Column("quiet_to", sa.Integer(), nullable=False),
        sa.Column("digest_at", MOMENT, nullable=True),
        sa.CheckConstraint("digest IN ('never', 'daily', 'urgent')", name=op.f("ck_moderator_preference_digest")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_moderator_preference_account_id_account")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_moderator_preference")),
    )


def _redress() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=24), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("ground", sa.String(length=12), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("article", sa.Integer(), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("passage", sa.Text(), nullable=False),
        sa.Column("identity_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("locale", sa.String(length=8), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("decision_id", sa.Integer(), nullable=True),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        sa.CheckConstraint("ground IN ('illegal', 'charter')", name=op.f("ck_notice_ground")),
        sa.ForeignKeyConstraint(["case_id"], ["moderation_case.id"], name=op.f("fk_notice_case_id_moderation_case")),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_notice_decision_id_decision")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("reference", name=op.f("uq_notice_reference")),
    )
    op.create_index("ix_notice_case", "notice", ["case_id"])
    op.create_index("ix_notice_created_at", "notice", ["created_at"])

    op.create_table(
        "appeal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=24), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("first_decider", sa.Integer(), nullable=False),
        sa.Column("appellant", sa.String(length=24), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("view", sa.String(length=12), nullable=False),
        sa.Column("view_reasons", sa.Text(), nullable=False),
        sa.Column("view_by", sa.Integer(), nullable=True),
        sa.Column("viewed_at", MOMENT, nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("judge_id", sa.Integer(), nullable=True),
        sa.Column("judged_at", MOMENT, nullable=True),
        sa.Column("new_decision_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('', 'withdrawn') OR (judge_id IS NOT NULL AND reasons <> '')", name=op.f("ck_appeal_reasons")
        ),
        sa.CheckConstraint("outcome IN ('', 'upheld', 'reversed', 'withdrawn')", name=op.f("ck_appeal_outcome")),
        sa.CheckConstraint("judge_id IS NULL OR judge_id <> first_decider", name=op.f("ck_appeal_another_judge")),
        sa.CheckConstraint("view_by IS NULL OR view_by <> first_decider", name=op.f("ck_appeal_another_view")),
        sa.ForeignKeyConstraint(
            ["decision_id", "first_decider"], ["decision.id", "decision.decider"], name="fk_appeal_decision"
        ),
        sa.ForeignKeyConstraint(["judge_id"], ["account.id"], name=op.f("fk_appeal_judge_id_account")),
        sa.ForeignKeyConstraint(["new_decision_id"], ["decision.id"], name=op.f("fk_appeal_new_decision_id_decision")),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_appeal_notice_id_notice")),
        sa.ForeignKeyConstraint(["view_by"], ["account.id"], name=op.f("fk_appeal_view_by_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal")),
        sa.UniqueConstraint("decision_id", "appellant", name=op.f("uq_appeal_decision_id_appellant")),
        sa.UniqueConstraint("reference", name=op.f("uq_appeal_reference")),
    )
    op.create_index(
        "ix_appeal_open",
        "appeal",
        ["created_at"],
        **_only("outcome = ''"),
    )

    op.create_table(
        "right_of_reply",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=24), nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("comment_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("capacity", sa.Text(), nullable=False),
        sa.Column("passage", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("identity_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("locale", sa.String(length=8), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'published', 'refused')", name=op.f("ck_right_of_reply_state")),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_right_of_reply_petition_id_petition")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_right_of_reply")),
        sa.UniqueConstraint("reference", name=op.f("uq_right_of_reply_reference")),
    )
    op.create_index("ix_right_of_reply_petition", "right_of_reply", ["petition_id", "state"])

    op.create_table(
        "authority_order",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("executed_at", MOMENT, nullable=False),
        sa.Column("executed_by", sa.Integer(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["executed_by"], ["account.id"], name=op.f("fk_authority_order_executed_by_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authority_order")),
    )


# A consent text is immutable but for its end. A consent event is appended; it may be deleted only once its
# petition's evidence key has been destroyed, which is the end of its retention, or when the signature was never
# confirmed and is gone.
EVENT_KEPT = (
    "EXISTS (SELECT 1 FROM petition_keys WHERE petition_id = OLD.petition_id AND evidence_key IS NOT NULL)"
    " AND (EXISTS (SELECT 1 FROM signature WHERE petition_id = OLD.petition_id AND id = OLD.signature_id)"
    " OR EXISTS (SELECT 1 FROM consent_event e WHERE e.petition_id = OLD.petition_id"
    " AND e.signature_id = OLD.signature_id AND e.kind = 'confirmed'))"
)


def _sqlite_consents() -> None:
    op.execute(
        "CREATE TRIGGER consent_event_no_update BEFORE UPDATE ON consent_event"
        " BEGIN SELECT RAISE(ABORT, 'consent_event is append-only'); END"
    )
    op.execute(
        f"CREATE TRIGGER consent_event_no_delete BEFORE DELETE ON consent_event WHEN {EVENT_KEPT}"
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


def _postgresql_consents() -> None:
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
            IF TG_OP = 'DELETE' AND NOT ({EVENT_KEPT}) THEN
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


# A decision may be undone once, have its held mails noted, and have its quoted passage forgotten at the end of its
# retention; nothing else of it changes, and it is never deleted. Neither does a published charter.
DECISION_FIXED = (
    "reference",
    "target",
    "target_id",
    "revision",
    "text_sha256",
    "kind",
    "effects",
    "ground",
    "charter_version",
    "article",
    "articles",
    "provision",
    "moderator_id",
    "decider",
    "decided_at",
    "waiting_since",
    "source",
    "case_id",
    "supersedes",
    "batch",
)
FORGOTTEN = (
    "(NEW.passage = '(effacé)' OR NEW.passage = '') AND NEW.explanation = ''"
    " AND (NEW.statement = '{}' OR NEW.statement = OLD.statement)"
)
TEXTS_KEPT = "NEW.passage = OLD.passage AND NEW.explanation = OLD.explanation AND NEW.statement = OLD.statement"
CHARTER = ("charter_version", "charter_article")


def _sqlite_decisions() -> None:
    abort = "BEGIN SELECT RAISE(ABORT, 'a decision is immutable'); END"
    op.execute(f"CREATE TRIGGER decision_no_delete BEFORE DELETE ON decision {abort}")
    op.execute(f"CREATE TRIGGER decision_no_update BEFORE UPDATE OF {', '.join(DECISION_FIXED)} ON decision {abort}")
    op.execute(
        "CREATE TRIGGER decision_undone_once BEFORE UPDATE OF undone_at ON decision"
        f" WHEN OLD.undone_at IS NOT NULL {abort}"
    )
    op.execute(
        "CREATE TRIGGER decision_text_kept BEFORE UPDATE OF passage, explanation, statement ON decision"
        f" WHEN NOT (({TEXTS_KEPT}) OR ({FORGOTTEN})) {abort}"
    )
    for table in CHARTER:
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table}"
                " BEGIN SELECT RAISE(ABORT, 'a version of the charter is immutable'); END"
            )


def _postgresql_decisions() -> None:
    same = " AND ".join(f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}" for column in DECISION_FIXED)
    op.execute(
        f"""
        CREATE FUNCTION refuse_decision_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_TABLE_NAME <> 'decision' THEN
                RAISE EXCEPTION 'a version of the charter is immutable';
            END IF;
            IF TG_OP = 'UPDATE' AND {same} AND (({TEXTS_KEPT}) OR ({FORGOTTEN}))
                AND (OLD.undone_at IS NULL OR NEW.undone_at IS NOT DISTINCT FROM OLD.undone_at) THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'a decision is immutable';
        END $$
        """
    )
    for table in ("decision", *CHARTER):
        op.execute(
            f"CREATE TRIGGER {table}_guard BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_decision_change()"
        )


# A line of the journal may be given its place and its seal once. It may be deleted only when the chain's anchor has
# passed it, which is the end of its retention.
LINE_FIXED = ("id", "at", "account_id", "act", "target", "target_id", "details")
LINE_KEPT = "OLD.position IS NULL OR OLD.position > (SELECT coalesce(max(anchor_position), 0) FROM audit_chain)"


def _sqlite_journal() -> None:
    abort = "BEGIN SELECT RAISE(ABORT, 'audit_line is append-only'); END"
    op.execute(f"CREATE TRIGGER audit_line_no_delete BEFORE DELETE ON audit_line WHEN {LINE_KEPT} {abort}")
    op.execute(f"CREATE TRIGGER audit_line_no_update BEFORE UPDATE OF {', '.join(LINE_FIXED)} ON audit_line {abort}")
    op.execute(
        "CREATE TRIGGER audit_line_sealed_once BEFORE UPDATE OF position, seal ON audit_line"
        f" WHEN OLD.position IS NOT NULL {abort}"
    )


def _postgresql_journal() -> None:
    same = " AND ".join(f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}" for column in LINE_FIXED)
    op.execute(
        f"""
        CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' AND OLD.position IS NULL AND {same} THEN
                RETURN NEW;
            END IF;
            IF TG_OP = 'DELETE' AND NOT ({LINE_KEPT}) THEN
                RETURN OLD;
            END IF;
            RAISE EXCEPTION 'audit_line is append-only';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER audit_line_guard BEFORE UPDATE OR DELETE ON audit_line"
        " FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()"
    )
