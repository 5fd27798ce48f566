"""The shelf against a plain list of what was used when."""

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from voice_server.voices.shelf import Bounds, Shelf

KEYS = st.sampled_from("abcd")


@dataclass(frozen=True)
class Entry:
    key: str
    value: int
    size: int
    used: float


class ShelfMachine(RuleBasedStateMachine):
    """The model keeps all entries in order of use and says from scratch, each time, which of them are still there."""

    @initialize(entries=st.integers(1, 4), seconds=st.integers(1, 20), size=st.integers(5, 30))
    def begin(self, entries: int, seconds: int, size: int) -> None:
        self.bounds = Bounds(entries, seconds, size)
        self.shelf: Shelf[str, int] = Shelf(self.bounds)
        self.model: list[Entry] = []
        self.now = 0.0
        self.made = 0

    def known(self) -> list[Entry]:
        return [each for each in self.model if self.now - each.used < self.bounds.seconds]

    @rule(seconds=st.integers(0, 8))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule(key=KEYS, size=st.integers(0, 12))
    def keep(self, key: str, size: int) -> None:
        self.made += 1
        self.shelf.keep(key, self.made, size, self.now)
        others = [each for each in self.known() if each.key != key]
        self.model = others
        if size <= self.bounds.size:
            self.model = [*others, Entry(key, self.made, size, self.now)]
            while len(self.model) > self.bounds.entries or self._bytes() > self.bounds.size:
                self.model.pop(0)

    @rule(key=KEYS)
    def find(self, key: str) -> None:
        found = [each for each in self.known() if each.key == key]
        assert self.shelf.find(key, self.now) == (found[0].value if found else None)
        others = [each for each in self.known() if each.key != key]
        self.model = others + [Entry(key, each.value, each.size, self.now) for each in found]

    @rule(key=KEYS)
    def drop(self, key: str) -> None:
        there = any(each.key == key for each in self.model)
        assert self.shelf.drop(key) == there
        self.model = [each for each in self.model if each.key != key]

    @invariant()
    def it_holds_what_the_model_holds_within_its_bounds(self) -> None:
        assert list(self.shelf) == [each.key for each in self.model]
        assert (len(self.shelf), self.shelf.size) == (len(self.model), self._bytes())
        assert len(self.shelf) <= self.bounds.entries
        assert self.shelf.size <= self.bounds.size

    def _bytes(self) -> int:
        return sum(each.size for each in self.model)


ShelfMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestShelf = ShelfMachine.TestCase
