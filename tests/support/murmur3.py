"""MurmurHash3 x86 32, written from its definition: the judge of the library that the product uses."""

MASK = 0xFFFFFFFF


def murmur3_x86_32(data: bytes, seed: int = 0) -> int:
    state = seed
    whole = len(data) // 4 * 4
    for start in range(0, whole, 4):
        state ^= _scrambled(int.from_bytes(data[start : start + 4], "little"))
        state = (_rotated(state, 13) * 5 + 0xE6546B64) & MASK
    state ^= _scrambled(int.from_bytes(data[whole:], "little"))
    return _finished(state ^ len(data))


def frozen_bucket(salt: str, user: str) -> int:
    """The contract's formula, to the letter."""
    return (murmur3_x86_32(f"{salt}:{user}".encode()) * 100_000) >> 32


def _rotated(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (32 - bits))) & MASK


def _scrambled(block: int) -> int:
    return _rotated(block * 0xCC9E2D51 & MASK, 15) * 0x1B873593 & MASK


def _finished(state: int) -> int:
    state = (state ^ state >> 16) * 0x85EBCA6B & MASK
    state = (state ^ state >> 13) * 0xC2B2AE35 & MASK
    return state ^ state >> 16
