"""How answers leave the gateway."""

from collections.abc import Callable

from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from voice_server.gateway.tap import PIECE


class Whole(Response):
    """Sends its body piece by piece, each when the client takes it: written at once, uvicorn would hold it twice."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for start in range(0, len(self.body), PIECE):
            piece = bytes(self.body[start : start + PIECE])
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class Ending:
    """An answer, and what is done when it has been sent or nobody takes it any more."""

    def __init__(self, answer: Response, end: Callable[[], None]) -> None:
        self._answer = answer
        self._end = end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._answer(scope, receive, send)
        finally:
            self._end()
