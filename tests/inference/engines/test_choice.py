import sys

import pytest

from voice_server.engines import ENGINES, load
from voice_server.settings import SettingsError


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_an_engine_whose_libraries_are_missing_says_which_image_has_them(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, ENGINES[name], None)

    with pytest.raises(SettingsError, match=rf"VOICE_ENGINE: {name} needs .* voice-rollout\[{name}\]"):
        load(name, {})


def test_an_engine_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(SettingsError, match="there is no engine 'f6'; write one of espeak, f5, google, xtts"):
        load("f6", {})
