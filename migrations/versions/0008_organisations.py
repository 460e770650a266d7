"""Organisations: their members and rights, whom they invite, and the petitions that they carry."""

import sqlalchemy as sa
from alembic import op

revision = "0008_organisations"
down_revision = "0007_versions"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
RIGHTS = ("petitions", "updates", "signatures", "members")
# Both engines take it so; Alembic would make a new table on SQLite.
CARRIED = (
    "ALTER TABLE petition ADD COLUMN organisation_id INTEGER"
    " CONSTRAINT fk_petition_organisation_id_organisation REFERENCES organisation (id)"
)


def _rights() -> list[sa.Column[bool]]:
    return [sa.Column(right, sa.Boolean(), nullable=False) for right in RIGHTS]


def upgrade() -> None:
    op.create_table(
        "organisation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("look", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("picture", sa.Text(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("slug", name=op.f("uq_organisation_slug")),
        sa.UniqueConstraint("look", name=op.f("uq_organisation_look")),
    )
    op.create_table(
        "membership",
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("accepted_at", MOMENT, nullable=False),
        sa.Column("invited_by", sa.Integer(), nullable=True),
        *_rights(),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_membership_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_membership_account_id_account")),
        sa.ForeignKeyConstraint(["invited_by"], ["account.id"], name=op.f("fk_membership_invited_by_account")),
        sa.PrimaryKeyConstraint("organisation_id", "account_id", name=op.f("pk_membership")),
    )
    op.create_index(op.f("ix_membership_account_id"), "membership", ["account_id"])
    op.create_table(
        "invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("invited_by", sa.Integer(), nullable=False),
        sa.Column("invited_at", MOMENT, nullable=False),
        *_rights(),
        sa.CheckConstraint("state IN ('pending', 'accepted', 'revoked')", name=op.f("ck_invitation_state")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_invitation_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["invited_by"], ["account.id"], name=op.f("fk_invitation_invited_by_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("organisation_id", "email", name=op.f("uq_invitation_organisation_id_email")),
    )
    op.create_index(op.f("ix_invitation_invited_at"), "invitation", ["invited_at"])
    op.execute(CARRIED)
    op.create_index(op.f("ix_petition_organisation_id"), "petition", ["organisation_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_petition_organisation_id"), table_name="petition")
    op.execute("ALTER TABLE petition DROP COLUMN organisation_id")
    for table in ("invitation", "membership", "organisation"):
        op.drop_table(table)
