"""What `config.json` beside the weights says: the shape of the model and how its makers sample from it."""

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from voice_server.engines.base import EngineError

CONFIG_FILE = "config.json"


class Shape(BaseModel):
    """The part of `model_args` that inference needs; the rest is about training."""

    model_config = ConfigDict(frozen=True)

    gpt_layers: int = Field(ge=1)
    gpt_n_model_channels: int = Field(ge=1)
    gpt_n_heads: int = Field(ge=1)
    gpt_max_audio_tokens: int = Field(ge=8)
    gpt_max_text_tokens: int = Field(ge=8)
    gpt_max_prompt_tokens: int = Field(ge=1)
    gpt_num_audio_tokens: int = Field(ge=3)
    gpt_start_audio_token: int
    gpt_stop_audio_token: int
    gpt_code_stride_len: int = Field(default=1024, ge=1)
    input_sample_rate: int = Field(default=22050, ge=1)
    output_sample_rate: int = Field(default=24000, ge=1)
    output_hop_length: int = Field(default=256, ge=1)
    decoder_input_dim: int = Field(default=1024, ge=1)
    d_vector_dim: int = Field(default=512, ge=1)


class Sampling(BaseModel):
    """How the next audio token is drawn; temperature 0 always takes the likeliest."""

    model_config = ConfigDict(frozen=True)

    temperature: float = Field(default=0.75, ge=0)
    repetition_penalty: float = Field(default=10.0, gt=0)
    top_k: int = Field(default=50, ge=1)
    top_p: float = Field(default=0.85, gt=0, le=1)


class Reference(BaseModel):
    """How much of a voice's recording is heard, in seconds: by the speaker encoder, by the GPT, in pieces of."""

    model_config = ConfigDict(frozen=True)

    max_ref_len: int = Field(default=30, ge=1)
    gpt_cond_len: int = Field(default=30, ge=1)
    gpt_cond_chunk_len: int = Field(default=4, ge=1)


class Config(Sampling, Reference):
    """Written beside the weights, it wins over the defaults of any function (`docs/decisions/0038-*`)."""

    model_args: Shape
    languages: tuple[str, ...]


def read(folder: Path) -> Config:
    """The configuration in a model's folder; EngineError says which field is missing or wrong."""
    path = folder / CONFIG_FILE
    try:
        return Config.model_validate(json.loads(path.read_text()))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise EngineError(f"{path}: {error}; mount XTTS v2's own config.json there") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise EngineError(
            f"{path}: {field}: {first['msg']}; mount XTTS v2's own config.json there"
        ) from error
