"""Forms that add a voice, made to hang, crash or flood a server, each with a name."""

from collections.abc import Iterator

from support.hostile_http import post

VOICES = "/v1/voices"
BOUNDARY = "lid"


def a_form(
    body: bytes, kind: str = f"multipart/form-data; boundary={BOUNDARY}", length: int | None = None
) -> bytes:
    return post(VOICES, body, f"Content-Type: {kind}", length=length)


def a_part(about: str, content: bytes = b"") -> bytes:
    return f"--{BOUNDARY}\r\n{about}\r\n\r\n".encode("latin-1") + content + b"\r\n"


def a_field(name: str, content: bytes) -> bytes:
    return a_part(f'Content-Disposition: form-data; name="{name}"', content)


END = f"--{BOUNDARY}--\r\n".encode()
CONSENT = a_field("consent", b"Ana, 2026")


def forms(audio: bytes) -> Iterator[tuple[str, bytes]]:
    """Whole requests that add a voice; what is wrong with them is not `audio`, which is a good recording."""
    file = a_part('Content-Disposition: form-data; name="audio"; filename="a.wav"', audio)
    good = a_field("name", b"ana-1") + CONSENT + file
    yield "no type", post(VOICES, good + END)
    for kind in (
        "application/json",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=other",
        "multipart/form-data; boundary=" + "b" * 5_000,
        'multipart/form-data; boundary="',
        "multipart/form-data; boundary=\xe9",
        "text/plain; boundary=lid; boundary=other",
        ";;;===",
        "multipart/form-data; boundary=--",
    ):
        yield f"as {kind[:60]}", a_form(good + END, kind)
    for charset in (
        "undefined",
        "unicode_escape",
        "raw_unicode_escape",
        "utf-7",
        "punycode",
        "idna",
        "hex",
        "../x",
        "c" * 999,
    ):
        words = a_field("ref_text", b"\\ud800 +2AA- \xff")
        yield (
            f"in {charset[:20]}",
            a_form(words + good + END, f"multipart/form-data; boundary=lid; charset={charset}"),
        )
        yield (
            f"a field in {charset[:20]}",
            a_form(a_field("\\ud800", b"a") + END, f"multipart/form-data; boundary=lid; charset={charset}"),
        )
    yield "no end", a_form(a_field("name", b"no-end") + CONSENT + file)
    yield "nothing", a_form(b"")
    yield "an end", a_form(END)
    yield "no parts", a_form(b"a" * 100_000)
    yield "a part of nobody", a_form(a_part("X-A: b", b"a") + END)
    yield "a part without a name", a_form(a_part("Content-Disposition: form-data", b"a") + END)
    yield "a part with half a name", a_form(a_part('Content-Disposition: form-data; name="au', b"a") + END)
    yield "a head without end", a_form(a_part("X-A: " + "a" * 1_000_000) + END)
    yield "heads without end", a_form(a_part("\r\n".join(["X-A: b"] * 100_000)) + END)
    yield "a head without a colon", a_form(a_part("nonsense") + END)
    yield "thousands of fields", a_form(b"".join(a_field(f"f{each}", b"a") for each in range(5_000)) + END)
    yield "thousands of files", a_form(file[:200] * 5_000 + END)
    yield "thousands of names", a_form(a_field("name", b"a") * 5_000 + END)
    yield "two files", a_form(good + file + END)
    yield "a file as text", a_form(a_field("name", b"a") + CONSENT + a_field("audio", audio[:9_000]) + END)
    yield (
        "a name as file",
        a_form(a_part('Content-Disposition: form-data; name="name"; filename="x"', b"a") + CONSENT + END),
    )
    yield "a large field", a_form(a_field("ref_text", b"a" * 2_000_000) + good + END)
    yield "larger than forms may be", a_form(bytes(17 * 2**20))
    yield "a field nobody knows", a_form(good + a_field("x" * 9_000, b"a") + END)
    yield (
        "packed",
        post(VOICES, good + END, "Content-Type: multipart/form-data; boundary=lid", "Content-Encoding: gzip"),
    )
    for name in (
        "",
        " ",
        ".",
        "..",
        "../ana",
        "a/b",
        "/etc/passwd",
        "a\0b",
        "ana\n",
        ".ana.new",
        "-rf",
        "a" * 65,
        "caf\xe9",
        "con fim",
        "a\\b",
    ):
        yield f"called {name[:9]!r}", a_form(a_field("name", name.encode()) + CONSENT + file + END)
    yield "no consent", a_form(a_field("name", b"a") + a_field("consent", b" \n") + file + END)
    for field in ("language", "licence", "consent", "ref_text"):
        yield f"{field} of a megabyte", a_form(a_field(field, b"a" * 1_000_000) + good + END)


def lies(audio: bytes) -> Iterator[tuple[str, bytes]]:
    """Forms that add a voice, `lie-0` and so on, whatever they say about its file: only what is in it counts."""
    for number, about in enumerate(
        (
            'filename="../../x.exe"',
            'filename="a.wav"\r\nContent-Type: text/html',
            'filename=""\r\nContent-Type: audio/mpeg',
            'filename="a\\"b.wav"',
            'filename="' + "x" * 2_000 + '"',
            'filename="a.wav"\r\nContent-Transfer-Encoding: base64',
        )
    ):
        file = a_part(f'Content-Disposition: form-data; name="audio"; {about}', audio)
        yield (
            f"lie-{number}",
            a_form(
                a_field("name", b"lie-%d" % number) + CONSENT + a_field("ref_text", b"Bom dia.") + file + END
            ),
        )


def a_half() -> bytes:
    """A form that says there is more to come."""
    return a_form(b"--lid\r\nContent-Disposition: form-data; name=", length=9_000)
