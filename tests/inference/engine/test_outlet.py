"""Bits of speech that leave as one file."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_server.audio.encoding import Encoder
from voice_server.audio.formats import Format
from voice_server.audio.pcm import Audio, AudioError
from voice_server.audio.provenance import Mark
from voice_server.audio.samples import Samples, to_audio
from voice_server.audio.watermark import untouched
from voice_server.engine.outlet import Outlet
from voice_server.engine.script import whole

RATE = 8000
SILENCE = Audio(bytes(RATE), RATE)


def a_piece(seed: int, samples: int) -> Audio:
    return to_audio(np.random.default_rng(seed).uniform(-0.5, 0.5, samples).astype(np.float32), RATE)


def bits_of(piece: Audio, cuts: Sequence[int]) -> list[Audio]:
    edges = [0, *sorted(2 * (cut % (len(piece.samples) // 2)) for cut in cuts), len(piece.samples)]
    return [Audio(piece.samples[a:b], RATE) for a, b in pairwise(edges)]


def an_outlet(pieces: int, form: Format = "pcm") -> Outlet:
    return Outlet(Encoder(Mark("tone", "none")), form, pieces)


@given(
    st.lists(
        st.tuples(st.integers(1, 2000), st.lists(st.integers(0, 5000), max_size=4)), min_size=1, max_size=4
    )
)
def test_however_it_is_cut_what_leaves_is_what_would_have_left_at_once(
    cut: list[tuple[int, list[int]]],
) -> None:
    pieces = [a_piece(seed, samples) for seed, (samples, _) in enumerate(cut)]
    outlet = an_outlet(len(pieces))

    left = b""
    for piece, (_, cuts) in zip(pieces, cut, strict=True):
        left += b"".join(outlet.hear(bit) for bit in bits_of(piece, cuts))
        left += outlet.end_piece()

    assert left == whole(pieces).samples


def test_nothing_leaves_before_something_can_be_heard() -> None:
    outlet = an_outlet(2, "wav")

    assert outlet.hear(SILENCE) == b""
    assert outlet.end_piece() == b""
    assert outlet.hear(a_piece(1, 800)).startswith(b"RIFF")


def test_the_type_is_known_once_something_has_left() -> None:
    outlet = an_outlet(1)
    outlet.hear(a_piece(1, 800))

    assert outlet.media_type == "audio/pcm;rate=8000;channels=1;bits=16"


def test_what_a_watermark_is_put_into_leaves_by_whole_pieces() -> None:
    marked: list[int] = []

    def mark(samples: Samples, _: int) -> Samples:
        marked.append(len(samples))
        return samples

    outlet = Outlet(Encoder(Mark("tone", "none"), mark), "pcm", 2)
    one, two = a_piece(1, 900), a_piece(2, 700)
    early = [outlet.hear(bit) for bit in bits_of(one, [100, 300])]
    left = outlet.end_piece() + outlet.hear(two) + outlet.end_piece()

    assert early == [b""] * 3
    assert left == whole([one, two]).samples
    assert marked == [900 + round(0.2 * RATE), 700]
    assert Encoder(Mark("tone", "none")).watermark is untouched


def test_pieces_at_different_rates_are_an_error() -> None:
    outlet = an_outlet(2)
    outlet.hear(a_piece(1, 800))
    outlet.end_piece()

    with pytest.raises(AudioError, match="16000 Hz"):
        outlet.hear(Audio(bytes(100), 16000))
