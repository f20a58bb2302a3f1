"""From texts and labels to the model's input: words, word pieces, prompt, tensors.

The input of one text is ``[CLS] <<ENT>> e1 <<ENT>> e2 … <<SEP>> <<REL>> r1 … <<SEP>> w1 w2 … [SEP]``. Labels are cut
into pieces once for many texts, texts once for all they are asked.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from relex_kg.errors import CapacityError, ModelError
from relex_kg.extract.config import ModelConfig
from relex_kg.types import Span

# The reference package's words: runs of word characters, joined by - or _, and every other visible character alone.
_WORD = re.compile(r"\w+(?:[-_]\w+)*|\S")
# Words at hyphens too, so that a name may be part of what they join: "Lisbon" in "Lisbon-based"; and at the apostrophe
# that Unicode counts as a letter
_PART = re.compile(r"[^\W\u02bc]+|\S")

_BLANK_LINE = re.compile(r"\n\s*\n")

SHAPES = 9  # how many ids word_shape can give, 0 (no word) included


def split_words(text: str, *, at_hyphens: bool = False) -> list[Span]:
    """The words of a text, by position; whitespace belongs to no word."""
    return [Span(*match.span()) for match in (_PART if at_hyphens else _WORD).finditer(text)]


@lru_cache(maxsize=65_536)
def word_shape(word: str) -> int:
    """What an uncased encoder cannot see of a word, as an id in 1..8.

    1 lower case, 2 Capitalised, 3 ALL CAPITALS, 4 one capital letter, 5 miXed, 6 digits, 7 letters and digits,
    8 anything else (punctuation, scripts without case).
    """
    if word.isdigit():
        return 6
    letters = [character for character in word if character.isalpha()]
    if not letters:
        return 8
    if any(character.isdigit() for character in word):
        return 7
    cased = [character for character in letters if character.isupper() or character.islower()]
    return _letter_case(cased) if cased else 8


def _letter_case(cased: Sequence[str]) -> int:
    if not any(character.isupper() for character in cased):
        return 1
    if all(character.isupper() for character in cased):
        return 4 if len(cased) == 1 else 3
    return 2 if cased[0].isupper() and not any(character.isupper() for character in cased[1:]) else 5


@dataclass(frozen=True, slots=True)
class EncodedText:
    """A text as pieces.

    Attributes:
        words: where each word stands (W).
        pieces: token ids (T).
        first_pieces: the piece that each word begins at (W).
        shapes: each piece's word's shape (T).
        paragraphs: the words that begin a paragraph, but for the first.
    """

    words: tuple[Span, ...]
    pieces: tuple[int, ...]
    first_pieces: tuple[int, ...]
    shapes: tuple[int, ...]
    paragraphs: tuple[int, ...]

    def part(self, first: int, last: int) -> "EncodedText":
        """The words from ``first`` up to, not including, ``last``; where they stand is said as in the whole text."""
        begin = self.first_pieces[first]
        end = self.first_pieces[last] if last < len(self.words) else len(self.pieces)
        inner = slice(bisect_right(self.paragraphs, first), bisect_left(self.paragraphs, last))
        return EncodedText(
            words=self.words[first:last],
            pieces=self.pieces[begin:end],
            first_pieces=tuple(piece - begin for piece in self.first_pieces[first:last]),
            shapes=self.shapes[begin:end],
            paragraphs=tuple(word - first for word in self.paragraphs[inner]),
        )


@dataclass(frozen=True, slots=True)
class EncodedPrompt:
    """Labels as pieces, and where each label's mark stands among them (``entities`` (C,), ``relations`` (R,))."""

    pieces: tuple[int, ...]
    entities: tuple[int, ...]
    relations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """The model's input for B texts, padded.

    Shapes: ``input_ids``, ``attention_mask`` and ``shapes`` (B, L); ``word_positions`` and ``word_mask`` (B, W);
    ``entity_positions`` and ``entity_mask`` (B, C); ``relation_positions`` and ``relation_mask`` (B, R). Positions
    are indices into L, 0 where the mask is False.
    """

    input_ids: Tensor
    attention_mask: Tensor
    shapes: Tensor
    word_positions: Tensor
    word_mask: Tensor
    entity_positions: Tensor
    entity_mask: Tensor
    relation_positions: Tensor
    relation_mask: Tensor

    def to(self, device: torch.device) -> "Batch":
        return Batch(*(getattr(self, name).to(device) for name in self.__slots__))


class Encoding:
    """Turns texts and labels into batches with one tokenizer.

    Args:
        tokenizer: a fast tokenizer that knows the prompt's marks.
        config: the checkpoint's configuration.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, config: ModelConfig) -> None:
        self._tokenizer = tokenizer
        self._config = config
        start, end = tokenizer.cls_token_id, tokenizer.sep_token_id
        if start is None or end is None or tokenizer.pad_token_id is None:
            raise ModelError(
                "the checkpoint's tokenizer has no [CLS], [SEP] or [PAD] token",
                fix="use a checkpoint of a BERT- or DeBERTa-type encoder",
            )
        self._start, self._end, self._pad = int(start), int(end), int(tokenizer.pad_token_id)

    def texts(self, texts: Sequence[str]) -> list[EncodedText]:
        """Cut every text into words and pieces; a text without words has none of either."""
        at_hyphens = self._config.split_hyphens
        return self._encoded(texts, [split_words(text, at_hyphens=at_hyphens) for text in texts])

    def fitted(self, text: str, encoded: EncodedText, longest: int) -> EncodedText:
        """The same text, with every word of more than ``longest`` pieces read as several.

        Raises:
            CapacityError: a single character takes more.
        """
        while too_long := set(_too_long(encoded, longest)):
            words = [half for index, word in enumerate(encoded.words) for half in _halves(word, index in too_long)]
            if len(words) == len(encoded.words):
                raise CapacityError(
                    f"one character needs more tokens than the {longest} that these labels leave for text",
                    fix="ask for fewer types at once, or shorten their labels",
                )
            (encoded,) = self._encoded([text], [words])
        return encoded

    def _encoded(self, texts: Sequence[str], words: Sequence[Sequence[Span]]) -> list[EncodedText]:
        surfaces = [[span.of(text) for span in spans] for text, spans in zip(texts, words, strict=True)]
        encoded: list[EncodedText] = [EncodedText((), (), (), (), ())] * len(texts)
        filled = [index for index, surface in enumerate(surfaces) if surface]
        if not filled:
            return encoded
        cut = self._tokenizer(
            [surfaces[index] for index in filled], is_split_into_words=True, add_special_tokens=False, verbose=False
        )
        for row, index in enumerate(filled):
            encoded[index] = _encoded_text(
                texts[index], words[index], surfaces[index], cut["input_ids"][row], cut.word_ids(row)
            )
        return encoded

    def prompt(self, entities: Sequence[str], relations: Sequence[str]) -> EncodedPrompt:
        """Cut labels into pieces.

        Raises:
            ModelError: a label holds one of the prompt's own marks.
        """
        config = self._config
        marks = (config.entity_token, config.relation_token, config.separator)
        for label in (*entities, *relations):
            if any(mark in label for mark in marks):
                raise ModelError(f"the label {label!r} holds one of the prompt's marks", fix="choose other words")
        words: list[str] = []
        for label in entities:
            words += [config.entity_token, label]
        words.append(config.separator)
        for label in relations:
            words += [config.relation_token, label]
        words.append(config.separator)
        cut = self._tokenizer(words, is_split_into_words=True, add_special_tokens=False, verbose=False)
        first: dict[int, int] = {}
        for position, word in enumerate(cut.word_ids()):
            first.setdefault(word, position)
        shift_entity, shift_relation = int(not config.embed_entity_token), int(not config.embed_relation_token)
        return EncodedPrompt(
            pieces=tuple(cut["input_ids"]),
            entities=tuple(first[2 * index] + shift_entity for index in range(len(entities))),
            relations=tuple(first[2 * (len(entities) + index) + 1] + shift_relation for index in range(len(relations))),
        )

    def count(self, text: str) -> int:
        """How many of the model's tokens a text takes, without prompt and special tokens."""
        return len(self.texts([text])[0].pieces)

    def capacity(self, prompt: EncodedPrompt) -> int:
        """How many tokens of text fit beside a prompt.

        Raises:
            CapacityError: none do.
        """
        limit = self._config.max_words
        if self._config.max_tokens is not None:
            limit = min(limit, self._config.max_tokens - len(prompt.pieces) - 2)
        if limit < 1:
            raise CapacityError(
                f"the schema's labels take {len(prompt.pieces)} of the model's {self._config.max_tokens} tokens and "
                "leave no room for text",
                fix="ask for fewer types at once, or shorten their labels",
            )
        return limit

    def crowded(self, prompt: EncodedPrompt) -> bool:
        """Whether a prompt takes more than half of what the model can read."""
        limit = self._config.max_tokens
        return limit is not None and len(prompt.pieces) > limit // 2

    def batch(self, texts: Sequence[EncodedText], prompts: Sequence[EncodedPrompt]) -> Batch:
        """Pad texts, each behind its own prompt, into one batch."""
        rows = [
            [self._start, *prompt.pieces, *text.pieces, self._end] for text, prompt in zip(texts, prompts, strict=True)
        ]
        offsets = [1 + len(prompt.pieces) for prompt in prompts]
        words = [[offset + piece for piece in text.first_pieces] for text, offset in zip(texts, offsets, strict=True)]
        shapes = [[0] * offset + list(text.shapes) for text, offset in zip(texts, offsets, strict=True)]
        length = max(map(len, rows))
        input_ids, attention = _padded(rows, self._pad, length)
        word_positions, word_mask = _padded(words, 0)
        entity_positions, entity_mask = _padded([[1 + mark for mark in prompt.entities] for prompt in prompts], 0)
        relation_positions, relation_mask = _padded([[1 + mark for mark in prompt.relations] for prompt in prompts], 0)
        return Batch(
            input_ids=input_ids,
            attention_mask=attention.long(),
            shapes=_padded(shapes, 0, length)[0],
            word_positions=word_positions,
            word_mask=word_mask,
            entity_positions=entity_positions,
            entity_mask=entity_mask,
            relation_positions=relation_positions,
            relation_mask=relation_mask,
        )


def _encoded_text(
    text: str, words: Sequence[Span], surfaces: Sequence[str], pieces: Sequence[int], word_of_piece: Sequence[int]
) -> EncodedText:
    """Keep the words that the tokenizer gave at least one piece (it gives none to, say, a lone control character)."""
    first: dict[int, int] = {}
    for position, word in enumerate(word_of_piece):
        first.setdefault(word, position)
    kept = tuple(words[word] for word in first)
    return EncodedText(
        words=kept,
        pieces=tuple(pieces),
        first_pieces=tuple(first.values()),
        shapes=tuple(word_shape(surfaces[word]) for word in word_of_piece),
        paragraphs=tuple(
            word for word in range(1, len(kept)) if _BLANK_LINE.search(text, kept[word - 1].end, kept[word].start)
        ),
    )


def _too_long(encoded: EncodedText, longest: int) -> Iterator[int]:
    """The words that take more than ``longest`` pieces."""
    for index, (piece, following) in enumerate(pairwise([*encoded.first_pieces, len(encoded.pieces)])):
        if following - piece > longest:
            yield index


def _halves(word: Span, cut: bool) -> tuple[Span, ...]:
    if not cut or len(word) == 1:
        return (word,)
    middle = (word.start + word.end) // 2
    return (Span(word.start, middle), Span(middle, word.end))


def _padded(rows: Sequence[Sequence[int]], fill: int, length: int | None = None) -> tuple[Tensor, Tensor]:
    """Rows as one (B, length) tensor of int64, and the mask of what is not fill."""
    width = max(map(len, rows)) if length is None else length
    values = torch.full((len(rows), width), fill, dtype=torch.long)
    mask = torch.zeros((len(rows), width), dtype=torch.bool)
    for index, row in enumerate(rows):
        values[index, : len(row)] = torch.tensor(row, dtype=torch.long)
        mask[index, : len(row)] = True
    return values, mask
