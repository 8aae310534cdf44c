"""What an install granted: OAuth tokens, and who may renew them"""

import sqlalchemy as sa  # noqa: F401
from alembic import op  # noqa: F401

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Filled by its owner."""
