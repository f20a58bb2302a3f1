"""The one call that reads texts: labels in, mentions and relations with character offsets out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import torch
from torch import Tensor

from relex_kg.errors import ModelError
from relex_kg.extract.checkpoint import BUNDLED, Checkpoint, CheckpointOutline, outline
from relex_kg.extract.decoding import (
    BestRelations,
    Candidates,
    Signatures,
    best_pairs,
    choose,
    span_candidates,
    token_candidates,
)
from relex_kg.extract.encoding import EncodedPrompt, EncodedText, Encoding
from relex_kg.extract.known import Known, KnownMention, labels_of
from relex_kg.extract.merging import Part, best_relations, join
from relex_kg.extract.model import RelexModel, Representation
from relex_kg.extract.precision import prepared, refuse_unsupported
from relex_kg.extract.references import STANDS_FOR
from relex_kg.extract.request import Request
from relex_kg.extract.windows import Window, windows
from relex_kg.types import Precision, Span, TextExtraction, TextMention, TextRelation

_BATCH_TOKENS = 4096  # padded tokens in a batch
_BATCH_TOKENS_ON_CPU = 512  # enough for the matrix kernels; more would leave the cache, and be padded more
_MAX_CANDIDATES = 512  # labelled spans of one window that go on to be chosen from
_MAX_PAIRS = 16_384  # ordered pairs of mentions of one window that are scored
_PAIRS_AT_ONCE = 2048  # pairs scored together
_MAX_RELATIONS = 4096  # relations of one window that are kept


Progress = Callable[[int, int], None]
"""Hears how many windows have been read, and how many there are."""


def unwatched(done: int, total: int) -> None:
    """Progress that nobody hears."""


class Extractor:
    """A joint entity and relation model, ready to read.

    Args:
        checkpoint: a checkpoint; if only its outline, the weights are loaded when the first text is read.
        device: where to run; if None, a GPU where there is one, but the CPU for less than ``float32``.
        precision: ``float32``; on a CPU also ``bfloat16``, faster with scores that differ in the third digit, and
            ``int8``, the fastest, which costs some quality.
    """

    def __init__(
        self,
        checkpoint: Checkpoint | CheckpointOutline,
        *,
        device: str | None = None,
        precision: Precision = "float32",
    ) -> None:
        self._device = device or ("cuda" if torch.cuda.is_available() and precision == "float32" else "cpu")
        refuse_unsupported(precision, self._device)
        self.precision = precision
        self.config = checkpoint.model.config if isinstance(checkpoint, Checkpoint) else checkpoint.config
        self.encoding = Encoding(checkpoint.tokenizer, self.config)
        self._checkpoint = checkpoint

    @cached_property
    def model(self) -> RelexModel:
        """The network, ready to read."""
        checkpoint = self._checkpoint.load() if isinstance(self._checkpoint, CheckpointOutline) else self._checkpoint
        return prepared(checkpoint.model, self.precision, self._device)

    @classmethod
    def from_pretrained(
        cls,
        source: str | Path = BUNDLED,
        *,
        revision: str | None = None,
        device: str | None = None,
        precision: Precision = "float32",
        lazy: bool = False,
    ) -> "Extractor":
        """Load a checkpoint: a folder, a hub name (``NAME`` or ``NAME@REVISION``), or nothing for the bundled model.

        ``lazy``: its weights are loaded when the first text is read; what is wrong with them is then said there.

        Raises:
            CheckpointError: it is missing, damaged or of an unsupported kind.
            ModelError: ``precision`` is asked of a device that cannot do it.
        """
        checkpoint = outline(source, revision=revision)
        return cls(checkpoint if lazy else checkpoint.load(), device=device, precision=precision)

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits over the checkpoint's weights, settings and tokenizer, and the precision."""
        hasher = sha256(b"" if self.precision == "float32" else self.precision.encode())
        for name in ("gliner_config.json", "model.safetensors", "pytorch_model.bin", "tokenizer.json"):
            path = self._checkpoint.folder / name
            if path.is_file():
                with path.open("rb") as file:
                    while block := file.read(1 << 20):
                        hasher.update(block)
        return hasher.hexdigest()[:16]

    def capacity(self, request: Request) -> int:
        """How many of the model's tokens a text may have beside the request's labels.

        Raises:
            CapacityError: the labels leave no room.
        """
        return self.encoding.capacity(self._prompt(request))

    def split(self, request: Request) -> tuple[Request, ...]:
        """The request itself, or several with a share of its relations each, so that text has half the model's window.

        Where the entity labels alone take more than half of it, every part asks for one relation.
        """
        parts = 1
        while parts < len(request.relations) and self._any_crowded(request, parts):
            parts += 1
        return tuple(_share(request, part, parts) for part in range(parts))

    def _any_crowded(self, request: Request, parts: int) -> bool:
        return any(self.encoding.crowded(self._prompt(_share(request, part, parts))) for part in range(parts))

    def extract(
        self,
        texts: Sequence[str],
        *,
        entities: Sequence[str] = (),
        relations: Sequence[str] = (),
        mentions: Sequence[Sequence[KnownMention]] | None = None,
        entity_threshold: float = 0.5,
        relation_threshold: float = 0.5,
        adjacency_threshold: float = 0.5,
        flat: bool = True,
    ) -> tuple[TextExtraction, ...]:
        """Find mentions of ``entities`` and ``relations`` between them, one extraction a text.

        A text of any length: one that the model cannot read at once is read in overlapping windows, and what they
        find is joined (:mod:`relex_kg.extract.windows`, :func:`relex_kg.extract.merging.join`). Mentions, and pairs
        of mentions with all between them, that are no longer than a quarter of what the model can read are always
        seen whole; a relation between mentions that share no window is not found.

        Args:
            texts: what to read.
            entities: labels, in any words; those of ``mentions``, if there are none.
            relations: labels, in any words, read from head to tail.
            mentions: for every text the mentions that are known, each its span in characters and its label. No others
                are looked for, only relations between these. They are reported as given, in that order and with score
                1, and what is asked of the model is the words that they touch.
            entity_threshold: score that a mention must exceed.
            relation_threshold: score that a relation must exceed.
            adjacency_threshold: score that a pair must exceed to be looked at, in models that predict it.
            flat: no mention within another (but for known ones).

        Raises:
            CapacityError: the labels leave no room for text.
            ModelError: a label holds one of the prompt's marks; no entity label is given; a known mention is outside
                its text, touches no word or has a label that is not asked for.
        """
        labels = entities or labels_of(mentions or ())
        if not labels and mentions is None:
            raise ModelError("no entity labels are asked for", fix="name some, or give the mentions that are known")
        request = Request.of_labels(
            labels, relations, entity_threshold=entity_threshold, relation_threshold=relation_threshold
        )
        return self.run(texts, request, mentions=mentions, adjacency_threshold=adjacency_threshold, flat=flat)

    def run(
        self,
        texts: Sequence[str],
        request: Request,
        *,
        mentions: Sequence[Sequence[KnownMention]] | None = None,
        adjacency_threshold: float = 0.5,
        flat: bool = True,
        window: int | None = None,
        on_progress: Progress = unwatched,
    ) -> tuple[TextExtraction, ...]:
        """As :meth:`extract`, for a prepared request; ``window`` and ``on_progress`` as :meth:`read` has them."""
        known = None if mentions is None else _known(texts, self._encoded(texts, request), mentions, request)
        read = self.read(
            texts,
            request,
            known=known,
            adjacency_threshold=adjacency_threshold,
            flat=flat,
            window=window,
            on_progress=on_progress,
        )
        if known is None:
            return tuple(_joined(parts, flat=flat) for parts in read)
        return tuple(_joined_known(parts, given) for parts, given in zip(read, known, strict=True))

    def read(
        self,
        texts: Sequence[str],
        request: Request,
        *,
        titles: Sequence[Span | None] | None = None,
        known: Sequence[Known] | None = None,
        adjacency_threshold: float = 0.5,
        flat: bool = True,
        window: int | None = None,
        on_progress: Progress = unwatched,
    ) -> list[list[Part]]:
        """What each window of each text says, not yet joined.

        Args:
            texts: what to read.
            request: what to look for.
            titles: where each text's title stands in it, to be read in front of every window.
            known: the mentions of each text, where no others are looked for.
            adjacency_threshold: score that a pair must exceed to be looked at, in models that predict it.
            flat: no mention within another.
            window: about how many tokens of text to read at once (:func:`relex_kg.extract.windows.windows`); None for
                as many as the model can.
            on_progress: hears how many windows have been read, and how many there are.
        """
        asked = _Asked(request, self._prompt(request), Signatures.of(request), adjacency_threshold, flat)
        capacity = self.encoding.capacity(asked.prompt)
        todo = [
            text_window
            for row, (text, encoded) in enumerate(zip(texts, self._encoded(texts, request), strict=True))
            for text_window in windows(
                row,
                text,
                encoded,
                size=min(window or capacity, capacity),
                capacity=capacity,
                title=titles[row] if titles is not None else None,
            )
            if known is None or (request.relations and len(known[row].within(text_window)) > 1)
        ]
        done = 0
        parts: list[list[Part]] = [[] for _ in texts]
        on_progress(done, len(todo))
        encoded_windows = [text_window.text for text_window in todo]
        for rows in _by_length(encoded_windows, len(asked.prompt.pieces) + 2, self._batch_tokens()):
            batch = [todo[row] for row in rows]
            read = self._read(texts, batch, asked) if known is None else self._read_known(known, batch, asked)
            for text_window, extraction in zip(batch, read, strict=True):
                parts[text_window.row].append(Part(text_window.span, text_window.title, extraction))
            done += len(batch)
            on_progress(done, len(todo))
        return parts

    def _batch_tokens(self) -> int:
        """Most padded tokens that are read together, where it is more than one text."""
        if self.precision == "int8":
            return 0  # what is read together is rounded together: alone, a text's company cannot change what is found
        return _BATCH_TOKENS_ON_CPU if self.model.device.type == "cpu" else _BATCH_TOKENS

    def _encoded(self, texts: Sequence[str], request: Request) -> list[EncodedText]:
        """The texts' words, none too long for a window."""
        capacity = self.capacity(request)
        pairs = zip(texts, self.encoding.texts(texts), strict=True)
        return [
            text if len(text.pieces) <= capacity else self.encoding.fitted(whole, text, capacity)
            for whole, text in pairs
        ]

    def _prompt(self, request: Request) -> EncodedPrompt:
        return self.encoding.prompt(
            [asked.label for asked in request.entities], [asked.label for asked in request.relations]
        )

    @torch.inference_mode()
    def _read(self, texts: Sequence[str], windows: Sequence[Window], asked: "_Asked") -> list[TextExtraction]:
        """What is found in each of some windows that are read together."""
        representation = self._represent(windows, asked)
        candidates = self._candidates(representation, [window.text for window in windows], asked.request)
        found = []
        for row, window in enumerate(windows):
            kept = choose(candidates[row], flat=asked.flat)
            relations, cut_pairs, cut_relations = self._relations(
                _Reading(representation, row, candidates[row]), kept, asked
            )
            mentions = _mentions(candidates[row], kept, texts[window.row], window, asked.request)
            relations = tuple(relation for relation in relations if _may_join(relation, mentions, window))
            found.append(TextExtraction(mentions, relations, candidates[row].cut, cut_pairs, cut_relations))
        return found

    @torch.inference_mode()
    def _read_known(self, known: Sequence[Known], windows: Sequence[Window], asked: "_Asked") -> list[TextExtraction]:
        """The relations among each window's share of its text's known mentions."""
        representation = self._represent(windows, asked)
        found = []
        for row, window in enumerate(windows):
            given = known[window.row]
            candidates, rows = given.candidates(window), given.within(window).tolist()
            reading = _Reading(representation, row, candidates)
            relations, cut_pairs, cut_relations = self._relations(reading, range(len(rows)), asked)
            moved = tuple(replace(one, head=rows[one.head], tail=rows[one.tail]) for one in relations)
            found.append(TextExtraction(given.mentions, moved, 0, cut_pairs, cut_relations))
        return found

    def _represent(self, windows: Sequence[Window], asked: "_Asked") -> Representation:
        batch = self.encoding.batch([window.text for window in windows], [asked.prompt] * len(windows))
        return self.model.represent(batch.to(self.model.device))

    def _candidates(
        self, representation: Representation, texts: Sequence[EncodedText], request: Request
    ) -> list[Candidates]:
        logits = self.model.entity_logits(representation)
        thresholds = torch.tensor([asked.threshold for asked in request.entities], device=logits.device)
        find = token_candidates if self.config.span_mode == "token_level" else span_candidates
        return find(logits, texts, thresholds, _MAX_CANDIDATES)

    def _relations(
        self, reading: "_Reading", kept: Sequence[int], asked: "_Asked"
    ) -> tuple[tuple[TextRelation, ...], int, int]:
        """Relations between kept candidates, by head, tail and label, and how many pairs and relations were cut."""
        candidates = reading.candidates.rows(kept)
        labels = candidates.labels.cpu()
        possible = asked.signatures.possible(labels)
        if self.model.adjacency is not None and possible.any():
            possible = possible & (self._adjacency(reading, kept) > asked.adjacency_threshold)
        pairs, cut = best_pairs(possible, candidates.scores.cpu(), candidates.spans[:, 0].cpu(), _MAX_PAIRS)
        if not len(pairs):
            return (), cut, 0
        thresholds = torch.tensor([one.threshold for one in asked.request.relations])
        best = BestRelations(_MAX_RELATIONS)
        for block in torch.split(pairs, _PAIRS_AT_ONCE):
            scores = self._pair_scores(reading, candidates.spans, block)
            allowed = asked.signatures.allowed(labels[block[:, 0]], labels[block[:, 1]])
            best.add(block, scores, (scores > thresholds) & allowed)
        relations = (
            TextRelation(head, tail, asked.request.relations[label].label, score)
            for (head, tail, label), score in zip(best.rows.tolist(), best.scores.tolist(), strict=True)
        )
        return tuple(sorted(relations, key=lambda one: (one.head, one.tail, one.label))), cut, best.cut

    def _adjacency(self, reading: "_Reading", kept: Sequence[int]) -> Tensor:
        """How likely each two kept candidates (M, M) are related at all."""
        assert self.model.adjacency is not None
        spans, rows = self._adjacency_spans(reading.candidates)
        adjacent = torch.sigmoid(self.model.adjacency(self.model.spans(reading.words, spans)).float()).cpu()
        chosen = rows.cpu()[torch.tensor(kept, dtype=torch.long)]
        return adjacent[chosen][:, chosen]

    def _adjacency_spans(self, candidates: Candidates) -> tuple[Tensor, Tensor]:
        """The spans (E, 2) that the adjacency mixes, and which of them each candidate is (N).

        All candidates enter, chosen or not. The reference lists a token-level span once for each label that it has,
        and what attends to it or averages over it counts it as often; checkpoints were trained so.
        """
        if self.config.span_mode == "token_level":
            return candidates.spans, torch.arange(len(candidates.spans))
        return torch.unique(candidates.spans, dim=0, return_inverse=True)  # type: ignore[no-any-return]

    def _pair_scores(self, reading: "_Reading", spans: Tensor, pairs: Tensor) -> Tensor:
        """Probabilities (P, R)."""
        logits = self.model.pair_logits(reading.words, spans, pairs.to(spans.device), reading.relations)
        return torch.sigmoid(logits.float()).cpu()


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request, prepared."""

    request: Request
    prompt: EncodedPrompt
    signatures: Signatures
    adjacency_threshold: float
    flat: bool


class _Reading:
    """One window of a batch while it is decoded."""

    def __init__(self, representation: Representation, row: int, candidates: Candidates) -> None:
        self.words: Tensor = representation.words[row]
        self.relations: Tensor = representation.relations[row]
        self.candidates = candidates


def _may_join(relation: TextRelation, mentions: Sequence[TextMention], window: Window) -> bool:
    """Whether a relation is one of the window's own words, or only says what a reference stands for.

    A title in front says what "he" may be. What it says of its names beside that is read where it stands.
    """
    if window.title is None or relation.label == STANDS_FOR:
        return True
    return not any(window.title.contains(mentions[end].span) for end in (relation.head, relation.tail))


def _mentions(
    candidates: Candidates, kept: Sequence[int], text: str, window: Window, request: Request
) -> tuple[TextMention, ...]:
    chosen = candidates.rows(kept)
    rows = zip(chosen.spans.tolist(), chosen.labels.tolist(), chosen.scores.tolist(), strict=True)
    mentions = []
    for (first, last), label, score in rows:
        span = Span(window.text.words[first].start, window.text.words[last].end)
        mentions.append(TextMention(span, span.of(text), request.entities[label].label, score))
    return tuple(mentions)


def _known(
    texts: Sequence[str],
    encoded: Sequence[EncodedText],
    mentions: Sequence[Sequence[KnownMention]],
    request: Request,
) -> list[Known]:
    if len(mentions) != len(texts):
        raise ModelError(
            f"known mentions are given for {len(mentions)} texts, but there are {len(texts)}",
            fix="give one sequence of mentions a text, an empty one where none is known",
        )
    return [Known.of(*one, request) for one in zip(texts, encoded, mentions, strict=True)]


def _joined(parts: Sequence[Part], *, flat: bool) -> TextExtraction:
    return parts[0].found if len(parts) == 1 else join(parts, flat=flat).found


def _joined_known(parts: Sequence[Part], known: Known) -> TextExtraction:
    relations = best_relations(relation for part in parts for relation in part.found.relations)
    return TextExtraction(
        known.mentions,
        relations,
        cut_spans=0,
        cut_pairs=sum(part.found.cut_pairs for part in parts),
        cut_relations=sum(part.found.cut_relations for part in parts),
    )


def _share(request: Request, part: int, parts: int) -> Request:
    """Every ``parts``-th relation, from ``part`` on, with all entities."""
    return Request(request.entities, request.relations[part::parts])


def _by_length(texts: Sequence[EncodedText], prompt_tokens: int, batch_tokens: int) -> Iterator[list[int]]:
    """Rows of texts that have words, longest first, in batches of about ``batch_tokens`` padded tokens, or of one."""
    order = sorted((row for row, text in enumerate(texts) if text.words), key=lambda row: -len(texts[row].pieces))
    batch: list[int] = []
    for row in order:
        if batch and (len(batch) + 1) * (len(texts[batch[0]].pieces) + prompt_tokens) > batch_tokens:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch
