"""XTTS beside coqui's own inference on the same random weights: batches, streams, cached voices. CPU, no download.

    .venv/bin/python -m bench.xtts             the full size: 1.9 GB of weights, about ten minutes
    .venv/bin/python -m bench.xtts --layers 6  a fifth of the GPT

The weights are random but for one thing: every line ends after the same number of tokens, whoever runs it.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, "tests")

from TTS.tts.models.xtts import Xtts as Upstream

from support.xtts import FULL_ARGS, a_voice, an_upstream, end_after, write_checkpoint
from voice_server.audio.pcm import Audio
from voice_server.engines.xtts import checkpoint
from voice_server.engines.xtts.checkpoint import Model
from voice_server.engines.xtts.config import Sampling
from voice_server.engines.xtts.script import Piece
from voice_server.engines.xtts.speech import Request, Studio
from voice_server.engines.xtts.voice import Listener

TEXT = "uma frase de tamanho comum, dita como se diz uma frase comum"
RATE = 24000
SAMPLING = Sampling(temperature=0.75, repetition_penalty=5.0)
CODE_SECONDS = 1024 / 22050
SEEDS = (0, 1, 2, 3, 4)


def main() -> int:
    """Print the figures; 1 where one that is promised was missed."""
    told = _arguments()
    torch.set_num_threads(told.threads)
    with tempfile.TemporaryDirectory() as folder:
        upstream = written(Path(folder), told.layers, told.seconds)
        model = checkpoint.load(Path(folder), torch.device("cpu"))
    print(
        f"{told.layers} layers, lines of {told.seconds:g} s, {told.threads} threads, torch {torch.__version__}"
    )
    bench = Bench(Ours(model, told.seconds), Theirs(upstream), told.seconds)
    promises = [bench.batch(), bench.stream(), bench.voice()]
    return 0 if all(promises) else 1


class Ours:
    """Says the line in the voice of each seed."""

    def __init__(self, model: Model, seconds: float) -> None:
        self._model = model
        self._seconds = seconds
        self._studio = Studio(model, SAMPLING)
        self._tokens = model.tokenizer.encode(TEXT, "pt")
        self.speak(0)

    def speak(self, *seeds: int) -> None:
        for answer in self._studio.speak([self._request(seed) for seed in seeds]):
            assert isinstance(answer, Audio), answer
            assert abs(answer.duration - self._seconds) < 2 * CODE_SECONDS

    def speak_one_by_one(self, *seeds: int) -> None:
        for seed in seeds:
            self.speak(seed)

    def stream(self, hear: Callable[[object], None]) -> None:
        self._studio.speak([self._request(1, hear)])

    def stream_together(self, hear: Callable[[object], None]) -> None:
        self._studio.speak([self._request(seed, hear) for seed in SEEDS])

    def hear(self) -> None:
        recording = np.random.default_rng(1).normal(0, 0.1, 12 * RATE).astype(np.float32)
        Listener(self._model).hear(recording, RATE)

    def _request(self, seed: int, hear: Callable[[object], None] | None = None) -> Request:
        line = [Piece(self._tokens, self._seconds)]
        return Request(line, a_voice(seed, FULL_ARGS), 1.0, lambda: True, hear, seed)


class Theirs:
    """The same in coqui's inference, in one voice."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def speak(self) -> None:
        self._upstream.inference(**self._asked())

    def stream(self, hear: Callable[[object], None]) -> None:
        for sound in self._upstream.inference_stream(**self._asked()):
            hear(sound)

    def _asked(self) -> dict[str, Any]:
        voice = a_voice(1, FULL_ARGS)
        torch.manual_seed(1)
        return {
            "text": TEXT, "language": "pt", "gpt_cond_latent": voice.latents, "speaker_embedding": voice.embedding,
            "temperature": SAMPLING.temperature, "repetition_penalty": SAMPLING.repetition_penalty,
            "top_k": SAMPLING.top_k, "top_p": SAMPLING.top_p,
        }  # fmt: skip


class Bench:
    def __init__(self, ours: Ours, theirs: Theirs, seconds: float) -> None:
        self._ours = ours
        self._theirs = theirs
        self._seconds = seconds

    def batch(self) -> bool:
        singles = timed(lambda: self._ours.speak_one_by_one(*SEEDS))
        together = timed(lambda: self._ours.speak(*SEEDS))
        theirs = timed(self._theirs.speak)
        said("5 texts one by one", singles, 5 * self._seconds)
        said("5 texts together", together, 5 * self._seconds)
        said("1 text, upstream", theirs, self._seconds)
        return promised("batch of 5 over 5 singles", singles / together, at_least=2.0)

    def stream(self) -> bool:
        first: list[float] = []
        ours = timed(lambda: heard(self._ours.stream, first))
        theirs = timed(lambda: heard(self._theirs.stream, first))
        together = timed(lambda: heard(self._ours.stream_together, first))
        whole = timed(lambda: self._ours.speak(1))
        said("streamed", ours, self._seconds)
        said("streamed, upstream", theirs, self._seconds)
        said("at once", whole, self._seconds)
        said("5 listeners together", together, 5 * self._seconds)
        print(
            f"  first sound after {first[0]:.1f} s, upstream {first[1]:.1f} s, of 5 together {first[2]:.1f} s"
        )
        return promised("streamed over upstream streamed", ours / theirs, at_most=0.8)

    def voice(self) -> bool:
        hearing = timed(self._ours.hear)
        cached = timed(lambda: self._ours.speak(1))
        print(
            f"a voice heard in 12 s of recording: {hearing:.2f} s, saved where it is cached ({cached:.2f} s left)"
        )
        return True


def heard(stream: Callable[[Callable[[object], None]], None], first: list[float]) -> None:
    """Hear all of a stream; the seconds until its first sound are added to `first`."""
    began = time.perf_counter()
    after: list[float] = []
    stream(lambda _: after.append(time.perf_counter() - began))
    first.append(after[0])


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def said(what: str, took: float, seconds: float) -> None:
    print(f"  {what}: {took:.1f} s for {seconds:g} s of speech, RTF {took / seconds:.2f}", flush=True)


def promised(what: str, figure: float, at_least: float = 0.0, at_most: float = float("inf")) -> bool:
    is_kept = at_least <= figure <= at_most
    bound = f">= {at_least:g}" if at_least else f"<= {at_most:g}"
    print(f"{'ok' if is_kept else 'MISSED'}  {what}: {figure:.2f} (promised {bound})", flush=True)
    return is_kept


def written(folder: Path, layers: int, seconds: float, width: int = 512) -> Upstream:
    """Upstream's model on the CPU, and its folder, whose lines end after so many seconds, its vocoder `width` wide."""
    upstream = an_upstream(folder, FULL_ARGS | {"gpt_layers": layers}, width)
    end_after(upstream, round(seconds / CODE_SECONDS))
    write_checkpoint(upstream, folder, {"voz": a_voice(0, FULL_ARGS)})
    upstream.eval()
    return upstream


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--layers", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
