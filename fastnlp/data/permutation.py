"""A random order of any number of examples, in no memory."""

from __future__ import annotations

import math

import numpy as np

ROUNDS = 6
SHIFT = np.uint64(32)


class Permutation:
    """A pseudo-random bijection of 0 to `size` - 1, of which any part can be computed alone.

    A shuffled array of a hundred million indices takes 800 MB and seconds an
    epoch; this takes nothing, and begins anywhere at once. It is the
    generalized Feistel network of Black and Rogaway, "Ciphers with Arbitrary
    Finite Domains" (2002): numbers are pairs (left, right) in a rectangle
    a * b >= size, with a and b as near to its root as can be; numbers that
    leave the range are mapped again until they are back. Of fewer than some
    fifty numbers, some orders are a few percent more likely than others.

    Args:
        size: how many numbers there are, at least 1.
        key: two orders of different keys have nothing to do with each other.

    Example:

    >>> Permutation(5, (1, 0))(np.arange(5)).tolist()
    [0, 3, 2, 4, 1]
    """

    def __init__(self, size: int, key: tuple[int, ...]) -> None:
        self.size = size
        self._width = math.isqrt(size - 1) + 1
        self._height = -(-size // self._width)
        keys = np.random.SeedSequence(key).generate_state(3 * ROUNDS, np.uint64).reshape(3, ROUNDS)
        self._offsets = keys[0]
        self._factors = keys[1:] | np.uint64(1)

    def __call__(self, positions: np.ndarray) -> np.ndarray:
        """The numbers that stand at these positions of the order: int64, of their shape."""
        numbers = self._encipher(positions.astype(np.uint64))
        while (outside := numbers >= self.size).any():
            numbers[outside] = self._encipher(numbers[outside])
        return numbers.astype(np.int64)

    def _encipher(self, numbers: np.ndarray) -> np.ndarray:
        """A bijection of the rectangle."""
        width, height = np.uint64(self._width), np.uint64(self._height)
        right, left = np.divmod(numbers, width)
        for index in range(0, ROUNDS, 2):
            left = (left + self._scramble(right, index)) % width
            right = (right + self._scramble(left, index + 1)) % height
        return right * width + left

    def _scramble(self, half: np.ndarray, index: int) -> np.ndarray:
        """32 bits that depend on all bits of `half` and on the keys of a round."""
        mixed: np.ndarray = (half + self._offsets[index]) * self._factors[0, index]
        mixed ^= mixed >> SHIFT
        mixed *= self._factors[1, index]
        mixed >>= SHIFT
        return mixed
