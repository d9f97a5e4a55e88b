from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_lib.hosts.framing import NOISE_BYTES, FramedStream, Meter, OutputLimitReached

NONCE = "c0ffee"
LINE = b"\nc0ffee\n"


def said(noise: bytes, content: bytes, piece: int) -> tuple[bytes, FramedStream]:
    """What a frame passes on of a stream that comes in pieces."""
    kept = bytearray()
    frame = FramedStream(NONCE, kept.extend)
    stream = noise + LINE + content
    for start in range(0, len(stream), piece):
        frame.add(stream[start : start + piece])
    return bytes(kept), frame


@pytest.mark.parametrize("noise", [b"", b"a line\n", b"no newline", b"x" * 1_000_000, b"+ echo c0ffee\n", b"\nc0ffe"])
@pytest.mark.parametrize("piece", [1 << 16, 1000, 7])
def test_what_comes_before_the_nonce_is_dropped(noise: bytes, piece: int) -> None:
    kept, frame = said(noise, b"\0ours\n", piece)
    assert kept == b"\0ours\n"
    assert frame.begun.is_set()
    assert noise.endswith(frame.noise)
    assert len(frame.noise) <= NOISE_BYTES


@given(noise=st.binary(max_size=50), content=st.binary(max_size=50), piece=st.integers(1, 20))
def test_wherever_the_pieces_are_cut(noise: bytes, content: bytes, piece: int) -> None:
    assert said(noise, content, piece)[0] == content


def test_a_stream_without_the_nonce_never_begins() -> None:
    frame = FramedStream(NONCE, print)
    for _ in range(100):
        frame.add(b"no such shell\n" * 100)
    assert not frame.begun.is_set()
    assert len(frame.noise) == NOISE_BYTES


def test_sinks_share_a_limit() -> None:
    first, second = bytearray(), bytearray()
    meter = Meter(10)
    one, other = meter.limited(first.extend), meter.limited(second.extend)
    one(b"12345")
    other(b"12345")
    with pytest.raises(OutputLimitReached) as reached:
        one(b"6")
    assert reached.value.limit == 10
    assert bytes(first + second) == b"1234512345"
