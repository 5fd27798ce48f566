"""One measurement of F5-TTS in a process of its own: `python bench/f5_runtimes.py MEASUREMENT FOLDER`, JSON comes out.

`FOLDER` is what `lay_out` wrote: random weights of one architecture, a vocoder, a recording. MEASUREMENT is the name of
a function below. CPU seconds are this process's own, so that they mean something on a machine that does other things.
"""

import contextlib
import gc
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import soundfile
import soxr
import torch
import yaml
from f5_tts.infer import utils_infer
from f5_tts.model import DiT
from f5_tts.model.modules import MelSpec
from safetensors.torch import save_file
from vocos import Vocos as UpstreamVocos

from voice_server.audio import reference, upload
from voice_server.engines.f5 import duration
from voice_server.engines.f5.architecture import ROTARY_FREQUENCIES, V0, Architecture, shapes
from voice_server.engines.f5.checkpoint import Checkpoint
from voice_server.engines.f5.mel import mel
from voice_server.engines.f5.positions import frequencies
from voice_server.engines.f5.sampler import F5, Request, Voice
from voice_server.engines.f5.tokenizer import Tokenizer, tokens
from voice_server.engines.f5.vocabulary import Vocabulary
from voice_server.engines.f5.vocabulary import read as read_vocabulary
from voice_server.engines.f5.vocoder import Vocos
from voice_server.engines.f5.weights import Weights

SAID = "Esta voz conta de um a dez, e depois disso fica quieta. "
TEXT = "O trem das onze sai hoje da linha dois."
STEPS = 7
VOCABULARY = Path(str(files("f5_tts").joinpath("infer/examples/vocab.txt")))
VOCOS = {
    "feature_extractor": {
        "class_path": "vocos.feature_extractors.MelSpectrogramFeatures",
        "init_args": {
            "sample_rate": 24000,
            "n_fft": 1024,
            "hop_length": 256,
            "n_mels": 100,
            "padding": "center",
        },
    },
    "backbone": {
        "class_path": "vocos.models.VocosBackbone",
        "init_args": {"input_channels": 100, "dim": 512, "intermediate_dim": 1536, "num_layers": 8},
    },
    "head": {
        "class_path": "vocos.heads.ISTFTHead",
        "init_args": {"dim": 512, "n_fft": 1024, "hop_length": 256, "padding": "center"},
    },
}


@dataclass(frozen=True)
class Laid:
    """The files of a folder."""

    folder: Path

    @property
    def weights(self) -> Path:
        return self.folder / "model.safetensors"

    @property
    def recording(self) -> Path:
        return self.folder / "recording.wav"

    @property
    def architecture(self) -> Architecture:
        return Architecture(**json.loads((self.folder / "architecture.json").read_text()))


def lay_out(folder: Path, architecture: Architecture) -> None:
    """Write a checkpoint as upstream's trainer does, a vocoder's folder and a spoken recording."""
    laid = Laid(folder)
    (folder / "architecture.json").write_text(json.dumps(asdict(architecture)))
    network = {name: torch.randn(shape).mul_(0.03) for name, shape in shapes(architecture).items()}
    network[ROTARY_FREQUENCIES] = frequencies(architecture.dim_head)
    extras = {"initted": torch.tensor([True]), "step": torch.tensor([1])}
    save_file({f"ema_model.{name}": tensor for name, tensor in network.items()} | extras, laid.weights)
    (folder / "vocos").mkdir()
    (folder / "vocos/config.yaml").write_text(yaml.safe_dump(VOCOS))
    save_file(_upstream_vocoder(laid).state_dict(), folder / "vocos/model.safetensors")
    speech = subprocess.run(
        ["espeak-ng", "-v", "pt-br", "--stdout", SAID], stdout=subprocess.PIPE, check=True
    )
    laid.recording.write_bytes(speech.stdout)


def memory_ours(laid: Laid) -> dict[str, float]:
    return _memory(lambda: _ours(laid, laid.architecture))


def memory_upstream(laid: Laid) -> dict[str, float]:
    return _memory(lambda: _upstream(laid, laid.architecture))


def v0(laid: Laid) -> dict[str, float]:
    return _warm(laid, replace(laid.architecture, text_mask_padding=False, pe_attn_head=V0.pe_attn_head), 1)


def v1(laid: Laid) -> dict[str, float]:
    return _warm(laid, laid.architecture, 2)


def tiers(laid: Laid) -> dict[str, float]:
    """CPU seconds of 16 and of 7 steps."""
    ours = Ours(laid, laid.architecture, _normalised(laid))
    return {str(steps): _least(1, partial(ours.speak, steps)) for steps in (7, 16)}


def cold(laid: Laid) -> dict[str, float]:
    """Seconds from a recording's file to the first step of its first text.

    "upload" is ours, too, with what a stranger's file asks for: a process of its own to be decoded in.
    """
    ours = Ours(laid, laid.architecture, _normalised(laid))
    seconds: dict[str, list[float]] = {"ours": [], "upload": [], "upstream": []}
    for attempt in range(10):
        recording = _another_recording(laid, attempt)
        with _clock(seconds["ours"]):
            ours.prepare(_decoded(recording))
        with _clock(seconds["upload"]):
            ours.prepare(upload.read(recording.read_bytes()))
        with _clock(seconds["upstream"]):
            _to_first_step(recording)
    return {way: min(times) for way, times in seconds.items()}


def _decoded(recording: Path) -> upload.Recording:
    samples, rate = soundfile.read(recording, dtype="float32", always_2d=True)
    return upload.Recording(samples, rate)


class Ours:
    def __init__(self, laid: Laid, architecture: Architecture, recording: Path) -> None:
        self.f5 = _ours(laid, architecture)
        self._vocabulary: Vocabulary = read_vocabulary(VOCABULARY, architecture.text_num_embeds)
        self._vocoder = Vocos(laid.folder / "vocos")
        samples, _ = _loaded(recording)
        self._voice = self._voice_of(samples)

    def prepare(self, recording: upload.Recording) -> Request:
        """A first request of a new voice, ready for the first step."""
        heard = reference.prepare(recording)
        return self._request(self._voice_of(torch.from_numpy(heard.samples.copy())))

    def speak(self, steps: int) -> torch.Tensor:
        """A later request of a known voice."""
        (spoken,) = self.f5.speak([self._request(self._voice)], steps)
        assert spoken is not None
        return self._vocoder(spoken)

    def _voice_of(self, samples: torch.Tensor) -> Voice:
        return self.f5.prepare(mel(samples), self._numbers(SAID))

    def _request(self, voice: Voice) -> Request:
        frames = duration.frames(len(voice.mel), SAID, TEXT)
        return Request(voice, self._numbers(TEXT), frames, seed=1, is_wanted=lambda: True)

    def _numbers(self, text: str) -> tuple[int, ...]:
        return self._vocabulary.encode(tokens(text, Tokenizer.PINYIN)).numbers


def _warm(laid: Laid, architecture: Architecture, rounds: int) -> dict[str, float]:
    """CPU seconds for a text of a voice that was spoken with before."""
    recording = _normalised(laid)
    ours = Ours(laid, architecture, recording)
    model, vocoder = _upstream(laid, architecture), _upstream_vocoder(laid)

    def upstream() -> Any:
        return utils_infer.infer_process(
            str(recording), SAID.rstrip(), TEXT, model, vocoder, nfe_step=STEPS, device="cpu", **QUIETLY
        )

    with _silence():
        return {
            "upstream": _least(rounds, upstream),
            "ours": _least(rounds, lambda: ours.speak(STEPS)),
        }


class ReachedError(Exception):
    """Upstream would take its first step now."""


class FirstStep:
    """A model that does what comes before its first step, and stops there."""

    def __init__(self, spectrogram: Callable[[torch.Tensor], torch.Tensor]) -> None:
        self._spectrogram = spectrogram

    def sample(self, cond: torch.Tensor, **_: Any) -> None:
        self._spectrogram(cond)
        raise ReachedError


def _to_first_step(recording: Path) -> None:
    with _silence(), contextlib.suppress(ReachedError):
        path, said = utils_infer.preprocess_ref_audio_text(str(recording), SAID, show_info=print)
        utils_infer.infer_process(path, said, TEXT, FirstStep(MelSpec()), None, device="cpu", **QUIETLY)


QUIETLY: dict[str, Any] = {"show_info": lambda *_: None, "progress": None}


def _ours(laid: Laid, architecture: Architecture) -> F5:
    return F5(Weights(Checkpoint.open(laid.weights)), architecture)


def _upstream(laid: Laid, a: Architecture) -> Any:
    config = {
        "dim": a.dim, "depth": a.depth, "heads": a.heads, "ff_mult": a.ff_mult, "text_dim": a.text_dim,
        "text_mask_padding": a.text_mask_padding, "conv_layers": a.conv_layers, "pe_attn_head": a.pe_attn_head,
    }  # fmt: skip
    with _silence():
        return utils_infer.load_model(DiT, config, str(laid.weights), device="cpu")


def _upstream_vocoder(laid: Laid) -> Any:
    return UpstreamVocos.from_hparams(str(laid.folder / "vocos/config.yaml")).eval()


def _normalised(laid: Laid) -> Path:
    """The recording as upstream trims it, so that both go on from the same frames."""
    with _silence():
        path, _ = utils_infer.preprocess_ref_audio_text(str(laid.recording), SAID, show_info=print)
    samples, rate = _loaded(Path(path))
    return _stored(laid.folder / "trimmed.wav", samples, rate)


def _another_recording(laid: Laid, number: int) -> Path:
    """The same speech as no cache knows it."""
    samples, rate = _loaded(laid.recording)
    samples[0] = number / 100 + 0.01
    return _stored(laid.folder / f"another-{number}.wav", samples, rate)


def _loaded(path: Path) -> tuple[torch.Tensor, int]:
    samples, rate = soundfile.read(path, dtype="float32")
    return torch.from_numpy(soxr.resample(samples, rate, 24_000)), 24_000


def _stored(path: Path, samples: torch.Tensor, rate: int) -> Path:
    soundfile.write(path, samples.numpy(), rate, subtype="PCM_16")
    return path


def _least(rounds: int, speak: Callable[[], object]) -> float:
    spent = []
    for _ in range(rounds):
        start = time.process_time()
        speak()
        spent.append(time.process_time() - start)
    return min(spent)


def _memory(load: Callable[[], object]) -> dict[str, float]:
    """MB more than before: at most while it loads, and afterwards."""
    gc.collect()
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    loaded = load()
    peak = _status("VmHWM") - before
    gc.collect()
    steady = _status("VmRSS") - before
    del loaded
    return {"load": peak, "steady": steady}


def _status(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(field))


@contextlib.contextmanager
def _clock(seconds: list[float]) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds.append(time.perf_counter() - start)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def main() -> None:
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    measurement, folder = sys.argv[1:]
    print(json.dumps(globals()[measurement](Laid(Path(folder)))))


if __name__ == "__main__":
    main()
