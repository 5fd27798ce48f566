"""Requests for speech made to hang, crash or flood a server, each with a name."""

import json
from collections.abc import Iterator

from support.hostile_http import post

SPEECH = "/v1/audio/speech"
SAID = b'{"input": "ol\xc3\xa1"}'


def bodies() -> Iterator[tuple[str, bytes]]:
    """Whole requests for speech: what is wrong is what they ask for."""
    return ((name, post(SPEECH, body)) for name, body in _bodies())


def _bodies() -> Iterator[tuple[str, bytes]]:
    yield from {
        "nothing": b"",
        "a space": b" ",
        "no JSON": b"input=ol%C3%A1",
        "half an object": SAID[:-1],
        "an array": b"[]",
        "a text": b'"ol"',
        "null": b"null",
        "a number": b"1",
        "an empty object": b"{}",
        "two objects": SAID * 2,
        "a comment": b'/**/{"input":"a"}',
        "a comma too many": b'{"input":"a",}',
        "single quotes": b"{'input':'a'}",
        "arrays without end": b"[" * 60_000,
        "objects without end": b'{"a":' * 12_000,
        "deep in another field": b'{"input":"a","b":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
        "not too deep": b'{"input":"a","b":' + b"[" * 150 + b"]" * 150 + b"}",
        "the same key twice": b'{"input":"a","input":5}',
        "twice the text": b'{"input":"a","input":"b"}',
        "bad UTF-8": b'{"input":"\xff\xfe"}',
        "a NUL in two bytes": b'{"input":"a\xc0\x80"}',
        "a surrogate in UTF-8": b'{"input":"a\xed\xa0\x80"}',
        "half a surrogate": b'{"input":"a\\ud800"}',
        "half a surrogate elsewhere": b'{"input":"a","b":"\\udfff"}',
        "a NUL": b'{"input":"\\u0000"}',
        "UTF-16": '{"input":"a"}'.encode("utf-16"),
        "a byte order mark": b'\xef\xbb\xbf{"input":"a"}',
        "longer than bodies may be": b'{"input":"' + b"a" * 70_000 + b'"}',
        "all zeros": bytes(1000),
        "ten thousand fields": b'{"input":"a"' + b"".join(b',"k%d":1' % each for each in range(5_000)) + b"}",
        "a name of 60,000 letters": b'{"input":"a","' + b"k" * 60_000 + b'":1}',
        "names of Python's": b'{"input":"a","model_dump":1,"__class__":1,"self":1,"model_config":{},"for_engine":0}',
    }.items()
    for number in (
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "-1",
        "0",
        "5",
        '"1"',
        "true",
        "null",
        "[]",
        "9" * 5_000,
    ):
        yield f"speed {number[:9]}", f'{{"input":"a","speed":{number}}}'.encode()
        yield f"another field {number[:9]}", f'{{"input":"a","other":{number}}}'.encode()
    for name in ("input", "voice", "model", "response_format", "user", "quality_profile", "stream_format"):
        for value in (
            5,
            True,
            None,
            [],
            {},
            "",
            "\0",
            "../../etc/passwd",
            "x" * 5_000,
            "ção",
            "a\r\nX-Evil: 1",
            "%00",
        ):
            yield f"{name} {str(value)[:9]!r}", json.dumps({"input": "a", name: value}).encode()
    for form in ("mp3 ", "WAV", "aac", "exe", "wav;rate=1"):
        yield f"format {form}", json.dumps({"input": "a", "response_format": form}).encode()
    for way in ("SSE", "audio ", "text/event-stream", "whole", "audio,sse"):
        yield f"streamed as {way}", json.dumps({"input": "a", "stream_format": way}).encode()
    for way in ("audio", "sse"):
        for form in ("wav", "mp3", "opus", "flac", "pcm"):
            yield f"a stream of {form} as {way} that nobody hears to its end", _stream("a", way, form)
        yield f"nothing as {way}", _stream("", way)
        yield f"no word as {way}", _stream("?!", way)


def _stream(text: str, way: str, form: str = "wav") -> bytes:
    return json.dumps({"input": text, "stream_format": way, "response_format": form}).encode()


def requests() -> Iterator[tuple[str, bytes]]:
    """Whole requests for speech: what is wrong is their head, or how long they say that they are."""
    for name, line in {
        "two lengths": "Content-Length: 3",
        "a length and chunks": "Transfer-Encoding: chunked",
        "an odd coding": "Transfer-Encoding: gzip",
        "packed": "Content-Encoding: gzip",
        "packed twice": "Content-Encoding: br, gzip",
        "no JSON type": "Content-Type: text/html",
        "no colon": "Content-Type",
        "no name": ": a",
        "a space before the colon": "X-A : b",
        "a NUL": "X-A: a\0b",
        "a bare CR": "X-A: a\rb",
        "a folded line": "X-A: a\r\n b",
        "Latin letters": "X-User-Id: \xe9\xff",
        "a long user": "X-User-Id: " + "u" * 300,
        "many segments": "X-Segments: " + "a," * 100,
        "a long character": "X-Character: " + "c" * 200,
        "an evil id": "X-Request-Id: a b<script>",
        "a long id": "X-Request-Id: " + "a" * 9_000,
        "expecting": "Expect: 100-continue",
        "expecting nonsense": "Expect: the unexpected",
        "upgrading": "Connection: Upgrade\r\nUpgrade: h2c",
        "a socket": "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: aGk=",
        "a long cookie": "Cookie: " + "c" * 20_000,
        "a thousand lines": "\r\n".join(f"X-{number}: a" for number in range(1000)),
        "another host": "Host: evil.example",
        "no ranges": "Range: bytes=0-,-1",
        "odd answers": 'Accept: ""\r\nAccept-Encoding: *;q=0\r\nAccept-Charset: utf-7',
    }.items():
        yield name, post(SPEECH, SAID, line)
    for target in (
        "/",
        "//",
        "/%00",
        "/../../etc/passwd",
        "/v1/audio/speech/../../..",
        "/%ff%fe",
        "/?" + "a" * 9000,
        "*",
        "x",
        "http://[::1",
        "/\xe9",
    ):
        yield f"to {target[:20]}", post(target, SAID)
    for method in (
        "GET",
        "PUT",
        "DELETE",
        "OPTIONS",
        "PATCH",
        "TRACE",
        "CONNECT",
        "BREW",
        "post",
        "P\0ST",
        "",
    ):
        yield f"by {method!r}", post(SPEECH, SAID).replace(b"POST", method.encode(), 1)
    for version in ("HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/9.9", "HTTP/1.1 x", "ICY"):
        yield f"in {version}", post(SPEECH, SAID).replace(b"HTTP/1.1", version.encode(), 1)
    for way in ("audio", "sse"):
        stream = post(SPEECH, _stream("a", way))
        yield f"a stream as {way} in HTTP/1.0", stream.replace(b"HTTP/1.1", b"HTTP/1.0", 1)
        yield f"a stream as {way}, and another behind it", stream * 2
    for length in ("-1", "abc", "1e3", "0x10", "+14", "1 4", "9" * 30, ""):
        yield f"length {length}", post(SPEECH, SAID).replace(b"14\r\n", length.encode() + b"\r\n", 1)
    yield "less than there is", post(SPEECH, SAID + b"GET / HTTP/1.1\r\n\r\n", length=len(SAID))
    chunked = f"POST {SPEECH} HTTP/1.1\r\nHost: voice\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    for size in (b"F" * 20, b"-1", b"zz", b"", b"0x5", b"5;" + b"x" * 9_000):
        yield f"a chunk of {size[:9]!r}", chunked + size + b"\r\nhello\r\n0\r\n\r\n"
    yield "chunks of a byte", chunked + b"".join(b"1\r\n%c\r\n" % byte for byte in SAID) + b"0\r\n\r\n"
    yield "a head in its tail", chunked + b"e\r\n" + SAID + b"\r\n0\r\nX-A: b\r\nContent-Length: 5\r\n\r\n"
    yield "a TLS client", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500)
    yield "HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9)
    yield "no HTTP", b"\r\n\r\nhello\r\n\r\n"


def unheard() -> Iterator[tuple[str, bytes]]:
    """Whole requests whose clients leave before they are answered to the end."""
    for way in ("audio", "sse"):
        yield f"a stream as {way} that nobody wants", post(SPEECH, _stream("bom dia " * 20, way))


def unfinished() -> Iterator[tuple[str, bytes]]:
    """Requests that say there is more to come: their clients wait, or leave."""
    yield "half a body", post(SPEECH, SAID[:5], length=len(SAID))
    yield "no body", post(SPEECH, b"", length=9)
    yield "a terabyte to come", post(SPEECH, SAID, length=10**12)
    yield (
        "half a chunk",
        post(SPEECH, b"", "Transfer-Encoding: chunked").replace(b"Content-Length: 0\r\n", b"") + b"9\r\nab",
    )
