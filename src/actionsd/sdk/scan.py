r"""Three questions to JSON text that are asked of every event and request, answered by looking at each byte.

``_scan.c`` answers them where it could be compiled when actionsd was installed (``hatch_build.py``),
:mod:`actionsd.sdk.purescan` elsewhere; :data:`COMPILED` tells. Both are held to the same tests. What the compiled one
saves is in tests/bench/NOTES.md; libraries that search text (re2, hyperscan) would take three times as long as it.

``is_utf8(text)``
    Whether these bytes are UTF-8, surrogates not allowed, as ``bytes.decode`` has it.
``is_deeper(text, levels)``
    Whether JSON, or what begins as JSON, has more than so many objects and arrays inside each other.
``is_plain(text)``
    Whether JavaScript's ``JSON.stringify`` writes an object or array as ``msgspec.json.encode`` wrote it in this text:
    no whole floats, exponents or integers beyond 2^53, and array indexes first among the members of an object,
    ascending. False may be a false alarm.

>>> is_utf8(b"\xc3\xa9"), is_utf8(b"\xc3")
(True, False)
>>> is_deeper(b'{"a":[1,"[["]}', 1), is_deeper(b'{"a":[1,"[["]}', 2)
(True, False)
>>> is_plain(b'{"1":0.5,"b":"1e9"}'), is_plain(b"[1.0]"), is_plain(b'{"b":0,"1":0}')
(True, False, False)
"""

try:
    from actionsd.sdk._scan import is_deeper, is_plain, is_utf8

    COMPILED = True
except ImportError:
    from actionsd.sdk.purescan import is_deeper, is_plain, is_utf8

    COMPILED = False

__all__ = ["COMPILED", "is_deeper", "is_plain", "is_utf8"]
