"""The voices of an engine, as clients see, add and remove them."""

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from voice_server.audio import stored, upload
from voice_server.audio.pcm import AudioError
from voice_server.engine.preparing import prepared
from voice_server.engine.refusals import refusal_for
from voice_server.engines.base import NOT_ILL, Engine, PreparesVoices
from voice_server.http import CLIENT_GONE, ClientGoneError, RefusedError, read_body, request_id
from voice_server.schemas import VOICE
from voice_server.voices.keeping import NewVoice, TakenError, add, remove
from voice_server.voices.registry import MOST_WORDS, Listing, Papers, Registry, VoiceError

AT_A_TIME = 2
_MAX_BODY = upload.USUAL.size + 64 * 1024
_FIELDS = ("name", "ref_text", "language", "licence", "consent")
_NAME = re.compile(VOICE)
_FORM = 'send multipart/form-data with "name", "audio" and "consent", if you like "ref_text", "language", "licence"'


def described(names: Collection[str], listing: Listing) -> list[dict[str, Any]]:
    """Every voice that the engine has, with the papers of those that have some."""
    papers = {voice.name: voice.papers for voice in listing.voices}
    return [_described(name, papers.get(name, Papers())) for name in sorted(names)]


def _described(name: str, papers: Papers) -> dict[str, Any]:
    return {"id": name, "object": "voice"} | papers.model_dump(exclude_none=True)


@dataclass(frozen=True, slots=True)
class VoiceDesk:
    """Answers what is asked of an engine's voices."""

    engine: Engine
    registry: Registry
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_A_TIME))

    def serve(self, app: FastAPI) -> None:
        app.add_route("/v1/voices", _refusing(self.show), methods=["GET"])
        app.add_route("/v1/voices", _refusing(self.add), methods=["POST"])
        app.add_route("/v1/voices/{name}", _refusing(self.remove), methods=["DELETE"])

    async def show(self, _: Request) -> Response:
        data = await asyncio.to_thread(lambda: described(self.engine.voices(), self.registry.listing()))
        return JSONResponse({"object": "list", "data": data})

    async def add(self, request: Request) -> Response:
        """201 with the voice that was added; uploads are large, so few are taken at a time."""
        folder = self._folder()
        if self.places.locked():
            raise RefusedError(429, "overloaded", "other voices are being added; try again", retry_after=2)
        async with self.places:
            voice = await asyncio.to_thread(_new_voice, *await _form(request))
            try:
                await asyncio.to_thread(add, folder, voice)
            except TakenError as error:
                raise RefusedError(409, "voice_exists", f"name: {error}", "name") from None
            except VoiceError as error:
                raise RefusedError(403, "voices_read_only", str(error)) from None
            await self._try_out(folder, voice.name)
        return JSONResponse(_described(voice.name, voice.papers), 201)

    async def _try_out(self, folder: Path, name: str) -> None:
        """Who sent a voice that this engine can never speak with is told so now, and it is not kept."""
        try:
            await prepared(self.engine, name)
        except NOT_ILL as error:
            await asyncio.to_thread(remove, folder, name)
            self._forget(name)
            raise refusal_for(error) from None

    async def remove(self, request: Request) -> Response:
        folder, name = self._folder(), request.path_params["name"]
        try:
            found = bool(_NAME.fullmatch(name)) and await asyncio.to_thread(remove, folder, name)
        except VoiceError as error:
            raise RefusedError(403, "voices_read_only", str(error)) from None
        if not found:
            raise RefusedError(404, "unknown_voice", f"there is no voice {name[:64]!r} in the folder", "name")
        self._forget(name)
        return JSONResponse({"id": name, "object": "voice", "deleted": True})

    def _forget(self, name: str) -> None:
        if isinstance(self.engine, PreparesVoices):
            self.engine.forget(name)

    def _folder(self) -> Path:
        if self.registry.folder is None:
            raise RefusedError(
                404, "no_voices", "no voices are kept here; name a folder in VOICE_VOICES_PATH"
            )
        return self.registry.folder


class _InMemory(MultiPartParser):
    """A pod's file system may be read-only: nothing is spooled to it."""

    spool_max_size = _MAX_BODY


async def _form(request: Request) -> tuple[bytes, dict[str, str]]:
    """The uploaded file, and the other fields that are not blank."""
    body = await read_body(request, _MAX_BODY)

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        form = await _InMemory(request.headers, stream(), max_files=1, max_fields=len(_FIELDS)).parse()
    except (MultiPartException, KeyError, UnicodeError) as error:
        raise RefusedError(400, "invalid_request", f"the form cannot be read: {error}; {_FORM}") from None
    try:
        audio = form.get("audio")
        if not isinstance(audio, UploadFile):
            raise RefusedError(400, "invalid_request", f"audio: there is no file; {_FORM}", "audio")
        return await audio.read(), _texts(form)
    finally:
        await form.close()


def _texts(form: FormData) -> dict[str, str]:
    if not all(_is_whole(part) for item in form.multi_items() for part in item if isinstance(part, str)):
        raise RefusedError(400, "invalid_request", f"the form cannot be read: write it in UTF-8; {_FORM}")
    texts = {name: value for name, value in form.items() if isinstance(value, str) and value.strip()}
    if unknown := texts.keys() - set(_FIELDS):
        raise RefusedError(400, "invalid_request", f"{min(unknown)[:64]}: no such field; {_FORM}")
    return texts


def _is_whole(text: str) -> bool:
    """Whether it can be written down: a form may name an encoding that makes halves of characters."""
    return not any("\ud800" <= each <= "\udfff" for each in text)


def _new_voice(audio: bytes, texts: dict[str, str]) -> NewVoice:
    name, words = texts.get("name", ""), texts.get("ref_text")
    if not _NAME.fullmatch(name):
        message = "name: write at most 64 letters, digits, _ + . -, the first a letter or digit"
        raise RefusedError(400, "invalid_request", message, "name")
    if "consent" not in texts:
        message = "consent: write who agreed to the use of this voice, and when; without it none is kept"
        raise RefusedError(422, "no_consent", message, "consent")
    if words is not None and len(words) > MOST_WORDS:
        message = f"ref_text: write only what is said in the recording, at most {MOST_WORDS} characters"
        raise RefusedError(422, "invalid_request", message, "ref_text")
    papers = Papers(**{each: texts[each] for each in ("language", "licence", "consent") if each in texts})
    return NewVoice(name, _kept(audio), words, papers)


def _kept(audio: bytes) -> bytes:
    """The file that is written for the one that was sent."""
    try:
        return stored.encoded(upload.read(audio))
    except AudioError as error:
        raise RefusedError(422, "unusable_audio", f"audio: {error}", "audio") from None
    except OSError as error:
        message = f"no program can be started to read the file: {error.strerror}; try again a little later"
        raise RefusedError(503, "overloaded", message, retry_after=5) from error


def _refusing(answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def answered(request: Request) -> Response:
        try:
            return await answer(request)
        except RefusedError as refusal:
            return refusal.response({"X-Request-Id": request_id(request)})
        except ClientGoneError:
            return Response(status_code=CLIENT_GONE)

    return answered
