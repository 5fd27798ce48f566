"""How both servers show their figures to Prometheus."""

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 45, 60)
"""Fine where the promises lie: p50 of 2 to 3 s, p99 of 8, 10, 12 and 20 s."""
FIRST_SECONDS = (0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 3, 5, 8, 12, 20, 30)
"""Fine where a listener begins to notice that he waits."""


def new_registry() -> CollectorRegistry:
    disable_created_metrics()
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    return registry


def routes(registry: CollectorRegistry) -> APIRouter:
    """`/metrics` and its second name."""
    router = APIRouter()

    @router.get("/metrics")
    @router.get("/metrics/prometheus")
    def metrics() -> Response:
        """Runs in a thread: with many rollouts the page takes longer than a request may wait."""
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return router
