"""The languages that are read here, by their tags."""

from voice_server.text.errors import TextError
from voice_server.text.languages import en_us, es, pt_br
from voice_server.text.languages.frame import Language

_LANGUAGES = {language.tag: language for language in (pt_br.LANGUAGE, en_us.LANGUAGE, es.LANGUAGE)}
_BY_PRIMARY = {tag[:2]: language for tag, language in _LANGUAGES.items()}


def spoken_as(tag: str) -> Language:
    """The language of `tag`, such as pt-BR; another region's is read by the rules here. TextError if there is none."""
    primary = tag.replace("_", "-").partition("-")[0].lower()
    if primary not in _BY_PRIMARY:
        raise TextError(f"language: {tag[:40]!r} is not read here; write one of {', '.join(_LANGUAGES)}")
    return _BY_PRIMARY[primary]
