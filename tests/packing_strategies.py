"""Generated segments and options for the tests of packing."""

from __future__ import annotations

from hypothesis import strategies as st

special_tokens = st.lists(st.integers(100, 109), max_size=3).map(tuple)


@st.composite
def segments_of_rows(draw: st.DrawFn) -> list[list[list[int]]]:
    """One to four segments, each a batch of the same number of rows, at least one."""
    rows = draw(st.integers(1, 5))
    row = st.lists(st.integers(1, 99), max_size=12)
    return draw(st.lists(st.lists(row, min_size=rows, max_size=rows), min_size=1, max_size=4))


@st.composite
def packings(draw: st.DrawFn) -> dict[str, object]:
    """Options of `pack_segments` beside the length."""
    return {
        "start_value": draw(special_tokens),
        "end_value": draw(special_tokens),
        "sep_value": draw(special_tokens),
        "pad_value": draw(st.integers(0, 3)),
        "truncate": draw(st.sampled_from(["round_robin", "waterfall"])),
        "padding_side": draw(st.sampled_from(["right", "left"])),
    }
