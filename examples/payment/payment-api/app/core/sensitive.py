"""Models that keep their sensitive fields out of logs, reprs and error messages."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from app.core.redaction import MASK, register_sensitive

_SHORTEST: Final = 8  # of anything shorter, the last four would give too much away


@dataclass(frozen=True)
class Sensitive:
    """Annotates a field: `Annotated[str, Sensitive(last4=True)]` shows as `****4242`."""

    last4: bool = False

    def mask(self, value: object) -> str | None:
        """Return what may be shown in the place of `value`."""
        if value is None:
            return None
        text = str(value)
        return f"****{text[-4:]}" if self.last4 and len(text) >= _SHORTEST else MASK


class SensitiveModel(BaseModel):
    """A model with sensitive fields: its repr masks them, and logs know their names."""

    model_config = ConfigDict(hide_input_in_errors=True)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401 - pydantic's protocol
        """Tell the redaction of logs about the fields, under each of their names."""
        super().__pydantic_init_subclass__(**kwargs)
        for name, field in cls.model_fields.items():
            if any(isinstance(item, Sensitive) for item in field.metadata):
                register_sensitive(name, field.alias or name)

    def __repr_args__(self) -> Generator[tuple[str | None, Any], None, None]:
        """Yield what a repr shows."""
        fields = type(self).model_fields
        for name, value in super().__repr_args__():
            field = fields.get(name or "")
            marks = (
                [item for item in field.metadata if isinstance(item, Sensitive)] if field else []
            )
            yield name, marks[0].mask(value) if marks else value
