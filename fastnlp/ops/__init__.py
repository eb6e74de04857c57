"""Functions and encoders on Python, NumPy and Arrow data."""

from fastnlp.ops.vocabulary_learning import count_words, learn_vocabulary
from fastnlp.ops.wordpiece import WordPiece

__all__ = ["WordPiece", "count_words", "learn_vocabulary"]
