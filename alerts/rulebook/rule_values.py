"""Values of rules: one model for each kind, whose JSON Schema defines the form of the page. Pure.

A rule is stored as given; missing values follow wider rules or the defaults.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from schemas.rules import RuleField

Body = Mapping[str, Any]


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("no number")  # noqa: TRY004 - pydantic takes a ValueError for a fault of the input
    return value


IS_NUMBER = BeforeValidator(_number)
"""Takes 3 and 3.0, but no texts or booleans. Bounds in an `Annotated` stand before it, else no JSON Schema has them."""
Whole = Annotated[int, IS_NUMBER]
Number = Annotated[float, IS_NUMBER]


class RuleValues(BaseModel):
    """Values of the rules of a kind; each has a default."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    ordered: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Pairs of values; the first must be less than the second."""


def value(default: float, zh: str, en: str, unit: str = "", *, least: float, most: float) -> Any:
    """A value with bounds, label in two languages, and unit; no unit for shares."""
    return Field(default, ge=least, le=most, json_schema_extra={"zh": zh, "en": en, "unit": unit})


def values(default: tuple[int, ...], zh: str, en: str, unit: str, *, most: int) -> Any:
    """A list with a maximum length."""
    return Field(default, max_length=most, json_schema_extra={"zh": zh, "en": en, "unit": unit})


@dataclass(frozen=True, slots=True)
class ValueFault:
    """A fault and the path of its value, such as `hours.0.early_chance`."""

    where: str
    message: str


@cache
def fields(model: type[RuleValues]) -> Mapping[str, RuleField]:
    """Describe the values of a model by its JSON Schema."""
    schema = model.model_json_schema()["properties"]
    return {name: _field(name, schema[name]) for name in schema}


def faults(model: type[RuleValues], body: Body, *, inside: str = "") -> list[ValueFault]:
    """List the faults of given values; missing ones follow wider rules.

    Args:
        model: the possible values.
        body: the values.
        inside: path of their container, ending in a dot.
    """
    try:
        read = model.model_validate(dict(body))
    except ValidationError as error:
        wrong = {
            fault["loc"][0] for fault in error.errors(include_url=False, include_context=False, include_input=False)
        }
        return [ValueFault(f"{inside}{name}"[:80], _message(model, name)) for name in body if name in wrong]
    return list(_ordered(read, body, inside))


def _ordered(read: RuleValues, body: Body, inside: str) -> Iterator[ValueFault]:
    """Missing values are defaults; the fault is reported for a given value."""
    for low, high in read.ordered:
        least, most = getattr(read, low), getattr(read, high)
        if least >= most:
            yield ValueFault(f"{inside}{low if low in body else high}", f"{low} must be less than {high} ({most:g})")


def _message(model: type[RuleValues], name: str) -> str:
    known = fields(model)
    if name not in known:
        return f"unknown; the values are {', '.join(sorted(known))}"
    field = known[name]
    kind = "a whole number" if field.whole else "a number"
    bounds = f"{kind} from {field.least:g} to {field.most:g}{' ' if field.unit else ''}{field.unit}"
    return f"must be a list of at most {field.several}, each {bounds}" if field.several else f"must be {bounds}"


def _field(name: str, schema: Mapping[str, Any]) -> RuleField:
    item = schema.get("items", schema)
    return RuleField(
        name=name,
        zh=schema["zh"],
        en=schema["en"],
        unit=schema["unit"],
        least=item["minimum"],
        most=item["maximum"],
        default=schema["default"],
        whole=item["type"] == "integer",
        several=schema.get("maxItems", 0),
        city_only=False,
    )
