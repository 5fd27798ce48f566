from pathlib import Path

import pytest

from voice_server.engines.xtts.engine import create
from voice_server.engines.xtts.settings import XttsSettings
from voice_server.settings import SettingsError

ACCEPTED = {"VOICE_ALLOW_NONCOMMERCIAL": "true", "VOICE_MODEL_PATH": "/models/xtts"}


def test_left_alone_it_speaks_brazilian_portuguese_with_the_first_voice_on_the_best_device() -> None:
    assert XttsSettings.read(ACCEPTED) == XttsSettings(
        Path("/models/xtts"), voices=None, voice=None, language="pt", longest_text=203, device=None
    )


@pytest.mark.parametrize("answer", [None, "", "false", "yes"])
def test_without_a_clear_yes_to_the_licence_there_is_no_engine(answer: str | None) -> None:
    asked = ACCEPTED | {"VOICE_ALLOW_NONCOMMERCIAL": answer or ""}

    with pytest.raises(
        SettingsError, match=r"VOICE_ALLOW_NONCOMMERCIAL: .*Coqui Public Model License.*write true"
    ):
        create(asked)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"VOICE_MODEL_PATH": ""}, "VOICE_MODEL_PATH: write the folder with config.json"),
        ({"VOICE_DEVICE": "tpu"}, "VOICE_DEVICE: 'tpu' is not usable; write one of cpu, cuda"),
        ({"VOICE_LANGUAGE": "tlh"}, "VOICE_LANGUAGE: XTTS does not speak 'tlh'; write one of ar, cs"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(changed: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        XttsSettings.read(ACCEPTED | changed)


def test_the_server_may_cut_texts_to_what_the_language_allows() -> None:
    assert create(ACCEPTED | {"VOICE_LANGUAGE": "en-GB"}).longest_text == 250
