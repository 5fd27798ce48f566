"""Addresses of the net as one reads them out: e-mail, URL, #hashtag, @name."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from voice_server.text.rules import LETTER, Step, one_of, rule

_LABEL = r"[\w-]{1,63}+"
_BEFORE = r"(?<![\w.@/+-])"
_PATH = r"(?P<path>(?:/[\w.~%+-]{0,80}+){0,12}+)(?:[?#][^\s\"')]*+)?"
_HUMPS = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Ý])|(?<=\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=\d)")
_PIECES = re.compile(r"[^\W_]+|[._+~%/-]")
_LONGEST_SPELLED = 2


@dataclass(frozen=True, eq=False)
class Web:
    """The words for the marks of an address, and the domains that end one."""

    marks: Mapping[str, str]  # of . / - _ + ~ %
    at: str
    hashtag: str
    domains: Collection[str]


def rules(web: Web, letters: Mapping[str, str]) -> Iterator[Step]:
    def address(found: re.Match[str]) -> str:
        path = found["path"].rstrip("./")
        closing = "." if found[0].endswith(".") else ""
        return f"{_host(found['host'], web, letters)} {_spoken(path, web)}".rstrip() + closing

    def email(found: re.Match[str]) -> str:
        return f"{_spoken(found['name'], web)} {web.at} {_host(found['host'], web, letters)}"

    def tag(found: re.Match[str]) -> str:
        return f"{web.hashtag} {_HUMPS.sub(' ', found[1]).replace('_', ' ').strip()}"

    host = rf"{_LABEL}(?:\.{_LABEL}){{0,8}}+"
    known = rf"(?:{_LABEL}\.){{1,8}}(?:{one_of(web.domains)})(?!\.?[\w@-])"
    yield rule(
        rf"{_BEFORE}(?:https?|ftp)://(?P<host>{host})(?::\d{{1,5}})?{_PATH}",
        address,
        re.IGNORECASE,
        needs="://",
    )
    yield rule(
        rf"{_BEFORE}(?P<name>[\w.+-]{{1,64}})@(?P<host>{_LABEL}(?:\.{_LABEL}){{1,8}}+)", email, needs="@"
    )
    yield rule(rf"{_BEFORE}(?P<host>www\.{host}|{known}){_PATH}", address, re.IGNORECASE, needs=".")
    yield rule(rf"(?<![\w&#])#(?=\d{{0,20}}+{LETTER})(\w++)", tag, needs="#")
    yield rule(
        r"(?<![\w.@])@(\w++(?:\.\w++)*+)", lambda found: f"{web.at} {_spoken(found[1], web)}", needs="@"
    )


def _host(host: str, web: Web, letters: Mapping[str, str]) -> str:
    *labels, domain = host.lower().split(".")
    spoken = [_label(label, web, letters) for label in labels]
    if len(domain) <= _LONGEST_SPELLED or domain == "www":
        return f" {web.marks['.']} ".join([*spoken, _spelled(domain, letters)])
    return f" {web.marks['.']} ".join([*spoken, _spoken(domain, web)])


def _label(label: str, web: Web, letters: Mapping[str, str]) -> str:
    return _spelled(label, letters) if label == "www" else _spoken(label, web)


def _spelled(word: str, letters: Mapping[str, str]) -> str:
    return " ".join(letters.get(letter, letter) for letter in word)


def _spoken(text: str, web: Web) -> str:
    """Words with the marks between them by name."""
    return " ".join(web.marks.get(piece, piece) for piece in _PIECES.findall(text))
