"""Learn a WordPiece vocabulary from text."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import mul
from typing import Any

from fastnlp import _dispatch
from fastnlp._dispatch import KERAS, SUBTRACT_ALL, SUBTRACT_KEPT
from fastnlp.ops.threads import as_num_threads
from fastnlp.ops.word_counter import WordCounter

LARGEST_NUMBER = 2**53  # that counts and limits may have
RESERVED_TOKENS = ("[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]")


def count_words(
    texts: Any,
    *,
    rules: str = KERAS,
    lowercase: bool = False,
    strip_accents: bool | None = None,
    split: bool = True,
    split_on_cjk: bool = True,
    errors: str = "replace",
    num_threads: int | None = None,
) -> dict[str, int]:
    """Count the words of texts: the first step of learning a vocabulary.

    Args:
        texts: text in any container that `WordPiece.encode` takes. bytes are
            UTF-8.
        rules: how text becomes words, `"keras"` or `"bert"`; this and the
            following as for `WordPiece`, and best the same.
        lowercase: lower-case the text.
        strip_accents: remove accents. None means False under `"keras"`, and
            `lowercase` under `"bert"`.
        split: split at white space, and set punctuation marks apart. If
            False, each text is one word.
        split_on_cjk: set CJK ideographs apart; needs `split`.
        errors: what invalid UTF-8 does. `"replace"` lets U+FFFD stand for
            it, `"strict"` raises.
        num_threads: the largest number of threads to use; None for one a
            core. The result does not depend on it.

    Returns:
        The number of times that each word comes, in the order in which the
        words first come. Empty if there is no word.

    Raises:
        TypeError: where `texts` holds anything but text; names the place.
        ValueError: where an argument is unusable; with `errors="strict"`,
            where a text is not UTF-8; names the row and the byte.

    Example:

    >>> count_words(["to be, or", "not to be"])
    {'to': 2, 'be': 2, ',': 1, 'or': 1, 'not': 1}
    """
    counter = WordCounter(
        rules=rules,
        lowercase=lowercase,
        strip_accents=strip_accents,
        split=split,
        split_on_cjk=split_on_cjk,
        errors=errors,
        num_threads=num_threads,
    )
    counter.add(texts)
    return counter.take().to_dict()


def learn_vocabulary(
    word_counts: Mapping[str, int] | Iterable[Mapping[str, int]],
    vocabulary_size: int,
    *,
    reserved_tokens: Sequence[str] = RESERVED_TOKENS,
    suffix_indicator: str = "##",
    algorithm: str = SUBTRACT_ALL,
    upper_threshold: int = 10_000_000,
    lower_threshold: int = 10,
    num_iterations: int = 4,
    max_input_tokens: int = 5_000_000,
    max_token_length: int = 50,
    max_unique_characters: int = 1000,
    slack_ratio: float = 0.05,
    on_evaluate: Callable[[int, int], None] | None = None,
    num_threads: int | None = None,
) -> list[str]:
    """Learn a WordPiece vocabulary from word counts.

    By default, the vocabulary is the one that tensorflow-text's
    `wordpiece_tokenizer_learner_lib`, and so KerasHub's
    `compute_word_piece_vocabulary`, learns from the same counts.

    Words are cut into pieces again and again, each time by the tokens of the
    time before. Every string that a word goes on with where a piece starts is
    counted, and kept as a token where its count reaches a threshold. So that
    nothing counts twice, longer strings come first, and their counts are
    subtracted from those of the strings that they begin with: see
    `algorithm`. The threshold is found by binary search.

    Args:
        word_counts: how often each word comes, as `count_words` gives it; or
            an iterable of such, one for each part of a corpus, read only
            once and added up.
        vocabulary_size: the largest number of tokens. There are often fewer,
            by `slack_ratio` or, where a corpus is small, by more.
        reserved_tokens: what the vocabulary begins with. A word that equals
            one of them is left out.
        suffix_indicator: what begins the tokens that continue a word.
        algorithm: `"subtract_all"` subtracts the counts of all strings, as
            tensorflow-text's library and KerasHub do. A string is then kept
            only where enough words end with it: `play` is not learned from
            `playing`, `played` and `player`. `"subtract_kept"` subtracts the
            counts of tokens that are kept, as tensorflow-text's guide says,
            and learns `play`; text becomes fewer tokens
            (https://github.com/tensorflow/text/issues/583).
        upper_threshold: the largest threshold to try.
        lower_threshold: the smallest threshold to try.
        num_iterations: how many times words are cut.
        max_input_tokens: how many different words to learn from; the most
            frequent are taken.
        max_token_length: the largest number of characters of a word. Longer
            words are left out.
        max_unique_characters: the largest size of the alphabet. Words with
            rarer characters are left out.
        slack_ratio: the search ends where at most this part of
            `vocabulary_size` is missing.
        on_evaluate: called with every threshold that was tried and the size
            of its vocabulary; for showing progress. The last call names
            those of the vocabulary that is returned, before it is cut to
            `vocabulary_size`. An error that it raises ends the search.
        num_threads: the largest number of threads to use; None for one a
            core. The result does not depend on it.

    Returns:
        The tokens, by token id: the reserved ones, then all characters by
        code point, then the rest by falling count. `report_vocabulary` tells
        how well they fit the text.

    Raises:
        TypeError, ValueError: where there is no word, `vocabulary_size` has
            no room for the reserved tokens and all characters, or an argument
            is unusable; the message names it and its value.

    Warns:
        UserWarning: where no threshold was found that gives as few tokens as
            `vocabulary_size`, and the rarest are cut off, as KerasHub does; or
            none that gives nearly as many.

    Example:

    >>> counts = count_words("bat sat pat mat rat")
    >>> learn_vocabulary(counts, 16, reserved_tokens=["[UNK]"])[1:]
    ['a', 'b', 'm', 'p', 'r', 's', 't', '##at', '##a', '##b', '##m', '##p', '##r', '##s', '##t']
    """
    for name, value in (
        ("vocabulary_size", vocabulary_size),
        ("upper_threshold", upper_threshold),
        ("lower_threshold", lower_threshold),
        ("num_iterations", num_iterations),
        ("max_input_tokens", max_input_tokens),
        ("max_token_length", max_token_length),
        ("max_unique_characters", max_unique_characters),
    ):
        if not isinstance(value, int):
            raise TypeError(f"`{name}` must be an int; received {value!r}.")
        if value < 1:
            raise ValueError(f"`{name}` must be at least 1; received {value}.")
        if value > LARGEST_NUMBER:
            raise ValueError(f"`{name}` must be at most 2**53; received {value}.")
    if not 0 <= slack_ratio <= 1:
        raise ValueError(f"`slack_ratio` must be in [0, 1]; received {slack_ratio!r}.")
    if not isinstance(suffix_indicator, str):
        raise TypeError(f"`suffix_indicator` must be a str; received {suffix_indicator!r}.")
    if algorithm not in (SUBTRACT_ALL, SUBTRACT_KEPT):
        raise ValueError(f"`algorithm` must be {SUBTRACT_ALL!r} or {SUBTRACT_KEPT!r}; received {algorithm!r}.")
    threads = as_num_threads(num_threads)
    reserved_tokens = _check_reserved_tokens(reserved_tokens)
    found = 0

    def watch(threshold: int, size: int) -> None:
        nonlocal found
        found = size
        if on_evaluate is not None:
            on_evaluate(threshold, size)

    tokens = _dispatch.learn(
        algorithm,
        _add_up(word_counts),
        vocabulary_size,
        reserved_tokens,
        suffix_indicator,
        upper_threshold=upper_threshold,
        lower_threshold=lower_threshold,
        num_iterations=num_iterations,
        max_input_tokens=max_input_tokens,
        max_token_length=max_token_length,
        max_unique_characters=max_unique_characters,
        slack_ratio=slack_ratio,
        on_evaluate=watch,
        num_threads=threads,
    )
    if found > vocabulary_size:
        warnings.warn(
            f"`vocabulary_size` is less than the {found} tokens that the last threshold gives: the rarest are cut off, "
            f"and words that need them cannot be spelled; received {vocabulary_size}.",
            stacklevel=2,
        )
    elif vocabulary_size - found > slack_ratio * vocabulary_size:
        warnings.warn(
            f"`vocabulary_size` is out of reach: the search found no threshold that comes nearer than {found} "
            f"tokens; received {vocabulary_size}.",
            stacklevel=2,
        )
    return tokens


def _check_reserved_tokens(reserved_tokens: Sequence[str]) -> list[str]:
    if isinstance(reserved_tokens, (str, bytes)) or not isinstance(reserved_tokens, Iterable):
        raise TypeError(f"`reserved_tokens` must be a list of str; received {reserved_tokens!r}.")
    tokens: list[str] = []
    for token in reserved_tokens:
        if not isinstance(token, str):
            raise TypeError(f"`reserved_tokens` must hold str; received {token!r}.")
        if not token:
            raise ValueError("`reserved_tokens` must hold no empty token; received ''.")
        if token in tokens:
            raise ValueError(f"`reserved_tokens` must hold every token once; received {token!r} twice.")
        tokens.append(token)
    return tokens


def _add_up(word_counts: Mapping[str, int] | Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The checked counts of all parts of a corpus, in the order in which the words first come."""
    total: dict[str, int] = {}
    for counts in [word_counts] if isinstance(word_counts, Mapping) else word_counts:
        if not isinstance(counts, Mapping):
            raise TypeError(f"`word_counts` must map words to counts; received {counts!r:.100}.")
        for word, count in counts.items():
            if not isinstance(word, str) or not isinstance(count, int):
                raise TypeError(f"`word_counts` must map str to int; received {word!r:.100}: {count!r:.100}.")
            if count < 1:
                raise ValueError(f"`word_counts` must be at least 1; received {count} for {word!r:.100}.")
            total[word] = total.get(word, 0) + count
    if not total:
        raise ValueError("`word_counts` must hold at least one word; received none.")
    num_characters = sum(map(mul, total.values(), map(len, total)))
    if max(num_characters, sum(total.values())) >= 2**63:  # the kernels count in 64 bits; an empty word has a count too
        raise ValueError(f"`word_counts` must hold less than 2**63 characters in all; received {num_characters}.")
    return total
