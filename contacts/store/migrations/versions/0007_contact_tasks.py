"""Tasks of contacts, and notes that change"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    for column in (
        sa.Column("said", sa.String(length=16), nullable=True),
        sa.Column("moved_at", sa.Double(), nullable=True),
        sa.Column("shown", sa.String(length=16), nullable=True),
        sa.Column("owed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("deleted_at", sa.Double(), nullable=True),
        sa.Column("theirs", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("wrote_at", sa.Double(), nullable=True),
        sa.Column("past", JSON, server_default=sa.text("'[]'"), nullable=False),
    ):
        op.add_column("notes", column)
    op.create_table(
        "contact_tasks",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("key", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=True),
        sa.Column("completed", sa.Boolean(), nullable=False),
        sa.Column("assigned_to", sa.String(length=64), nullable=True),
        sa.Column("remote_id", sa.String(length=64), nullable=True),
        sa.Column("agreed", JSON, nullable=True),
        sa.Column("said", JSON, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("moved_at", JSON, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("owed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("settled_at", sa.Double(), nullable=True),
        sa.Column("gone_at", sa.Double(), nullable=True),
        sa.Column("deleted_at", sa.Double(), nullable=True),
        sa.Column("theirs", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("past", JSON, server_default=sa.text("'[]'"), nullable=False),
        sa.Column("walked_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("contact_tasks_once", "contact_tasks", ["contact", "key"], unique=True)
    op.create_index("contact_tasks_remote", "contact_tasks", ["remote_id"])
    op.create_table(
        "task_walks",
        sa.Column("location", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("location"),
    )
