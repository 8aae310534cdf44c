"""Which message a released job travels in"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0019"


def upgrade() -> None:
    # What is out at this moment counts as no message until it is released anew: a few seconds.
    op.add_column(
        "jobs",
        sa.Column("message", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
    )
