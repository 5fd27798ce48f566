"""What both servers do with HTTP: bounded bodies, request ids, refusals in one shape, clients that leave."""

import asyncio
import re
import uuid
from collections.abc import Awaitable, Mapping
from http import HTTPStatus
from typing import TypeVar

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from voice_server.schemas import refusal

T = TypeVar("T")
BODY_DEADLINE = 10.0
CLIENT_GONE = 499
OVERLOADED = frozenset({429, 503})
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}")


class RefusedError(Exception):
    """An answer other than speech: its status, a code for programs and a message for people."""

    def __init__(
        self, status: int, code: str, message: str, param: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.param = param
        self.retry_after = retry_after

    @property
    def content(self) -> dict[str, object]:
        """What the client is told, in OpenAI's shape."""
        ours = self.status in OVERLOADED or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        return refusal(self.code, str(self), self.param, "server_error" if ours else "invalid_request_error")

    def response(self, headers: Mapping[str, str] | None = None) -> Response:
        known = dict(headers or {})
        if self.retry_after is not None:
            known["Retry-After"] = str(max(1, round(self.retry_after)))
        return JSONResponse(self.content, self.status, known)


class ClientGoneError(Exception):
    """Nobody waits for the answer any more."""


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body, refused as soon as it is known to be longer than `limit` bytes, packed or too slow."""
    if request.headers.get("content-encoding", "identity") != "identity":
        raise RefusedError(
            415, "unsupported_encoding", "Content-Encoding: send the JSON as it is, not compressed"
        )
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_DEADLINE):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise RefusedError(
                        413, "body_too_large", f"the body is too long; send at most {limit} bytes"
                    )
    except ClientDisconnect:
        raise ClientGoneError from None
    except TimeoutError:
        raise RefusedError(
            408, "body_too_slow", f"the body did not arrive in {BODY_DEADLINE:.0f} s"
        ) from None
    return bytes(body)


def request_id(request: Request) -> str:
    """The client's own id for the request when it is usable, else a new one."""
    given = request.headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


async def while_connected(request: Request, work: Awaitable[T]) -> T:
    """The work's result; the work is cancelled, and ClientGoneError raised, when the client leaves first."""
    task = asyncio.current_task()
    gone, over = False, False

    def leave(_: asyncio.Task[None]) -> None:
        nonlocal gone
        if task is not None and not over:
            gone = task.cancel()

    leaving = asyncio.create_task(_disconnect(request))
    leaving.add_done_callback(leave)
    try:
        return await work
    except asyncio.CancelledError:
        if gone and task is not None and not task.uncancel():
            raise ClientGoneError from None
        raise
    finally:
        over = True
        leaving.cancel()


async def _disconnect(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def refuse_in_one_shape(app: FastAPI) -> None:
    """Unknown paths and methods answer as every other refusal does, and so does what nobody foresaw."""

    async def refuse(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        message = f"{request.method} {request.url.path}: nothing answers here"
        return RefusedError(status, "not_found", message).response({"X-Request-Id": request_id(request)})

    async def fail(request: Request, _: Exception) -> Response:
        refusal = RefusedError(
            500, "unforeseen", "this failed in a way that nobody foresaw; the log says how"
        )
        return refusal.response({"X-Request-Id": request_id(request)})

    app.add_exception_handler(HTTPException, refuse)
    app.add_exception_handler(Exception, fail)


def status(wrong: str | None) -> Response:
    """What a probe is told: 200, or 503 with what is wrong."""
    return JSONResponse({"status": wrong or "ok"}, 503 if wrong else 200)
