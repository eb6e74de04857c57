"""Packing of token segments into rows of one length."""

from fastnlp.reference.packing.pack_segments import Packing, pack_segments

__all__ = ["Packing", "pack_segments"]
