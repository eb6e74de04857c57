"""Batches of examples for training: in an order and with masks that follow from a seed, and from any step on."""

from fastnlp.data.batches import Batches, Examples
from fastnlp.data.text_examples import TextExamples

__all__ = ["Batches", "Examples", "TextExamples"]
