"""Which duty of the clock was done when: several beats may tick"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "ticks",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("tick", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
