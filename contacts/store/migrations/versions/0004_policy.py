"""Who decides over the fields; when a source moved one, what it said, what was not answered"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "policies",
        sa.Column("location", sa.String(length=64), nullable=False),
        sa.Column("rules", JSON, nullable=False),
        sa.Column("kept_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("location"),
    )
    for table, column in (("contacts", "moved_at"), ("contacts", "said"), ("links", "unanswered")):
        op.add_column(
            table, sa.Column(column, JSON, server_default=sa.text("'{}'"), nullable=False)
        )
