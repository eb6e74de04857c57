"""Masking for masked language models."""

from fastnlp.reference.masking.mask_tokens import MaskedRow, mask_tokens
from fastnlp.reference.masking.model import SELECTIONS, MaskingModel, dump, load
from fastnlp.reference.masking.philox import philox4x32

__all__ = ["SELECTIONS", "MaskedRow", "MaskingModel", "dump", "load", "mask_tokens", "philox4x32"]
