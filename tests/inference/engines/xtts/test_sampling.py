from typing import cast

import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor
from transformers import (
    LogitsProcessorList,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from voice_server.engines.xtts.config import Sampling
from voice_server.engines.xtts.sampling import draw, penalised, probabilities

TOKENS = 40
SETTINGS = st.builds(
    Sampling,
    temperature=st.floats(0.1, 2.0),
    repetition_penalty=st.floats(1.0, 10.0),
    top_k=st.integers(1, 60),
    top_p=st.floats(0.05, 1.0),
)


def some_logits(seed: int, rows: int = 3) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(rows, TOKENS, generator=generator)
    said = torch.randint(0, TOKENS, (rows, 7), generator=generator)
    return logits, said


@settings(deadline=None, max_examples=60)
@given(SETTINGS, st.integers(0, 2**32))
@example(Sampling(temperature=0.1, repetition_penalty=2.0, top_k=5, top_p=0.99999), 7895592)
def test_chances_are_those_of_transformers(sampling: Sampling, seed: int) -> None:
    logits, said = some_logits(seed)
    theirs = LogitsProcessorList(
        [
            RepetitionPenaltyLogitsProcessor(sampling.repetition_penalty),
            TemperatureLogitsWarper(sampling.temperature),
            TopKLogitsWarper(sampling.top_k),
            TopPLogitsWarper(sampling.top_p),
        ]
    )
    seen = torch.zeros(logits.shape, dtype=torch.bool).scatter_(1, said, value=True)

    expected = torch.softmax(theirs(cast("torch.LongTensor", said), logits.clone()), dim=-1)
    ours = probabilities(penalised(logits, seen, sampling.repetition_penalty), sampling)

    torch.testing.assert_close(ours, expected, atol=1e-6, rtol=1e-5)


def test_temperature_0_takes_the_likeliest_that_was_not_said() -> None:
    logits = torch.tensor([[1.0, 5.0, 4.0], [3.0, 1.0, 2.0]])
    seen = torch.tensor([[False, True, False], [False, False, False]])
    greedy = Sampling(temperature=0, repetition_penalty=10)

    drawn = draw(logits, seen, greedy, [torch.Generator(), torch.Generator()])

    assert drawn.tolist() == [2, 0]


def test_a_row_draws_the_same_whoever_its_neighbours_are() -> None:
    logits, _ = some_logits(5)
    seen = torch.zeros(logits.shape, dtype=torch.bool)
    sampling = Sampling(temperature=1.5)

    def drawn(rows: list[int]) -> list[int]:
        generators = [torch.Generator().manual_seed(row) for row in rows]
        return [
            int(token) for _ in range(20) for token in draw(logits[rows], seen[rows], sampling, generators)
        ]

    assert drawn([0, 1, 2])[1::3] == drawn([1])
    assert len(set(drawn([1]))) > 3
