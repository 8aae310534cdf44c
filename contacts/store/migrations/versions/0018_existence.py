"""How it is found out who of a file is in the CRM already, and whom a page of its list showed"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0020"

JSON = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
)
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("runs", sa.Column("existence", JSON, nullable=True))
    op.create_table(
        "pairs",
        sa.Column("contact", ID, autoincrement=False, nullable=False),
        sa.Column("remote_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("contact"),
    )
