"""What every part of the config is: a wrong name is an error."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
"""A chance, or a part of a whole."""


class Strict(BaseModel):
    """Frozen, and an unknown name is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
