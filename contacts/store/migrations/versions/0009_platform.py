"""Enrolments, lists and cursors of the course platform"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    connections()
    wishes()
    heard()


def connections() -> None:
    op.create_table(
        "platforms",
        sa.Column("location", sa.String(length=64), nullable=False),
        sa.Column("config", JSON, nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("kept_at", sa.Double(), nullable=False),
        sa.Column("courses_read_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("location"),
    )
    op.create_table(
        "courses",
        sa.Column("location", sa.String(length=64), nullable=False),
        sa.Column("course", sa.String(length=128), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("location", "course"),
    )
    op.create_table(
        "feed_cursors",
        sa.Column("location", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("cursor", JSON, nullable=False),
        sa.Column("read_at", sa.Double(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("location"),
    )


def wishes() -> None:
    op.create_table(
        "enrolments",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("course", sa.String(length=128), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("settled_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("enrolments_once", "enrolments", ["contact", "course"], unique=True)
    op.create_table(
        "lists",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("list", sa.String(length=128), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=True),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("lists_once", "lists", ["contact", "list"], unique=True)


def heard() -> None:
    op.create_table(
        "platform_events",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("location", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("received_at", sa.Double(), nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("event"),
    )
    op.create_index("platform_events_of_contact", "platform_events", ["contact", "id"])
    op.create_index("platform_events_received", "platform_events", ["received_at"])
    op.create_table(
        "platform_links",
        sa.Column("contact", ID, autoincrement=False, nullable=False),
        sa.Column("location", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=256), nullable=False),
        sa.Column("told", JSON, nullable=False),
        sa.Column("emptied", JSON, server_default=sa.text("'[]'"), nullable=False),
        sa.Column("settled_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("contact"),
    )
    op.create_index("platform_links_key", "platform_links", ["location", "key"])
