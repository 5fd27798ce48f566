"""Everything that has to hold before a checkpoint speaks to users."""

from dataclasses import dataclass
from pathlib import Path

import torch

from voice_server.engines.base import TextError
from voice_server.engines.f5 import duration, sidecar, vocabulary
from voice_server.engines.f5.architecture import ROTARY_FREQUENCIES, Architecture
from voice_server.engines.f5.checkpoint import Checkpoint, CheckpointError
from voice_server.engines.f5.duration import PaceError
from voice_server.engines.f5.infill import Infill
from voice_server.engines.f5.mel import BANDS
from voice_server.engines.f5.positions import frequencies
from voice_server.engines.f5.probe import Verdict
from voice_server.engines.f5.reading import VARIANTS, Reading, Variant, agreed, declared, tried
from voice_server.engines.f5.recording import heard
from voice_server.engines.f5.sidecar import Sidecar, beside
from voice_server.engines.f5.structure import architecture_of
from voice_server.engines.f5.tokenizer import Tokenizer
from voice_server.engines.f5.vocabulary import Vocabulary
from voice_server.engines.f5.weights import Weights


@dataclass(frozen=True, slots=True, eq=False)
class Verified:
    """A checkpoint that may be served. `weights` checks its values as they are read."""

    weights: Weights
    architecture: Architecture
    variant: Variant
    tokenizer: Tokenizer
    vocabulary: Vocabulary
    sidecar: Sidecar
    verdict: Verdict[Reading] | None
    """What came of the recording, where there is one."""


def verify(path: Path, device: torch.device | str = "cpu") -> Verified:
    """The checkpoint at `path` with all that is declared beside it; CheckpointError says why it must not be served.

    The values of the tensors are left to whoever reads them first, so that a large file is not read twice. Where the
    sidecar names a recording, the network is asked on `device` whether it was trained as declared.
    """
    checkpoint = Checkpoint.open(path)
    about = sidecar.read(path)
    size = architecture_of(checkpoint, VARIANTS["v1"])
    _check_bands(size, path)
    _check_digest(checkpoint, about)
    weights = Weights(checkpoint)
    _check_positions(weights, size, path)
    known = vocabulary.read(path.parent / about.vocabulary, size.text_num_embeds)
    _check_letters(known, about, path)
    verdict = None
    if about.probe:
        mel = heard(path.parent / about.probe.recording)
        try:
            duration.pace(len(mel), about.probe.transcript)
            verdict = tried(Infill(weights, size, device), about, known, mel, about.probe.transcript)
        except (PaceError, TextError) as error:
            raise CheckpointError(f"{beside(path)}: probe.transcript: {error}") from error
    chosen = agreed(about, verdict) if verdict else declared(about)
    architecture = chosen.architecture(size)
    return Verified(weights, architecture, chosen.variant, chosen.tokenizer, known, about, verdict)


def _check_bands(size: Architecture, path: Path) -> None:
    if size.mel_dim != BANDS:
        raise CheckpointError(
            f"{path}: its mels have {size.mel_dim} bands, but those of vocos have {BANDS}; write a checkpoint of "
            "F5-TTS at 24 kHz"
        )


def _check_digest(checkpoint: Checkpoint, about: Sidecar) -> None:
    if about.sha256 is None:
        return
    digest = checkpoint.digest()
    if digest != about.sha256.lower():
        raise CheckpointError(
            f"{checkpoint.path}: its sha256 is {digest}, but {beside(checkpoint.path).name} says {about.sha256}; "
            "fetch it again"
        )


def _check_positions(weights: Weights, size: Architecture, path: Path) -> None:
    stored = weights.get(ROTARY_FREQUENCIES)
    if stored is None or torch.allclose(stored.float(), frequencies(size.dim_head), rtol=0.02, atol=1e-6):
        return
    raise CheckpointError(
        f"{path}: {ROTARY_FREQUENCIES} is not what follows from dim_head {size.dim_head}: its positions were rescaled, "
        "which is not served; export the checkpoint of a training with f5-tts's own"
    )


def _check_letters(known: Vocabulary, about: Sidecar, path: Path) -> None:
    missing = known.missing(about.language)
    if not missing:
        return
    cut = f"; its last line, {known.cut!r}, ends without a line feed, so f5-tts cuts it" if known.cut else ""
    raise CheckpointError(
        f"{path.parent / about.vocabulary}: {missing!r} are not in it, and {about.language} needs them{cut}; "
        "write the language it was trained for, or serve another checkpoint"
    )
