"""The catalogue of metric templates: PromQL that the platform owns, never the tenant."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from string import Template as Text
from typing import Any

import yaml

from voice_rollout.api.quantities import parse_duration

BY = "namespace, rollout, variant"
FIGURE = "figure"


@dataclass(frozen=True)
class Template:
    """One figure for every rollout at once."""

    name: str
    window: timedelta
    query: str
    """One PromQL expression that answers value and samples, told apart by the label `figure`."""


class TemplateError(ValueError):
    """A template the platform wrote cannot be used."""


def catalogue(own: str = "") -> Mapping[str, Template]:
    """The built-in templates and over them the platform's own, as YAML; an entry may change just the window.

    Raises TemplateError naming the template and what to write.
    """
    entries = _read(files("voice_rollout").joinpath("templates.yaml").read_text())
    for name, entry in _read(own).items():
        known = entries.get(name, {})
        entries[name] = {**known, **entry} if isinstance(entry, dict) else entry
    return {name: _template(name, entry) for name, entry in entries.items()}


def _read(text: str) -> dict[str, Any]:
    document = yaml.safe_load(text) or {}
    if not isinstance(document, dict):
        raise TemplateError("templates must be a mapping: write <name>: {window: 30s, value: <PromQL>}")
    return {str(name): entry for name, entry in document.items()}


def _template(name: str, entry: Any) -> Template:
    if not isinstance(entry, dict) or not {"window", "value"} <= entry.keys() <= {
        "window",
        "value",
        "samples",
    }:
        raise TemplateError(f"template {name}: write window, value and, where requests are counted, samples")
    try:
        window = parse_duration(entry["window"])
        figures = [
            _figure(figure, entry[figure], entry["window"])
            for figure in ("value", "samples")
            if figure in entry
        ]
    except (ValueError, KeyError) as error:
        raise TemplateError(f"template {name}: {error}") from error
    return Template(name, window, "\nor ".join(figures))


def _figure(figure: str, promql: str, window: str) -> str:
    expression = Text(promql).substitute(by=BY, window=window)
    return f'label_replace(({expression}), "{FIGURE}", "{figure}", "", "")'
