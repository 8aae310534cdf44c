"""Operations that were asked for by name"""

import sqlalchemy as sa  # noqa: F401
from alembic import op  # noqa: F401

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Filled by its owner."""
