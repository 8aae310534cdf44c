"""Rules, and what they have fired for"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "rulesets",
        sa.Column("location", sa.String(length=64), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("location"),
    )
    op.create_table(
        "rule_states",
        sa.Column("contact", ID, autoincrement=False, nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("ours", JSON, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("contact"),
    )
    op.create_table(
        "firings",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("location", sa.String(length=64), nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("depth", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("job", ID, nullable=True),
        sa.Column("did", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("firings_once", "firings", ["contact", "rule", "cause"], unique=True)
    op.create_index("firings_of_rule", "firings", ["location", "rule", "at"], unique=False)
    op.create_index("firings_at", "firings", ["at"], unique=False)
    op.create_table(
        "opportunities",
        sa.Column("location", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("remote", ID, nullable=False),
        sa.Column("pipeline", sa.String(length=64), nullable=False),
        sa.Column("stage", sa.String(length=64), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("gone_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("location", "id"),
    )
    op.create_index("opportunities_of_remote", "opportunities", ["remote"], unique=False)
