"""One request on its way through the engine: for its response's headers, its line in the log and the figures."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from voice_server.engine.metrics import EngineMetrics
from voice_server.engine.refusals import kind_of
from voice_server.http import RefusedError
from voice_server.logs import milliseconds

log = logging.getLogger(__name__)
_OUTCOMES = {429: "refused", 503: "refused", 504: "timeout", 500: "error"}


class Exchange:
    """`headers` and `line` gather what becomes known; settled once, however often it is said how it ended."""

    def __init__(
        self, request_id: str, engine: str, figures: EngineMetrics, clock: Callable[[], float]
    ) -> None:
        self.headers = {"X-Request-Id": request_id, "X-Engine": engine}
        self.line: dict[str, Any] = {"request_id": request_id, "job_id": request_id}
        self._figures = figures
        self._clock = clock
        self._began = clock()
        self._away = 0.0
        self._is_settled = False
        self._was_heard = False

    @contextmanager
    def handing_over(self) -> Iterator[None]:
        """A listener is given some of the speech, and takes his time in here: that is not the engine's."""
        left = self._clock()
        if not self._was_heard:
            self._was_heard = True
            self._figures.first_audio.observe(self._took(left))
            self.line["first_audio_ms"] = milliseconds(self._took(left))
        try:
            yield
        finally:
            self._away += self._clock() - left

    def refuse(self, refusal: RefusedError) -> None:
        kind = kind_of(refusal)
        # What is said of a text may quote it.
        reason = refusal.code if refusal.param == "input" else str(refusal)
        self.line |= {"reason": reason, "error": kind}
        self.settle(_OUTCOMES.get(refusal.status, "invalid"), kind)

    def settle(self, outcome: str, kind: str | None = None) -> None:
        """It ended so: counted and logged, with the kind of error if there was one."""
        if self._is_settled:
            return
        self._is_settled = True
        took = self._took(self._clock())
        self._figures.count(outcome, took, kind)
        log.info("speech", extra=self.line | {"outcome": outcome, "duration_ms": milliseconds(took)})

    def _took(self, until: float) -> float:
        return until - self._began - self._away
