"""The CustomResourceDefinition, generated from the types: nothing in it is written twice.

`voice-rollout crds` prints it; `make crds` writes it to `crds/` and to the chart, and a test fails when they differ.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from .names import GROUP, KIND, PLURAL, VERSION
from .quantities import JsonSchema, format_duration, json_number, rule, rules
from .spec import Spec
from .status import Status

HEADER = "# Generated from operator/voice_rollout/api by `make crds`: change the types, not this file.\n"
COLUMNS = (
    ("Phase", "string", ".status.phase", "Phase that users are in"),
    ("%", "number", ".status.percentage", "Share of the users on the candidate"),
    ("State", "string", ".status.state", "What the operator is doing"),
    ("Health", "string", '.status.conditions[?(@.type=="MetricsHealthy")].reason', "Verdict of the metrics"),
    ("Next", "string", ".status.next.summary", "Next move and what it waits for"),
    ("Age", "date", ".metadata.creationTimestamp", ""),
)
_DROPPED = frozenset({"title", "additionalProperties"})
_NAME_RULES = (
    rule(
        "self.metadata.name.size() <= 53",
        "name is too long for the Services made from it: write 53 characters or less",
    ),
    rule(
        "self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
        "name must start with a letter and hold only a-z, 0-9 and -: Services are named after it",
    ),
)


def _schema_of(model: type[BaseModel], mode: JsonSchemaMode) -> JsonSchema:
    return structural(model.model_json_schema(mode=mode, schema_generator=_Generator))


def structural(schema: JsonSchema) -> JsonSchema:
    """A pydantic schema as Kubernetes wants it: no references, no titles, null means absent."""
    return _structural(schema, schema.get("$defs", {}))


def _structural(node: JsonSchema, definitions: JsonSchema) -> JsonSchema:
    node = _resolved(node, definitions)
    maps = isinstance(node.get("additionalProperties"), dict)
    out = {key: value for key, value in node.items() if key not in _DROPPED or (maps and key != "title")}
    if maps:
        out["additionalProperties"] = _structural(node["additionalProperties"], definitions)
        out.pop("propertyNames", None)
    if "properties" in node:
        out["properties"] = {k: _structural(v, definitions) for k, v in node["properties"].items()}
    if "items" in node:
        out["items"] = _structural(node["items"], definitions)
    return out


def _resolved(node: JsonSchema, definitions: JsonSchema) -> JsonSchema:
    """Follow references and take the one alternative that is not null; what stands beside them wins."""
    beside = {k: v for k, v in node.items() if k not in {"$ref", "anyOf", "$defs", "default"}}
    beside |= _default(node)
    if "$ref" in node:
        target = definitions[node["$ref"].rpartition("/")[2]]
        return _merged(_resolved(target, definitions), beside)
    if "anyOf" in node:
        (only,) = [choice for choice in node["anyOf"] if choice != {"type": "null"}]
        return _merged(_resolved(only, definitions), beside)
    return beside


def _default(node: JsonSchema) -> JsonSchema:
    return {} if node.get("default") is None else {"default": node["default"]}


class _Generator(GenerateJsonSchema):
    """Writes defaults as a user would: durations with units, numbers as numbers, no nulls."""

    def encode_default(self, dft: Any) -> Any:
        match dft:
            case timedelta():
                return format_duration(dft)
            case Decimal():
                return json_number(dft)
            case BaseModel():
                return dft.model_dump(mode="json", by_alias=True, exclude_none=True)
            case _:
                return super().encode_default(dft)


def _merged(base: JsonSchema, beside: JsonSchema) -> JsonSchema:
    key = "x-kubernetes-validations"
    both = [*base.get(key, []), *beside.get(key, [])]
    return base | beside | ({key: both} if both else {})


def crd() -> dict[str, Any]:
    """The VoiceRollout resource definition."""
    root = {
        "type": "object",
        "required": ["spec"],
        **rules(*_NAME_RULES),
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": _schema_of(Spec, "validation"),
            "status": _optional(_schema_of(Status, "serialization")),
        },
    }
    columns = [
        {"name": name, "type": kind, "jsonPath": path, **({"description": text} if text else {})}
        for name, kind, path, text in COLUMNS
    ]
    version = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": columns,
        "schema": {"openAPIV3Schema": root},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{PLURAL}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"kind": KIND, "plural": PLURAL, "singular": KIND.lower(), "shortNames": ["vr"]},
            "versions": [version],
        },
    }


def _optional(schema: JsonSchema) -> JsonSchema:
    """A status may be partial: nothing in it is required or defaulted."""
    out = {key: value for key, value in schema.items() if key not in {"required", "default"}}
    if "properties" in out:
        out["properties"] = {k: _optional(v) for k, v in out["properties"].items()}
    if "items" in out:
        out["items"] = _optional(out["items"])
    if isinstance(out.get("additionalProperties"), dict):
        out["additionalProperties"] = _optional(out["additionalProperties"])
    return out


class _Plain(yaml.SafeDumper):
    """Writes out what is the same in two places: people read this file."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def render() -> str:
    """The CRD as YAML, with its header."""
    return HEADER + yaml.dump(crd(), Dumper=_Plain, sort_keys=False, width=120, allow_unicode=True)
