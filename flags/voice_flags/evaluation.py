"""Which variant a user gets, and why.

The first that applies decides: off, deny, allow, anonymous, requires, characters, share.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from voice_flags.bucket import bucket
from voice_flags.document import Document, Variant

MAX_CHAIN = 16

Flags = Mapping[str, Document]
"""The documents of one namespace by the name of their flag."""

NO_FLAGS: Flags = MappingProxyType({})


class Reason(StrEnum):
    OFF = "off"
    DENY = "deny"
    ALLOW = "allow"
    ANONYMOUS = "anonymous"
    REQUIRES = "requires"
    CHARACTER = "character"
    SEGMENT = "segment"
    SPLIT = "split"
    STALE = "stale"


class User(NamedTuple):
    """Who asks. No id, or an empty one, is anonymous."""

    id: str | None = None
    character: str | None = None
    segments: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Evaluation:
    variant: Variant
    reason: Reason

    @property
    def enabled(self) -> bool:
        return self.variant is Variant.CANDIDATE


OFF = Evaluation(Variant.STABLE, Reason.OFF)
_DENIED = Evaluation(Variant.STABLE, Reason.DENY)
_ALLOWED = Evaluation(Variant.CANDIDATE, Reason.ALLOW)
_ANONYMOUS = Evaluation(Variant.STABLE, Reason.ANONYMOUS)
_UNMET = Evaluation(Variant.STABLE, Reason.REQUIRES)
_OTHER_CHARACTER = Evaluation(Variant.STABLE, Reason.CHARACTER)
_OUTSIDE = Evaluation(Variant.STABLE, Reason.SPLIT)
_INSIDE = Evaluation(Variant.CANDIDATE, Reason.SPLIT)
_OUTSIDE_SEGMENT = Evaluation(Variant.STABLE, Reason.SEGMENT)
_INSIDE_SEGMENT = Evaluation(Variant.CANDIDATE, Reason.SEGMENT)


def evaluate(document: Document, user: User, others: Flags = NO_FLAGS) -> Evaluation:
    """The user's variant; `others` answers what the document requires.

    Reason ``segment`` says that a segment's larger share decided, either way; ``split`` that the
    general one did.
    """
    verdict = _by_lists(document, user)
    if verdict is not None:
        return verdict
    if document.requires and not _all_enabled(document, user, others):
        return _UNMET
    return _by_audience(document, user)


def stale(evaluation: Evaluation) -> Evaluation:
    """The same side, said to come from a document that may be out of date."""
    return Evaluation(evaluation.variant, Reason.STALE)


def _by_lists(document: Document, user: User) -> Evaluation | None:
    if not document.on:
        return OFF
    if user.id in document.deny:
        return _DENIED
    if user.id in document.allow:
        return _ALLOWED
    return None if user.id else _ANONYMOUS


def _by_audience(document: Document, user: User) -> Evaluation:
    if document.characters is not None and user.character not in document.characters:
        return _OTHER_CHARACTER
    place = bucket(document.salt, user.id or "")
    if document.segment_thresholds and user.segments:
        widest = max(document.segment_thresholds.get(name, 0) for name in user.segments)
        if widest > document.threshold:
            return _INSIDE_SEGMENT if place < widest else _OUTSIDE_SEGMENT
    return _INSIDE if place < document.threshold else _OUTSIDE


def _all_enabled(document: Document, user: User, others: Flags) -> bool:
    """Every flag down the chain is on for the user; a missing one, a circle or an endless chain is not."""
    known: set[str] = set()

    def enabled(name: str, path: tuple[str, ...]) -> bool:
        if name in known:
            return True
        required = others.get(name)
        if required is None or name in path or len(path) > MAX_CHAIN:
            return False
        verdict = _by_lists(required, user)
        if verdict is None:
            deeper = (*path, name)
            met = all(enabled(each, deeper) for each in required.requires)
            verdict = _by_audience(required, user) if met else _UNMET
        if verdict.enabled:
            known.add(name)
        return verdict.enabled

    return all(enabled(name, (document.flag,)) for name in document.requires)
