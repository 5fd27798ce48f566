"""How a checkpoint wants to be read: as its owner declares, and where there is a recording, as it reads best."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from torch import Tensor

from voice_server.engines.f5.architecture import V0, V1, Architecture
from voice_server.engines.f5.checkpoint import CheckpointError
from voice_server.engines.f5.infill import Infill
from voice_server.engines.f5.probe import Verdict, settle
from voice_server.engines.f5.sidecar import Sidecar
from voice_server.engines.f5.tokenizer import Tokenizer, tokens
from voice_server.engines.f5.vocabulary import Vocabulary

Variant = Literal["v0", "v1"]
VARIANTS: dict[Variant, Architecture] = {"v0": V0, "v1": V1}


@dataclass(frozen=True, slots=True)
class Reading:
    variant: Variant
    tokenizer: Tokenizer

    def __str__(self) -> str:
        return f"{self.variant} with {self.tokenizer}"

    def architecture(self, size: Architecture) -> Architecture:
        """The architecture of that size and this variant."""
        known = VARIANTS[self.variant]
        return replace(size, text_mask_padding=known.text_mask_padding, pe_attn_head=known.pe_attn_head)


def declared(sidecar: Sidecar) -> Reading:
    """What the sidecar says; CheckpointError when it leaves something open."""
    if sidecar.architecture is None or sidecar.tokenizer is None:
        raise CheckpointError(_OPEN)
    return Reading(sidecar.architecture, sidecar.tokenizer)


def tried(
    infill: Infill, sidecar: Sidecar, vocabulary: Vocabulary, mel: Tensor, said: str
) -> Verdict[Reading]:
    """The readings under which the network may fill in the recording, `mel` [frames, mel_dim] with `said` in it."""

    def losses(reading: Reading) -> list[float]:
        numbers = vocabulary.encode_leniently(tokens(said, reading.tokenizer)).numbers
        variant = VARIANTS[reading.variant]
        return infill.losses(mel, numbers, masked=variant.text_mask_padding, heads=variant.pe_attn_head)

    return settle(_readings(sidecar), losses)


def agreed(sidecar: Sidecar, verdict: Verdict[Reading]) -> Reading:
    """What was found out; CheckpointError when the sidecar says otherwise, or leaves open what was not decided."""
    best = verdict.best
    if best is None and sidecar.architecture and sidecar.tokenizer:
        return declared(sidecar)
    if best is None:
        raise CheckpointError(f"the recording decides nothing, for the losses are {verdict}; {_OPEN}")
    if sidecar.architecture not in {None, best.variant}:
        raise CheckpointError(
            f"declared as {sidecar.architecture}, but it fills in the recording as the other does: "
            f"the losses are {verdict}; write the other"
        )
    return best


def _readings(sidecar: Sidecar) -> Sequence[Reading]:
    tokenizers = [sidecar.tokenizer] if sidecar.tokenizer else list(Tokenizer)
    return [Reading(variant, tokenizer) for tokenizer in tokenizers for variant in get_args(Variant)]


_OPEN = 'write "architecture" and "tokenizer" as they were in the training, or "probe" with a recording to find out'
