import torch

from voice_server.engines.xtts.transformer import Memory, _mask


def test_a_row_looks_back_to_where_its_prompt_begins_and_padding_at_itself() -> None:
    mask = _mask(Memory(torch.tensor([0, 2])), 3)

    assert mask is not None
    assert mask[:, 0].int().tolist() == [
        [[1, 0, 0], [1, 1, 0], [1, 1, 1]],
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    ]


def test_later_positions_look_at_all_but_the_padding() -> None:
    memory = Memory(torch.tensor([0, 2]))
    memory.length = 3

    mask = _mask(memory, 1)

    assert mask is not None
    assert mask[:, 0, 0].int().tolist() == [[1, 1, 1, 1], [0, 0, 1, 1]]


def test_without_padding_a_later_position_needs_no_mask() -> None:
    assert _mask(Memory(torch.tensor([0, 0])), 1) is None


def test_memory_grows_without_forgetting() -> None:
    memory = Memory(torch.tensor([0, 1]))
    parts = [torch.randn(2, 2, positions, 4) for positions in (3, 1, 200, 1)]

    for number, part in enumerate(parts, 1):
        keys, values = memory.extend(0, part, -part)
        memory.length += part.shape[2]
        assert torch.equal(keys, torch.cat(parts[:number], dim=2))
        assert torch.equal(values, -torch.cat(parts[:number], dim=2))


def test_memory_keeps_the_rows_it_is_told_to() -> None:
    memory = Memory(torch.tensor([0, 1, 0]))
    first = torch.randn(3, 2, 3, 4)
    memory.extend(0, first, first)
    memory.length = 3

    memory.keep([0, 2])
    keys, _ = memory.extend(0, torch.ones(2, 2, 1, 4), torch.ones(2, 2, 1, 4))

    assert torch.equal(keys[:, :, :3], first[[0, 2]])
    assert not memory.is_ragged
