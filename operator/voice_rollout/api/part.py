"""What every piece of the resource is: a frozen value that knows its schema and its rules."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from .quantities import rules


class Part(BaseModel):
    """Frozen, camelCase outside, no unknown fields."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        use_attribute_docstrings=True,
    )


def with_rules(*entries: dict[str, str]) -> ConfigDict:
    """CEL rules as the configuration of a model, for its `model_config`."""
    return ConfigDict(json_schema_extra=rules(*entries))
