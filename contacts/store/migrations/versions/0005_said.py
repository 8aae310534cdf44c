"""What a source last said of an email, a phone and a tag that the CRM has changed since"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    for name in ("said_email", "said_phone"):
        op.add_column("contacts", sa.Column(name, sa.Text(), nullable=True))
        op.create_index(f"contacts_{name}", "contacts", ["location", name], unique=False)
    op.add_column("tags", sa.Column("said", sa.Boolean(), nullable=True))
    # Until now nobody but the sources said a word about tags.
    op.execute("UPDATE tags SET said = wanted")
