"""What a walk over the CRM's contacts has seen, page by page"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "walks",
        sa.Column("run", _ID, primary_key=True, autoincrement=False),
        sa.Column("location", sa.String(64), nullable=False),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("phase", sa.String(16), nullable=False),
        sa.Column("cursor", _JSON),
        sa.Column("since", sa.Double()),
        sa.Column("begun_at", sa.Double(), nullable=False),
        sa.Column("first_total", sa.Integer()),
        sa.Column("last_total", sa.Integer()),
        sa.Column("place", _ID, nullable=False, server_default=sa.text("0")),
        sa.Column("shown", _JSON, nullable=False, server_default=sa.text("'[]'")),
        sa.Column("confirmed", sa.Boolean(), nullable=False, server_default=sa.text("false")),
    )
    op.create_index("walks_of_location", "walks", ["location", "run"])
    op.create_table(
        "walk_seen",
        sa.Column("run", _ID, primary_key=True, autoincrement=False),
        sa.Column("remote_id", sa.String(64), primary_key=True),
    )
    op.create_table(
        "walk_findings",
        sa.Column("run", _ID, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(40), primary_key=True),
        sa.Column("contact", _ID, primary_key=True, autoincrement=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("remote_id", sa.String(64)),
    )
