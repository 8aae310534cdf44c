"""Runs that may only write what was planned"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "plans",
        sa.Column("run", ID, autoincrement=False, nullable=False),
        sa.Column("attached_at", sa.Double(), nullable=False),
        sa.Column("stopped_at", sa.Double(), nullable=True),
        sa.Column("contact", ID, nullable=True),
        sa.Column("piece", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("run"),
    )
    op.create_table(
        "plan_pieces",
        sa.Column("run", ID, autoincrement=False, nullable=False),
        sa.Column("whose", sa.String(length=96), nullable=False),
        sa.Column("piece", sa.Text(), nullable=False),
        sa.Column("mark", sa.String(length=24), nullable=False),
        sa.PrimaryKeyConstraint("run", "whose", "piece"),
    )
