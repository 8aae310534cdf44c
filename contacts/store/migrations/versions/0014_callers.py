"""Which process made a call, and what the last check of a location found"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    op.add_column("calls", sa.Column("worker", sa.String(length=200), nullable=True))
    op.create_table(
        "checks",
        sa.Column("location", sa.String(length=64), nullable=False),
        sa.Column("checked_at", sa.Double(), nullable=False),
        sa.Column("found", JSON, nullable=False),
        sa.PrimaryKeyConstraint("location"),
    )
