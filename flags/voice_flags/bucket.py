"""The frozen function that puts a user on one side of a share, and keeps him there."""

import mmh3

BUCKETS = 100_000
"""A share is counted in thousandths of a percent."""


def bucket(salt: str, user: str) -> int:
    """The user's place among 100,000, the same in every version, language and process.

    In at a share when ``bucket < percentage * 1000``. `vectors.json` beside this file lists known answers.
    """
    key = f"{salt}:{user}".encode("utf-8", "surrogatepass")
    return mmh3.mmh3_32_uintdigest(key, 0) * BUCKETS >> 32
