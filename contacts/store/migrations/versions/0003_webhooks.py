"""What the CRM's webhooks told, what its answers showed, and which values lost"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
WAITING = sa.text("settled_at IS NULL")


def upgrade() -> None:
    heard()
    seen()
    op.add_column("contacts", sa.Column("gone_at", sa.Double(), nullable=True))
    op.add_column("notes", sa.Column("gone_at", sa.Double(), nullable=True))


def heard() -> None:
    op.create_table(
        "remotes",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("location", sa.String(length=64), nullable=False),
        sa.Column("remote_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("remotes_named", "remotes", ["location", "remote_id"], unique=True)
    op.create_table(
        "webhooks",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("webhook", sa.String(length=64), nullable=False),
        sa.Column("location", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("remote", ID, nullable=True),
        sa.Column("thing", sa.String(length=64), nullable=True),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("received_at", sa.Double(), nullable=False),
        sa.Column("payload", JSON, nullable=True),
        sa.Column("settled_at", sa.Double(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("webhook"),
    )
    op.create_index("webhooks_received", "webhooks", ["received_at"], unique=False)
    op.create_index(
        "webhooks_waiting",
        "webhooks",
        ["remote"],
        unique=False,
        postgresql_where=WAITING,
        sqlite_where=WAITING,
    )
    op.create_table(
        "webhook_counts",
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("location", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("day", "location", "type"),
    )


def seen() -> None:
    op.create_table(
        "sightings",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("dated", sa.Boolean(), nullable=False),
        sa.Column("marks", JSON, nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("sent", JSON, nullable=False),
        sa.Column("heard", JSON, nullable=False),
        sa.Column("seen_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("sightings_of_contact", "sightings", ["contact", "id"], unique=False)
    op.create_index("sightings_seen", "sightings", ["seen_at"], unique=False)
    op.create_table(
        "history",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("lost", JSON, nullable=False),
        sa.Column("side", sa.String(length=8), nullable=False),
        sa.Column("cause", sa.String(length=32), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("job", ID, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("history_of_contact", "history", ["contact", "id"], unique=False)
    op.create_index("history_at", "history", ["at"], unique=False)
    op.create_table(
        "past_links",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("location", sa.String(length=64), nullable=False),
        sa.Column("remote_id", sa.String(length=64), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.Column("cause", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("past_links_of_contact", "past_links", ["contact"], unique=False)
    op.create_index("past_links_remote", "past_links", ["location", "remote_id"], unique=False)
