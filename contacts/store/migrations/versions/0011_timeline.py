"""How each value came to be; who is forgotten"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "timeline",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("contact", ID, nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("changes", JSON, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("job", ID, nullable=True),
        sa.Column("run", ID, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("timeline_of_contact", "timeline", ["contact", "id"], unique=False)
    op.create_index("timeline_at", "timeline", ["at"], unique=False)
    fold_in_what_lost()
    op.create_table(
        "forgotten",
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("mark"),
    )


def fold_in_what_lost() -> None:
    """A value that lost is something that happened, like everything else."""
    if op.get_bind().dialect.name == "postgresql":
        changes = "jsonb_build_object(field, jsonb_build_array(lost, null, side, cause))"
    else:
        changes = "json_object(field, json_array(json(lost), null, side, cause))"
    op.execute(
        f"INSERT INTO timeline (contact, what, changes, at, job) "
        f"SELECT contact, 'conflict', {changes}, at, job FROM history ORDER BY id"
    )
    op.drop_table("history")
