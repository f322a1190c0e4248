"""What a Bloom filter of 64-bit words says of keys: all bits of one lie in a word, so that memory is touched once.

``_bloom.c`` does the same where it could be compiled (``hatch_build.py``), in a tenth of the time. ``words`` has 2^n of
them; ``keys`` come packed, 16 bytes each: a little-endian number that names the word, and two that name two bits each.
"""

import struct
from array import array

_fields = struct.Struct("<QII").iter_unpack
_two_bits = [1 << (number & 63) | 1 << (number >> 6) for number in range(4096)]


def add(words: "array[int]", keys: bytes, /) -> bytes:
    """Add keys to a filter; a byte for each: 1 where it may have been there before, 0 where it surely was not."""
    mask, two_bits = len(words) - 1, _two_bits
    known = []
    for word, one, other in _fields(keys):
        bits = two_bits[one & 4095] | two_bits[other & 4095]
        before = words[word & mask]
        known.append(before & bits == bits)
        words[word & mask] = before | bits
    return bytes(known)


def has(words: "array[int]", keys: bytes, /) -> bytes:
    """As :func:`add`, but the filter stays as it is."""
    mask, two_bits = len(words) - 1, _two_bits
    masks = ((word & mask, two_bits[one & 4095] | two_bits[other & 4095]) for word, one, other in _fields(keys))
    return bytes([words[word] & bits == bits for word, bits in masks])
