"""The rules for text, from the arguments that several ops share."""

from __future__ import annotations

from fastnlp._dispatch import BERT, KERAS, TextRules


def as_text_rules(
    rules: str, *, lowercase: bool, strip_accents: bool | None, split: bool, split_on_cjk: bool
) -> TextRules:
    """The rules without special tokens; `strip_accents=None` is False under "keras", and `lowercase` under "bert".

    Raises:
        ValueError: where `rules` is unknown.
    """
    if rules not in (KERAS, BERT):
        raise ValueError(f"`rules` must be {KERAS!r} or {BERT!r}; received {rules!r}.")
    if strip_accents is None:
        strip_accents = lowercase if rules == BERT else False
    return TextRules(rules, bool(lowercase), bool(strip_accents), bool(split), bool(split_on_cjk))
