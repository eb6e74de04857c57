"""WordPiece tokenization."""

from fastnlp.reference.wordpiece.count_words import count_words
from fastnlp.reference.wordpiece.decode import decode
from fastnlp.reference.wordpiece.encode import encode
from fastnlp.reference.wordpiece.encode_and_mask import encode_and_mask
from fastnlp.reference.wordpiece.encode_and_pack import encode_and_pack
from fastnlp.reference.wordpiece.encode_with_offsets import encode_with_offsets
from fastnlp.reference.wordpiece.learn import learn
from fastnlp.reference.wordpiece.learn_subtract_kept import learn_subtract_kept
from fastnlp.reference.wordpiece.model import WordPieceModel, dump, load

__all__ = [
    "WordPieceModel",
    "count_words",
    "decode",
    "dump",
    "encode",
    "encode_and_mask",
    "encode_and_pack",
    "encode_with_offsets",
    "learn",
    "learn_subtract_kept",
    "load",
]
