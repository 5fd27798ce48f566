"""All flags of one ConfigMap, carried from one reading to the next so that no bad reading moves a user."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from voice_flags.document import Document
from voice_flags.evaluation import OFF, Evaluation, User, evaluate, stale
from voice_flags.reading import DocumentError

SUFFIX = ".flag.json"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known of every rollout's flag.

    ``stale`` names the rollouts whose document is the last good one of a source that has gone away, was
    deleted or turned bad. ``problems`` says, by ConfigMap key, what was refused in the last reading and why.
    ``flags`` finds documents by the name of their flag, save a name that several rollouts claim.
    """

    documents: Mapping[str, Document] = field(default_factory=dict)
    stale: frozenset[str] = frozenset()
    problems: Mapping[str, str] = field(default_factory=dict)
    _texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    flags: Mapping[str, Document] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "flags", _by_flag(self.documents.values()))

    def merge(self, data: Mapping[str, str]) -> "Snapshot":
        """The next snapshot after the ConfigMap's whole `data` was read.

        A bad document, an older generation, or other content under the same generation is a problem and
        leaves the last good document, stale. So does a deleted key; written anew it may count afresh.
        """
        documents, texts, problems = dict(self.documents), dict[str, str](), dict[str, str]()
        for rollout, text in _flag_texts(data):
            try:
                documents[rollout] = self._successor(rollout, text)
                texts[rollout] = text
            except DocumentError as error:
                problems[rollout + SUFFIX] = str(error)
                if rollout in self._texts:
                    texts[rollout] = self._texts[rollout]
        current = {rollout for rollout in texts if rollout + SUFFIX not in problems}
        return Snapshot(
            documents=documents,
            stale=frozenset(documents.keys() - current),
            problems=problems | _disputes(documents.values()),
            _texts=texts,
        )

    def _successor(self, rollout: str, text: str) -> Document:
        if text == self._texts.get(rollout):
            return self.documents[rollout]
        document = Document.parse(text)
        if document.rollout != rollout:
            raise DocumentError(
                f"rollout: {document.rollout} stands under the key of {rollout}; write {rollout}"
            )
        if rollout in self._texts:
            _refuse_out_of_order(self.documents[rollout], document)
        return document

    def as_stale(self) -> "Snapshot":
        """The same documents once their source cannot be reached any more."""
        return replace(self, stale=frozenset(self.documents))

    def evaluate(self, rollout: str, user: User) -> Evaluation:
        """The user's variant in a rollout: stable, off, where nothing is known of it."""
        document = self.documents.get(rollout)
        if document is None:
            return OFF
        verdict = evaluate(document, user, self.flags)
        return stale(verdict) if rollout in self.stale else verdict


def _flag_texts(data: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(key.removesuffix(SUFFIX), text) for key, text in sorted(data.items()) if key.endswith(SUFFIX)]


def _refuse_out_of_order(known: Document, document: Document) -> None:
    if document.generation < known.generation:
        raise DocumentError(
            f"generation: {document.generation} is older than {known.generation}, which stays; write a higher"
        )
    if document.generation == known.generation and document != known and document.epoch <= known.epoch:
        raise DocumentError(
            f"generation: {document.generation} was seen with other content, which stays; write a higher"
        )


def _by_flag(documents: Iterable[Document]) -> dict[str, Document]:
    """Documents by flag, without the flags that several rollouts claim."""
    flags: dict[str, Document] = {}
    disputed: set[str] = set()
    for document in documents:
        if flags.setdefault(document.flag, document) is not document:
            disputed.add(document.flag)
    return {name: document for name, document in flags.items() if name not in disputed}


def _disputes(documents: Iterable[Document]) -> dict[str, str]:
    everyone = list(documents)
    sole = _by_flag(everyone)
    return {
        document.rollout + SUFFIX: f"flag: {document.flag} belongs to several rollouts; give each its own"
        for document in everyone
        if document.flag not in sole
    }
