"""Deliveries: dated lines, their sealed proofs, the links of their recipients."""

import sqlalchemy as sa
from alembic import op

revision = "0013_deliveries"
down_revision = "0012_sources"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
WAYS = "'hand', 'audience', 'post', 'mail', 'form'"


def _words(name: str, length: int | None = None) -> sa.Column[str]:
    kind = sa.String(length) if length else sa.Text()
    return sa.Column(name, kind, server_default=sa.text("''"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("handed_on", sa.Date(), nullable=False),
        sa.Column("recipients", sa.Text(), nullable=False),
        sa.Column("way", sa.String(16), nullable=False),
        _words("note"),
        sa.Column("signatures", sa.Integer(), nullable=False),
        _words("pack_sha256", 64),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        _words("proof_name"),
        _words("proof_kind", 8),
        sa.Column("proof_size", sa.Integer(), server_default=sa.text("0"), nullable=False),
        _words("proof_sha256", 64),
        sa.CheckConstraint(f"way IN ({WAYS})", name=op.f("ck_delivery_way")),
        sa.CheckConstraint("number > 0", name=op.f("ck_delivery_number")),
        sa.CheckConstraint("signatures >= 0", name=op.f("ck_delivery_signatures")),
        sa.CheckConstraint("proof_kind IN ('', 'pdf', 'jpeg', 'png')", name=op.f("ck_delivery_proof_kind")),
        sa.ForeignKeyConstraint(["petition_id"], ["petition.id"], name=op.f("fk_delivery_petition_id_petition")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_delivery_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("petition_id", "number", name=op.f("uq_delivery_petition_id_number")),
    )
    op.create_table(
        "delivery_proof",
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_delivery_proof_delivery_id_delivery")),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_delivery_proof")),
    )
    op.create_table(
        "recipient_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        _words("asked_source"),
        _words("source"),
        sa.Column("asked_by", sa.Integer(), nullable=True),
        sa.Column("asked_at", MOMENT, nullable=True),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("sent_by", sa.Integer(), nullable=True),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("receipt_at", MOMENT, nullable=True),
        sa.Column("answer_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_recipient_link_delivery_id_delivery")),
        sa.ForeignKeyConstraint(["asked_by"], ["account.id"], name=op.f("fk_recipient_link_asked_by_account")),
        sa.ForeignKeyConstraint(["sent_by"], ["account.id"], name=op.f("fk_recipient_link_sent_by_account")),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["petition_update.id"], name=op.f("fk_recipient_link_answer_id_petition_update")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recipient_link")),
        sa.UniqueConstraint("delivery_id", "place", name=op.f("uq_recipient_link_delivery_id_place")),
    )


def downgrade() -> None:
    for table in ("recipient_link", "delivery_proof", "delivery"):
        op.drop_table(table)
