"""The catalogue of metric templates: PromQL that the platform owns, never the tenant."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib.resources import files
from string import Template as Text
from typing import Any

import yaml

from voice_rollout.api.quantities import parse_duration

BY = "namespace, rollout, variant"
FIGURE = "figure"
ERROR_RATE = "error-rate"


@dataclass(frozen=True)
class Template:
    """One figure for every rollout at once."""

    name: str
    window: timedelta
    query: str
    """One PromQL expression that answers value and samples, told apart by the label `figure`."""
    is_error_rate: bool = False
    """It is the built-in share of failed requests, which the gateways can tell, too."""


class TemplateError(ValueError):
    """A template the platform wrote cannot be used."""


def catalogue(own: str = "") -> Mapping[str, Template]:
    """The built-in templates and over them the platform's own, as YAML; an entry may change just the window.

    Raises TemplateError naming the template and what to write.
    """
    built_in = _read(files("voice_rollout").joinpath("templates.yaml").read_text())
    entries = dict(built_in)
    for name, entry in _read(own).items():
        known = entries.get(name, {})
        entries[name] = {**known, **entry} if isinstance(entry, dict) else entry
    made = {name: _template(name, entry) for name, entry in entries.items()}
    if entries[ERROR_RATE]["value"] == built_in[ERROR_RATE]["value"]:
        made[ERROR_RATE] = replace(made[ERROR_RATE], is_error_rate=True)
    return made


def _read(text: str) -> dict[str, Any]:
    try:
        document = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise TemplateError(f"templates are not YAML: {error}") from error
    if not isinstance(document, dict):
        raise TemplateError("templates must be a mapping: write <name>: {window: 30s, value: <PromQL>}")
    return {str(name): entry for name, entry in document.items()}


def _template(name: str, entry: Any) -> Template:
    known = {"window", "value", "samples"}
    if not isinstance(entry, dict) or not {"window", "value"} <= entry.keys() <= known:
        raise TemplateError(f"template {name}: write window, value and, where requests are counted, samples")
    if not all(isinstance(text, str) for text in entry.values()):
        raise TemplateError(f"template {name}: write window, value and samples as text, such as window: 30s")
    try:
        window = parse_duration(entry["window"])
    except ValueError as error:
        raise TemplateError(f"template {name}: {error}") from error
    figures = [_figure(name, figure, entry) for figure in ("value", "samples") if figure in entry]
    return Template(name, window, "\nor ".join(figures))


def _figure(name: str, figure: str, entry: Mapping[str, str]) -> str:
    try:
        expression = Text(entry[figure]).substitute(by=BY, window=entry["window"])
    except (ValueError, KeyError) as error:
        told = (
            f"template {name}: {figure} has a $ that is neither $by nor $window: write $$ for the sign itself"
        )
        raise TemplateError(told) from error
    return f'label_replace(({expression}), "{FIGURE}", "{figure}", "", "")'
