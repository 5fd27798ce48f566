"""A key file, workload identity, and what is said when neither will do."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from support.google_refusals import disabled
from support.google_tts import ACCOUNT, METADATA_TOKEN, GoogleTts, Made, Warm, ask, tone
from support.google_wire import a_key, surroundings
from voice_server.engines.google.faults import CredentialsError

TEXT = "Bom dia."
NO_KEY = {
    "type": "service_account",
    "private_key": "none",
    "client_email": ACCOUNT,
    "token_uri": "https://localhost",
}
POD = """
import asyncio, json, os, sys
import aiohttp, uvloop
from voice_server.engines.base import EngineError, Job, Utterance
from voice_server.engines.google import create

async def stay_alive():
    async with aiohttp.ClientSession() as session:
        while True:
            await session.get(f"http://{os.environ['GCE_METADATA_HOST']}/alive")
            await asyncio.sleep(0.02)

async def main():
    life = asyncio.create_task(stay_alive())
    engine = create(os.environ)
    while await asyncio.to_thread(sys.stdin.readline):
        try:
            await engine.warm_up()
            [audio] = await engine.synthesise([Job(Utterance("Bom dia."), lambda: True)], 0)
            print(json.dumps({"bytes": len(audio.samples)}), flush=True)
        except EngineError as error:
            print(json.dumps({"error": str(error), "kind": type(error).__name__}), flush=True)

with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
    runner.run(main())
"""
"""A pod on GKE; it says that its event loop runs, without which the metadata server here answers nothing."""


async def test_a_service_account_signs_for_itself_and_asks_nobody_for_a_token(
    warm: Warm, google: GoogleTts, transport: str
) -> None:
    await ask(await warm(transport), TEXT)

    assert set(google.signed_in) == {ACCOUNT}
    assert google.token_requests == 0


async def test_a_key_may_come_in_a_variable_where_no_file_can_be_mounted(
    engine: Made, google: GoogleTts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere")
    speaker = engine(GOOGLE_CREDENTIALS=google.key_file(tmp_path).read_text())
    await speaker.warm_up()

    assert set(google.signed_in) == {ACCOUNT}


@pytest.mark.parametrize("content", ["{}", "[]", "not JSON", json.dumps(NO_KEY)])
async def test_a_key_in_a_variable_that_cannot_be_used_is_an_operator_s_to_replace(
    engine: Made, content: str
) -> None:
    with pytest.raises(CredentialsError, match="or its content in GOOGLE_CREDENTIALS"):
        await engine(GOOGLE_CREDENTIALS=content).warm_up()


async def test_a_revoked_key_is_named_and_its_successor_read_without_a_restart(
    engine: Made, google: GoogleTts, transport: str, tmp_path: Path
) -> None:
    google.key_file(tmp_path, a_key("revoked"))
    speaker = engine(transport)
    with pytest.raises(
        CredentialsError, match=r"invalid authentication credentials.*GOOGLE_APPLICATION_CREDENTIALS"
    ):
        await speaker.warm_up()

    google.key_file(tmp_path)
    await speaker.warm_up()

    assert await ask(speaker, TEXT) == tone(TEXT)


@pytest.mark.parametrize(
    "content",
    [None, "", "{}", "[]", "not JSON", '{"type": "service_account"}', json.dumps(NO_KEY), "a folder"],
)
async def test_a_key_file_that_cannot_be_used_is_an_operator_s_to_replace(
    engine: Made, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "other.json"
    if content == "a folder":
        path.mkdir()
    elif content is not None:
        path.write_text(content)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))

    with pytest.raises(CredentialsError, match="mount a service account's key"):
        await engine().warm_up()


async def test_a_project_without_the_api_is_told_to_enable_it(
    engine: Made, google: GoogleTts, transport: str
) -> None:
    google.script = [disabled()]

    with pytest.raises(CredentialsError, match=r"enable texttospeech\.googleapis\.com in the project"):
        await engine(transport).warm_up()


@pytest.mark.parametrize("transport", ["grpc", "rest"])
async def test_workload_identity_signs_in_with_the_metadata_server_s_token(
    google: GoogleTts, transport: str, tmp_path: Path
) -> None:
    google.bound = False
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", POD, stdin=-1, stdout=-1, env=_pod(google, transport, tmp_path)
    )
    try:
        unbound = await _answer(child)
        asked = google.token_requests
        google.bound = True
        bound = await _answer(child)
    finally:
        child.kill()
        await child.wait()

    assert unbound["kind"] == "CredentialsError"
    assert "IAM returned 403 Forbidden" in unbound["error"]
    assert "(workload identity)" in unbound["error"]
    assert asked == 1
    assert bound == {"bytes": len(tone(TEXT).samples)}
    assert set(google.signed_in) == {METADATA_TOKEN}


def _pod(google: GoogleTts, transport: str, home: Path) -> dict[str, str]:
    return surroundings() | {
        "PATH": os.defpath, "HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path),
        "GCE_METADATA_HOST": google.metadata, "GCE_METADATA_IP": google.metadata, "GCE_METADATA_TIMEOUT": "60",
        "GOOGLE_VOICE": "pt-BR-Chirp3-HD-Charon", "GOOGLE_TTS_TRANSPORT": transport,
        "GOOGLE_TTS_ENDPOINT": getattr(google, transport),
    }  # fmt: skip


async def _answer(child: asyncio.subprocess.Process) -> dict[str, Any]:
    assert child.stdin
    assert child.stdout
    child.stdin.write(b"go\n")
    async with asyncio.timeout(120):
        return dict(json.loads(await child.stdout.readline()))
