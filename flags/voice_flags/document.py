"""The flag document: what the operator publishes for one rollout, and every reader decides by."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Self

from voice_flags.reading import Field, load, thousandths

VERSION = 1
MAX_REQUIRED = 16
MAX_CHARACTERS = 1024

_ROLLOUT = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_FLAG = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,251}[A-Za-z0-9])?")


class Variant(StrEnum):
    STABLE = "stable"
    CANDIDATE = "candidate"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One variant: the engine's name as people know it, and its address in the cluster (None: flag only)."""

    name: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """One rollout's flag at one generation.

    Percentages are exact decimals from 0 to 100 with at most three places. ``characters`` None means all of
    them, an empty set nobody.
    """

    rollout: str
    flag: str
    generation: int
    epoch: int
    on: bool
    phase: str
    percentage: Decimal
    salt: str
    stable: Endpoint
    candidate: Endpoint
    allow: frozenset[str] = frozenset()
    deny: frozenset[str] = frozenset()
    requires: tuple[str, ...] = ()
    segments: Mapping[str, Decimal] = field(default_factory=dict)
    characters: frozenset[str] | None = None
    threshold: int = field(init=False, repr=False, compare=False)
    segment_thresholds: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        thresholds = {name: thousandths(f"segments.{name}", share) for name, share in self.segments.items()}
        object.__setattr__(self, "threshold", thousandths("percentage", self.percentage))
        object.__setattr__(self, "segment_thresholds", thresholds)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The document in `text`; DocumentError names the first field that is wrong and what to write."""
        fields = Field("", load(text)).members(_FIELDS)
        if fields["version"].integer(1) != VERSION:
            fields["version"].refuse(f"this reader knows version {VERSION}; update the reader")
        variants = fields["variants"].members(Variant)
        return cls(
            rollout=fields["rollout"].matching(_ROLLOUT, "write the rollout's name, such as f5-tts"),
            flag=fields["flag"].matching(_FLAG, "write a flag's name, such as f5tts_engine"),
            generation=fields["generation"].integer(1),
            epoch=fields["epoch"].integer(0),
            on=fields["state"].one_of(("on", "off")) == "on",
            phase=fields["phase"].text(),
            percentage=fields["percentage"].percentage(),
            salt=fields["salt"].text(),
            stable=_endpoint(variants["stable"]),
            candidate=_endpoint(variants["candidate"]),
            allow=frozenset(fields["allow"].texts()),
            deny=frozenset(fields["deny"].texts()),
            requires=fields["requires"].texts(most=MAX_REQUIRED),
            segments=_shares(fields["segments"]),
            characters=_characters(fields["characters"]),
        )

    def to_json(self) -> str:
        """The canonical text: equal documents give equal text, and `parse` gives the document back."""
        return json.dumps(
            {
                "version": VERSION,
                "rollout": self.rollout,
                "flag": self.flag,
                "generation": self.generation,
                "epoch": self.epoch,
                "state": "on" if self.on else "off",
                "phase": self.phase,
                "percentage": _number(self.threshold),
                "salt": self.salt,
                "allow": sorted(self.allow),
                "deny": sorted(self.deny),
                "requires": list(self.requires),
                "segments": {name: _number(share) for name, share in sorted(self.segment_thresholds.items())},
                "characters": None if self.characters is None else sorted(self.characters),
                "variants": {
                    "stable": {"name": self.stable.name, "url": self.stable.url},
                    "candidate": {"name": self.candidate.name, "url": self.candidate.url},
                },
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )

    def endpoint(self, variant: Variant) -> Endpoint:
        return self.candidate if variant == Variant.CANDIDATE else self.stable


_FIELDS = (
    "version", "rollout", "flag", "generation", "epoch", "state", "phase", "percentage", "salt",
    "allow", "deny", "requires", "segments", "characters", "variants",
)  # fmt: skip


def _endpoint(value: Field) -> Endpoint:
    fields = value.members(("name", "url"))
    return Endpoint(fields["name"].text(), fields["url"].url())


def _shares(value: Field) -> dict[str, Decimal]:
    shares = value.items("segments and their shares")
    return {Field(f"{value.where}.{name}", name).text(): share.percentage() for name, share in shares.items()}


def _characters(value: Field) -> frozenset[str] | None:
    return None if value.value is None else frozenset(value.texts(most=MAX_CHARACTERS))


def _number(thousandths_of_percent: int) -> int | float:
    """A JSON number whose digits are exact: a double's shortest text never needs more than these decimals."""
    whole, rest = divmod(thousandths_of_percent, 1000)
    return thousandths_of_percent / 1000 if rest else whole
