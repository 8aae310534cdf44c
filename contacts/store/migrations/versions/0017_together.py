"""Jobs that can be done by one call, calls made for several, and when tags were last told"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN_ALIKE = sa.text("state IN ('waiting', 'released') AND alike IS NOT NULL")


def upgrade() -> None:
    op.add_column("jobs", sa.Column("alike", sa.BigInteger(), nullable=True))
    op.add_column("links", sa.Column("tags_at", sa.Double(), nullable=True))
    op.create_index(
        "jobs_alike",
        "jobs",
        ["location", "alike", "id"],
        unique=False,
        postgresql_where=OPEN_ALIKE,
        sqlite_where=OPEN_ALIKE,
    )
    op.create_table(
        "shared_calls",
        sa.Column("job", ID, autoincrement=False, nullable=False),
        sa.Column("call", ID, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("job", "call"),
    )
    op.create_index("shared_calls_of", "shared_calls", ["call"], unique=False)
