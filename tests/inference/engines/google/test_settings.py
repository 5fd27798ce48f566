"""The environment of the engine."""

import subprocess
import sys

import pytest

from voice_server.engines.google.api import Transport
from voice_server.engines.google.settings import GoogleSettings
from voice_server.settings import SettingsError

CHIRP = {"GOOGLE_VOICE": "pt-BR-Chirp3-HD-Charon"}
WAVENET = {"GOOGLE_VOICE": "pt-BR-Wavenet-A"}


def test_a_voice_is_enough() -> None:
    assert GoogleSettings.read(CHIRP) == GoogleSettings(
        voice="pt-BR-Chirp3-HD-Charon", fallback=None, key=None, endpoint=None, transport=Transport.GRPC,
        per_minute=200, patience=8.0, timeout=25.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("voice", "per_minute"),
    [
        ("pt-BR-Chirp3-HD-Charon", 200),
        ("pt-br-chirp3-hd-charon", 200),
        ("en-US-Studio-O", 500),
        ("pt-BR-Wavenet-A", 1000),
        ("pt-BR-Neural2-C", 1000),
        ("pt-BR-Standard-A", 1000),
        ("en-US-Chirp-HD-D", 1000),
    ],
)
def test_the_quota_is_the_family_s(voice: str, per_minute: int) -> None:
    assert GoogleSettings.read({"GOOGLE_VOICE": voice}).per_minute == per_minute
    assert GoogleSettings.read({"GOOGLE_VOICE": voice, "GOOGLE_QUOTA_PER_MINUTE": "66"}).per_minute == 66


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "GOOGLE_VOICE: write a voice, such as pt-BR-Chirp3-HD-Charon or pt-BR-Wavenet-A"),
        (
            CHIRP | {"GOOGLE_QUOTA_PER_MINUTE": "0"},
            "GOOGLE_QUOTA_PER_MINUTE: '0' is not usable; write a whole number",
        ),
        (CHIRP | {"GOOGLE_QUOTA_PER_MINUTE": "many"}, "GOOGLE_QUOTA_PER_MINUTE: 'many' is not usable"),
        (
            CHIRP | {"GOOGLE_QUOTA_PER_MINUTE": "1", "VOICE_WARM_UP_SECONDS": "120"},
            "needs up to 122 s to become ready; write more, or more than 122 in VOICE_WARM_UP_SECONDS",
        ),
        (
            CHIRP | {"GOOGLE_TTS_TRANSPORT": "http"},
            "GOOGLE_TTS_TRANSPORT: 'http' is not usable; write grpc or rest",
        ),
        (
            CHIRP | {"GOOGLE_TTS_ENDPOINT": "https://x.y/v1"},
            "GOOGLE_TTS_ENDPOINT: 'https://x.y/v1' is not usable",
        ),
        (WAVENET | {"GOOGLE_FALLBACK_VOICE": "pt-BR-Wavenet-B"}, "only a Chirp3-HD voice has one"),
        (
            CHIRP | {"GOOGLE_FALLBACK_VOICE": "pt-BR-Chirp3-HD-Kore"},
            "shares the quota of 'pt-BR-Chirp3-HD-Charon'",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_to_write(environment: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        GoogleSettings.read(environment)

    assert message in str(refused.value)


def test_neither_import_nor_settings_reach_for_the_network() -> None:
    program = (
        "import socket, sys\n"
        "def refuse(*_, **__): sys.exit('the network was reached for')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from voice_server.engines.google import create\n"
        "create({'GOOGLE_VOICE': 'pt-BR-Wavenet-A'})\n"
    )

    child = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": ":".join(sys.path)}, check=False
    )

    assert child.returncode == 0
