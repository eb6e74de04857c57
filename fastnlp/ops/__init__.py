"""Functions and encoders on Python, NumPy and Arrow data."""

from fastnlp.ops.encoding import Encoding
from fastnlp.ops.lines import Lines
from fastnlp.ops.vocabulary_learning import count_words, learn_vocabulary
from fastnlp.ops.vocabulary_report import VocabularyReport, report_vocabulary
from fastnlp.ops.wordpiece import WordPiece

__all__ = [
    "Encoding",
    "Lines",
    "VocabularyReport",
    "WordPiece",
    "count_words",
    "learn_vocabulary",
    "report_vocabulary",
]
