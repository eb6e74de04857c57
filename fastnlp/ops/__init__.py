"""Functions and encoders on Python, NumPy and Arrow data."""

from fastnlp.ops.encoding import Encoding
from fastnlp.ops.lines import Lines
from fastnlp.ops.masking import MaskedSegments, MaskedTokens, Masker
from fastnlp.ops.packing import PackedSegments, PackedTokens, pack_segments, pack_start_end
from fastnlp.ops.vocabulary_learning import count_words, learn_vocabulary
from fastnlp.ops.vocabulary_report import VocabularyReport, report_vocabulary
from fastnlp.ops.wordpiece import WordPiece

__all__ = [
    "Encoding",
    "Lines",
    "MaskedSegments",
    "MaskedTokens",
    "Masker",
    "PackedSegments",
    "PackedTokens",
    "VocabularyReport",
    "WordPiece",
    "count_words",
    "learn_vocabulary",
    "pack_segments",
    "pack_start_end",
    "report_vocabulary",
]
