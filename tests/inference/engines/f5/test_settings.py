import pytest

from voice_server.engines.f5.settings import F5Settings
from voice_server.settings import SettingsError


def test_a_folder_is_all_that_it_needs() -> None:
    settings = F5Settings.read({"VOICE_MODEL_PATH": "/models"})

    assert (settings.steps, settings.storage, settings.device) == ((16, 12, 7, 5), "fp32", None)
    assert not settings.is_upstream
    assert not settings.is_strict
    assert not settings.allows_noncommercial


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"VOICE_MODEL_PATH": ""}, "VOICE_MODEL_PATH: write the folder"),
        ({"F5_NFE": "32"}, "F5_NFE: '32' is not usable; write one of 16, 12, 7, 5"),
        ({"F5_RUNTIME": "theirs"}, "F5_RUNTIME: 'theirs' is not usable; write one of lean, upstream"),
        ({"F5_RUNTIME": "upstream", "F5_STORAGE": "fp16"}, "F5_STORAGE: upstream keeps its weights in fp32"),
        ({"F5_STORAGE": "int8"}, "F5_STORAGE: 'int8' is not usable; write one of fp32, fp16"),
        ({"VOICE_DEVICE": "tpu"}, "VOICE_DEVICE: 'tpu' is not usable; write one of cpu, cuda"),
        ({"F5_VOCABULARY": "loose"}, "F5_VOCABULARY: 'loose' is not usable; write one of lenient, strict"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(environment: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        F5Settings.read({"VOICE_MODEL_PATH": "/models"} | environment)
