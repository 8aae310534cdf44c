"""A pause of bulk alone and a pause of everything are two: neither ends or hides the other"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("locations", sa.Column("bulk_paused_until", sa.Double(), nullable=True))
    op.add_column("locations", sa.Column("bulk_pause_reason", sa.Text(), nullable=True))
    op.execute(
        "UPDATE locations SET bulk_paused_until = paused_until, bulk_pause_reason = pause_reason, "
        "paused_until = NULL, pause_reason = NULL WHERE pause_bulk_only"
    )
    op.drop_column("locations", "pause_bulk_only")
