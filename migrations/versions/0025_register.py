"""The register: what changes a count is a line of a log that nobody can rewrite unseen."""

import sqlalchemy as sa
from alembic import op

revision = "0025_register"
down_revision = "0024_mail_side_by_side"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UNSIGNED = sa.text("size > signed_size")


def _column(name: str, kind: sa.types.TypeEngine, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, kind, nullable=nullable)


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "register_news",
        _column("id", BIG),
        _column("petition_id", sa.Integer()),
        _column("kind", sa.String(length=16)),
        _column("hour", moment),
        _column("version", sa.Integer()),
        _column("change", sa.Integer()),
        _column("lines", sa.Integer()),
        _column("commitments", sa.LargeBinary()),
        _column("rest", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_news")),
    )
    op.create_table(
        "register_head",
        _column("petition_id", sa.Integer()),
        _column("name", sa.Text()),
        _column("origin", sa.Text()),
        _column("size", BIG),
        _column("root", sa.LargeBinary()),
        _column("total", sa.Integer()),
        _column("paper", sa.Integer()),
        _column("signed_size", BIG),
        _column("note", sa.Text()),
        _column("signed_by", sa.Text()),
        _column("signed_at", moment, nullable=True),
        _column("closed", sa.Boolean()),
        _column("rolled_back_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("petition_id", name=op.f("pk_register_head")),
        sa.UniqueConstraint("name", name=op.f("uq_register_head_name")),
    )
    op.create_index(
        "ix_register_head_unsigned",
        "register_head",
        ["petition_id"],
        postgresql_where=UNSIGNED,
        sqlite_where=UNSIGNED,
    )
    op.create_table(
        "register_tile",
        _column("petition_id", sa.Integer()),
        _column("level", sa.SmallInteger()),
        _column("number", BIG),
        _column("content", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("petition_id", "level", "number", name=op.f("pk_register_tile")),
    )
    op.create_table(
        "register_place",
        _column("petition_id", sa.Integer()),
        _column("beginning", sa.BigInteger()),
        _column("position", sa.BigInteger()),
        sa.PrimaryKeyConstraint("petition_id", "beginning", "position", name=op.f("pk_register_place")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "register_checkpoint",
        _column("petition_id", sa.Integer()),
        _column("size", BIG),
        _column("at", moment),
        _column("note", sa.Text()),
        sa.PrimaryKeyConstraint("petition_id", "size", name=op.f("pk_register_checkpoint")),
    )
    op.create_index("ix_register_checkpoint_at", "register_checkpoint", ["at"])


def downgrade() -> None:
    for table in ("checkpoint", "place", "tile", "head", "news"):
        op.drop_table(f"register_{table}")
