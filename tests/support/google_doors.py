"""The doors of the local Google Cloud Text-to-Speech: gRPC, REST, and the metadata server of its cluster."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import Any

import grpc
from aiohttp import web
from google.cloud import texttospeech_v1 as tts
from google.protobuf import json_format
from google.rpc import code_pb2

from support.google_refusals import DripError, Page, Refusal
from support.google_tts import ACCOUNT, METADATA_TOKEN, GoogleTts
from support.google_wire import certificate

HTTP_STATUS = {
    code_pb2.INVALID_ARGUMENT: 400, code_pb2.FAILED_PRECONDITION: 400, code_pb2.UNAUTHENTICATED: 401,
    code_pb2.PERMISSION_DENIED: 403, code_pb2.NOT_FOUND: 404, code_pb2.RESOURCE_EXHAUSTED: 429,
    code_pb2.INTERNAL: 500, code_pb2.UNAVAILABLE: 503, code_pb2.DEADLINE_EXCEEDED: 504,
}  # fmt: skip


@contextlib.asynccontextmanager
async def google_tts() -> AsyncIterator[GoogleTts]:
    """The service with all its doors: gRPC and REST behind TLS, and a metadata server without, as in a cluster."""
    google = GoogleTts()
    over_grpc, over_rest, metadata = await _serve_grpc(google), *await _serve_rest(google)
    try:
        yield google
    finally:
        await over_grpc.stop(None)
        for runner in (over_rest, metadata):
            _hang_up(runner)
            await runner.cleanup()


async def _serve_grpc(google: GoogleTts) -> Any:
    async def signed(context: Any, answer: Callable[[], Awaitable[Any]]) -> Any:
        try:
            google.signed(str(dict(context.invocation_metadata()).get("authorization", "")))
            return await answer()
        except Refusal as refusal:
            details = (("grpc-status-details-bin", refusal.status.SerializeToString()),)
            code = next(each for each in grpc.StatusCode if each.value[0] == refusal.status.code)
            return await context.abort(code, refusal.status.message, details)

    async def list_voices(_: tts.ListVoicesRequest, context: Any) -> Any:
        return await signed(context, google.list_voices)

    async def speak(request: tts.SynthesizeSpeechRequest, context: Any) -> Any:
        return await signed(context, partial(google.speak, request))

    async def stream(requests: Any, context: Any) -> Any:
        return await signed(context, partial(google.stream, requests, context.write))

    server = grpc.aio.server()
    server.add_generic_rpc_handlers((
        grpc.method_handlers_generic_handler("google.cloud.texttospeech.v1.TextToSpeech", {
            "ListVoices": _unary(list_voices, tts.ListVoicesRequest, tts.ListVoicesResponse),
            "SynthesizeSpeech": _unary(speak, tts.SynthesizeSpeechRequest, tts.SynthesizeSpeechResponse),
            "StreamingSynthesize": grpc.stream_stream_rpc_method_handler(
                stream,
                tts.StreamingSynthesizeRequest.deserialize,
                tts.StreamingSynthesizeResponse.serialize,
            ),
        }),
    ))  # fmt: skip
    identity = certificate()
    credentials = grpc.ssl_server_credentials([(identity.key.read_bytes(), identity.chain.read_bytes())])
    google.grpc = f"localhost:{server.add_secure_port('localhost:0', credentials)}"
    await server.start()
    return server


def _unary(handler: Any, request: Any, response: Any) -> Any:
    return grpc.unary_unary_rpc_method_handler(handler, request.deserialize, response.serialize)


async def _serve_rest(google: GoogleTts) -> tuple[web.AppRunner, web.AppRunner]:
    async def voices(_: web.Request) -> web.Response:
        answer = await google.list_voices()
        return web.Response(text=tts.ListVoicesResponse.to_json(answer), content_type="application/json")

    async def speak(request: web.Request) -> web.Response:
        answer = await google.speak(tts.SynthesizeSpeechRequest.from_json(await request.text()))
        return web.Response(
            text=tts.SynthesizeSpeechResponse.to_json(answer), content_type="application/json"
        )

    async def token(_: web.Request) -> web.Response:
        google.token_requests += 1
        return web.json_response({"error": "invalid_grant"}, status=400)

    app = web.Application(middlewares=[_refusals(google)])
    app.router.add_post("/token", token)
    app.router.add_get("/v1/voices", voices)
    app.router.add_post("/v1/text:synthesize", speak)
    runner, google.rest = await _listening(app, certificate().context())
    metadata = web.Application()
    metadata.router.add_get("/{path:.*}", partial(_metadata, google))
    metadata_runner, google.metadata = await _listening(metadata, None)
    return runner, metadata_runner


async def _listening(app: web.Application, context: ssl.SSLContext | None) -> tuple[web.AppRunner, str]:
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "localhost" if context else "127.0.0.1", 0, ssl_context=context)
    await site.start()
    return runner, f"{'localhost' if context else '127.0.0.1'}:{runner.addresses[0][1]}"


def _hang_up(runner: web.AppRunner) -> None:
    """At once: who keeps a connection for later would be waited for to say goodbye."""
    for connection in runner.server.connections if runner.server else ():
        if connection.transport:
            connection.transport.abort()


def _refusals(google: GoogleTts) -> Any:
    @web.middleware
    async def middleware(request: web.Request, handler: Any) -> Any:
        try:
            google.signed(request.headers.get("Authorization", ""))
            return await handler(request)
        except Refusal as refusal:
            return _refused(refusal)
        except Page as page:
            return web.Response(status=page.status, text=str(page), content_type="text/html")
        except DripError:
            return await _dripping(request)

    return middleware


async def _dripping(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.1)


def _refused(refusal: Refusal) -> web.Response:
    status = HTTP_STATUS[refusal.status.code]
    told = json_format.MessageToDict(refusal.status)
    error = {"code": status, "message": told["message"], "status": code_pb2.Code.Name(refusal.status.code)}
    return web.json_response({"error": error | {"details": told.get("details", [])}}, status=status)


async def _metadata(google: GoogleTts, request: web.Request) -> web.Response:
    """GKE's metadata server, once the pod says it is alive; its account is `bound` to one of Google's or not."""
    path = request.match_info["path"].removeprefix("computeMetadata/v1/")
    if path == "alive":
        google.alive.set()
        return _told("")
    google.alive.clear()
    await google.alive.wait()
    if path.endswith("/token"):
        google.token_requests += 1
        if not google.bound:
            denied = "Unable to generate access token; IAM returned 403 Forbidden: iam.serviceAccounts.getAccessToken"
            return _told(denied, HTTPStatus.FORBIDDEN)
        token = {"access_token": METADATA_TOKEN, "expires_in": 3599, "token_type": "Bearer"}
        return _told(json.dumps(token), media="application/json")
    if path.startswith("instance/service-accounts/"):
        account = {
            "email": ACCOUNT,
            "aliases": ["default"],
            "scopes": ["https://www.googleapis.com/auth/cloud-platform"],
        }
        return _told(json.dumps(account), media="application/json")
    return _told("googleapis.com" if "universe" in path else "local")


def _told(text: str, status: int = 200, media: str = "text/plain") -> web.Response:
    return web.Response(text=text, status=status, content_type=media, headers={"Metadata-Flavor": "Google"})
