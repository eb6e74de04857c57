"""Functions and encoders on Python, NumPy and Arrow data."""

from fastnlp.ops.wordpiece import WordPiece

__all__ = ["WordPiece"]
