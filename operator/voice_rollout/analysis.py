"""Asks Prometheus on its own beat, so that a slow one holds up nobody's rollback."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from voice_rollout.clients.prometheus import Answer, Prometheus
from voice_rollout.decision.judge import Failed, Measured, Reading
from voice_rollout.decision.model import Rollout
from voice_rollout.decision.tally import Tally
from voice_rollout.resources.templates import Template

BEAT_SECONDS = 0.1
PATIENCE = timedelta(seconds=5)
"""A query that is not back by then counts as failed; its template is not asked again before it is."""


class Analyst:
    """The latest answer of each template that some rollout uses."""

    def __init__(
        self,
        prometheus: Prometheus | None,
        catalogue: Mapping[str, Template],
        clock: Callable[[], datetime],
        on_answer: Callable[[], None],
    ) -> None:
        self._prometheus, self._catalogue, self._clock, self._on_answer = (
            prometheus,
            catalogue,
            clock,
            on_answer,
        )
        self._threads = ThreadPoolExecutor(
            max_workers=max(4, len(catalogue)), thread_name_prefix="prometheus"
        )
        self._wanted: dict[str, timedelta] = {}
        self._asked: dict[str, datetime] = {}
        self._pending: dict[str, asyncio.Task[None]] = {}
        self._answers: dict[str, Answer | Failed] = {}

    @property
    def templates(self) -> frozenset[str]:
        """Names of the catalogue."""
        return frozenset(self._catalogue)

    def want(self, intervals: Mapping[str, timedelta]) -> None:
        """The templates that rollouts need, each at the shortest interval that any of them asks for."""
        self._wanted = {name: every for name, every in intervals.items() if name in self._catalogue}
        self._answers = {name: answer for name, answer in self._answers.items() if name in self._wanted}

    def readings(self, rollout: Rollout) -> dict[str, Reading]:
        """The latest answers as one rollout's metrics."""
        found: dict[str, Reading] = {}
        for metric in rollout.spec.analysis.metrics:
            answer = self._answers.get(metric.template)
            if isinstance(answer, Answer):
                found[metric.name] = answer.reading(rollout.namespace, rollout.name)
            elif answer is not None:
                found[metric.name] = answer
        return found

    def counted(self, rollout: Rollout, tally: Tally) -> dict[str, Measured]:
        """What the gateways can tell of one rollout's metrics without Prometheus."""
        found: dict[str, Measured] = {}
        for metric in rollout.spec.analysis.metrics:
            template = self._catalogue.get(metric.template)
            if template is not None and template.is_error_rate:
                measured = tally.error_rate(rollout.name, template.window)
                found |= {metric.name: measured} if measured is not None else {}
        return found

    def latest(self, templates: frozenset[str]) -> tuple[tuple[str, datetime], ...]:
        """When each of these templates was last answered: changes with every new answer."""
        known = self._answers.items()
        return tuple(sorted((name, answer.at) for name, answer in known if name in templates))

    async def run(self) -> None:
        """Ask for ever."""
        try:
            while True:
                for name, every in self._wanted.items():
                    self._ask_when_due(name, every)
                await asyncio.sleep(BEAT_SECONDS)
        finally:
            self._threads.shutdown(wait=False, cancel_futures=True)

    def _ask_when_due(self, name: str, every: timedelta) -> None:
        now, asked = self._clock(), self._asked.get(name)
        if name in self._pending:
            if asked is not None and now - asked > PATIENCE:
                self._keep(name, Failed(now, f"Prometheus: no answer in {PATIENCE.total_seconds():g} s"))
        elif asked is None or now - asked >= every:
            self._asked[name] = now
            self._pending[name] = asyncio.create_task(self._ask(self._catalogue[name], now))

    async def _ask(self, template: Template, at: datetime) -> None:
        try:
            if self._prometheus is None:
                answer: Answer | Failed = Failed(
                    at, "no Prometheus is configured: set prometheus.url in the chart"
                )
            else:
                loop = asyncio.get_running_loop()
                answer = await loop.run_in_executor(self._threads, self._prometheus.ask, template, at)
            self._keep(template.name, answer)
        finally:
            del self._pending[template.name]

    def _keep(self, name: str, answer: Answer | Failed) -> None:
        known = self._answers.get(name)
        if known is None or answer.at >= known.at:
            self._answers[name] = answer
            self._on_answer()
