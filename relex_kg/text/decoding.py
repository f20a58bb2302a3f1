"""Bytes to text, whatever their encoding."""

import codecs
from collections.abc import Iterator
from io import BufferedReader

from relex_kg.errors import ReadError
from relex_kg.text.characters import REPLACEMENT, clean
from relex_kg.text.mapped import MappedText

# The UTF-32 marks come first: the little-endian one begins like that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROLS = "".join(chr(code) for code in range(32) if chr(code) not in "\t\n\v\f\r\x1b") + "\x7f"
_ASCII = bytes(range(128))
_HIGH_BYTES = bytes(range(9))  # of the UTF-16 units of alphabets from Latin to Arabic
_CONVERT = "convert the file to UTF-8, for example with iconv"


_LARGEST = 1 << 30  # bytes, unpacked; a larger file that has to be read as a whole is taken for a bomb


def whole(stream: BufferedReader, name: str) -> bytes:
    """All of a file's bytes.

    Raises:
        OSError: the file cannot be read.
        ReadError: there are more than a gigabyte of them.
    """
    data = stream.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise ReadError(f"{name} is larger than a gigabyte", fix="split it, or give its texts as JSON Lines")
    return data


def decode(data: bytes, name: str, *, declared: str | None = None) -> MappedText:
    """The text of a file's bytes, as ``clean`` leaves it, mapped to the file's characters (behind a byte order mark).

    A byte order mark decides; then ``declared``, where the format can name an encoding and the bytes agree; then UTF-8;
    then UTF-16 without a mark, where the bytes leave no doubt; last Windows-1252, for text mostly in ASCII.

    Args:
        data: the whole file.
        name: of the file, for errors.
        declared: an encoding that the file itself names.

    Raises:
        ReadError: the bytes are binary, damaged, or in an encoding that cannot be told.
    """
    mark = marked_encoding(data)
    if mark is not None:
        size, encoding = mark
        text = _strictly(data[size:], encoding)
        if text is None:
            raise ReadError(f"{name} begins as {encoding} but is damaged further on", fix=_CONVERT)
    else:
        text = next(_guesses(data, declared), None)
        if text is None:
            text = _western(data, name)
    # Binary data seldom passes for UTF-8 at all; text with many stray NULs does, and stays readable.
    if _share_of_controls(text) > 0.3:
        raise _binary(name)
    return clean(text)


def marked_encoding(data: bytes) -> tuple[int, str] | None:
    """The length of the byte order mark that ``data`` begins with, and the encoding it stands for."""
    return next(((len(mark), encoding) for mark, encoding in _MARKS if data.startswith(mark)), None)


def _guesses(data: bytes, declared: str | None) -> Iterator[str]:
    for encoding in (declared, _unmarked_utf16(data), "utf-8"):
        text = _strictly(data, encoding) if encoding else None
        if text is not None:
            yield text


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _unmarked_utf16(data: bytes) -> str | None:
    """UTF-16 has the same few high bytes in every other place; no other text has."""
    if b"\0" not in data or len(data) % 2:
        return None
    even, odd = (1 - len(half.translate(None, _HIGH_BYTES)) / len(half) for half in (data[0::2], data[1::2]))
    if odd > 0.7 and even < 0.1:
        return "utf-16-le"
    return "utf-16-be" if even > 0.7 and odd < 0.1 else None


def _western(data: bytes, name: str) -> str:
    """Windows-1252, which reads any bytes at all and so is believed only of mostly ASCII text without controls."""
    lenient = data.decode("utf-8", "replace")
    malformed = lenient.count(REPLACEMENT)
    high = len(data.translate(None, _ASCII))
    if len(lenient) - malformed - (len(data) - high) > malformed:
        raise ReadError(f"{name} is UTF-8 with {malformed} damaged places", fix=_CONVERT)
    text = _strictly(data, "cp1252") or data.decode("latin-1")
    if _share_of_controls(text) > 0.02:
        raise _binary(name)
    if high > len(data) / 2:
        raise ReadError(f"the encoding of {name} cannot be told", fix=_CONVERT)
    return text


def _share_of_controls(text: str) -> float:
    return sum(map(text.count, _CONTROLS)) / len(text) if text else 0.0


def _binary(name: str) -> ReadError:
    return ReadError(
        f"{name} is binary",
        cause="it is not a text file, whatever its name says",
        fix="leave it out, or export its text to .txt",
    )
