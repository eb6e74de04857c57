"""Functions and encoders on Python, NumPy and Arrow data."""

from fastnlp.ops.encoding import Encoding
from fastnlp.ops.vocabulary_learning import count_words, learn_vocabulary
from fastnlp.ops.wordpiece import WordPiece

__all__ = ["Encoding", "WordPiece", "count_words", "learn_vocabulary"]
