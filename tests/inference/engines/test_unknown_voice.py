import pytest

from voice_server.engines.unknown_voice import unknown_voice


@pytest.mark.parametrize(
    ("known", "some"),
    [
        (["ana", "rui"], "ana, rui"),
        ([f"voz-{number}" for number in range(9)], "voz-0, voz-1, voz-2, voz-3, voz-4"),
        ([], "none: it has no voices"),
    ],
)
def test_who_names_a_voice_that_is_not_there_is_told_a_few_that_are(known: list[str], some: str) -> None:
    assert str(unknown_voice("eva", known)) == f"there is no voice 'eva'; write default or one such as {some}"
