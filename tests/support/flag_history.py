"""Where users have been, told by every version of their flag that was ever committed."""

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

import aiohttp

from support.clock import Clock
from support.kube import Kube, Object, RefusedError


class Place(NamedTuple):
    """Where the committed flag document has the users."""

    phase: str
    percentage: float


@dataclass
class FlagHistory:
    """Every version of one rollout's flag document that was ever committed, as the API server tells it."""

    rollout: str
    clock: Clock
    documents: list[Object] = field(default_factory=list)
    at: list[float] = field(default_factory=list)

    @property
    def places(self) -> list[Place]:
        """Where users were, one after the other."""
        found: list[Place] = []
        for document in self.documents:
            place = Place(
                document["phase"] if document["state"] == "on" else "disabled", document["percentage"]
            )
            if not found or found[-1] != place:
                found.append(place)
        return found

    async def follow(self, kube: Kube, config_map: str) -> None:
        """Until cancelled, over every break of the watch."""
        where, version = config_map, ""
        while True:
            try:
                if not version:
                    listed = await kube.get(where)
                    version = listed["metadata"]["resourceVersion"]
                    self._take(*listed["items"])
                async for kind, live in kube.watch(where, version):
                    version = live["metadata"]["resourceVersion"]
                    self._take(*([live] if kind != "DELETED" else []))
            except RefusedError as refused:
                version = "" if refused.status == 410 else version
            except (aiohttp.ClientError, TimeoutError, json.JSONDecodeError):
                pass
            await asyncio.sleep(0.05)

    def _take(self, *found: Object) -> None:
        for live in found:
            with suppress(ValueError, KeyError):
                document = json.loads(live["data"][f"{self.rollout}.flag.json"])
                if not self.documents or self.documents[-1] != document:
                    self.documents.append(document)
                    self.at.append(self.clock())
