"""The voices of an engine, as clients see them."""

from collections.abc import Collection
from typing import Any

from voice_server.voices.registry import Listing, Papers


def described(names: Collection[str], listing: Listing) -> list[dict[str, Any]]:
    """Every voice that the engine has, with the papers of those that have some."""
    papers = {voice.name: voice.papers for voice in listing.voices}
    return [
        {"id": name, "object": "voice"} | papers.get(name, Papers()).model_dump(exclude_none=True)
        for name in sorted(names)
    ]
