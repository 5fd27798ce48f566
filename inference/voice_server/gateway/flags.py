"""The flags in force: swapped whole, never backwards, never for a document that is not good."""

import logging
from collections.abc import Callable, Mapping

from voice_flags import SUFFIX, Document, Evaluation, Snapshot, User
from voice_server.gateway.metrics import GatewayMetrics

log = logging.getLogger(__name__)
STALE_AFTER = 15.0


class Flags:
    def __init__(self, figures: GatewayMetrics, clock: Callable[[], float]) -> None:
        self._figures = figures
        self._clock = clock
        self._snapshot = Snapshot()
        self._heard = clock()
        self._rejected: Mapping[str, str | None] = {}
        self.loaded = False
        figures.age.set_function(lambda: self.age)

    @property
    def age(self) -> float:
        """Seconds since the source last answered."""
        return self._clock() - self._heard

    @property
    def rollouts(self) -> list[str]:
        return sorted(self._snapshot.documents)

    def document(self, rollout: str) -> Document | None:
        return self._snapshot.documents.get(rollout)

    def evaluate(self, rollout: str, user: User) -> Evaluation:
        return self._snapshot.evaluate(rollout, user)

    def read(self, data: Mapping[str, str]) -> None:
        """Put the ConfigMap's whole content in force; what is bad in it leaves the last good document."""
        self._take(self._snapshot.merge(data))
        self._report(data)
        self.heard()

    def seed(self, data: Mapping[str, str]) -> None:
        """Start from a copy, which may be out of date, while the source is away."""
        self._take(Snapshot().merge(data).as_stale())
        self._report(data)

    def heard(self) -> None:
        """The source answers, whether or not anything has changed."""
        self._heard = self._clock()

    def lost(self) -> None:
        """The source does not answer; after a while every decision says that it may be out of date."""
        if self.age > STALE_AFTER:
            self._snapshot = self._snapshot.as_stale()

    def _take(self, snapshot: Snapshot) -> None:
        before, self._snapshot = self._snapshot.documents, snapshot
        self.loaded = True
        for rollout, document in snapshot.documents.items():
            if before.get(rollout) is not document:
                self._figures.know(document)

    def _report(self, data: Mapping[str, str]) -> None:
        rejected = {key: data.get(key) for key in self._snapshot.problems}
        for key, text in rejected.items():
            if key not in self._rejected or self._rejected[key] != text:
                self._figures.rejected.labels(key.removesuffix(SUFFIX)).inc()
                log.warning(
                    "flag document refused", extra={"key": key, "reason": self._snapshot.problems[key]}
                )
        self._rejected = rejected
