"""Random numbers that are a function of where they are used.

Philox4x32-10 is that of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011), and of
their library Random123.
"""

from __future__ import annotations

from enum import IntEnum

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10
WORD = 0xFFFFFFFF


def philox4x32(counter: tuple[int, int, int, int], key: tuple[int, int]) -> tuple[int, int, int, int]:
    """Four random words of 32 bits for a counter of four words and a key of two."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(ROUNDS):
        first, second = MULTIPLIERS[0] * c0, MULTIPLIERS[1] * c2
        c0, c1, c2, c3 = second >> 32 ^ c1 ^ k0, second & WORD, first >> 32 ^ c3 ^ k1, first & WORD
        k0, k1 = k0 + KEY_STEPS[0] & WORD, k1 + KEY_STEPS[1] & WORD
    return c0, c1, c2, c3


class Purpose(IntEnum):
    """What a number is drawn for; each has numbers of its own."""

    SELECTION = 0
    REDUCTION = 1
    SPAN_LENGTH = 2
    REPLACEMENT = 3
    RANDOM_TOKEN = 4


class Draws:
    """The random numbers of one example in one epoch.

    The key of Philox is the seed, 64 bits. The words of the counter are the purpose (upper 3 bits) and a quarter of the
    number's index (lower 29), the epoch, and the lower and the upper half of the example's number.
    """

    def __init__(self, seed: int, epoch: int, example: int) -> None:
        self.key = (seed & WORD, seed >> 32 & WORD)
        self.example = (epoch & WORD, example & WORD, example >> 32 & WORD)

    def word(self, purpose: Purpose, index: int) -> int:
        """A number of 32 bits."""
        return philox4x32((purpose << 29 | index // 4, *self.example), self.key)[index % 4]

    def below(self, limit: int, purpose: Purpose, index: int) -> int:
        """A number of [0, limit). None is likelier than another by more than limit / 2**32."""
        return self.word(purpose, index) * limit >> 32
