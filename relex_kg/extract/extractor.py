"""The one call that reads texts: labels in, mentions and relations with character offsets out."""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import torch
from torch import Tensor

from relex_kg.errors import CapacityError
from relex_kg.extract.checkpoint import BUNDLED, Checkpoint, load
from relex_kg.extract.decoding import Candidates, choose, span_candidates, token_candidates
from relex_kg.extract.encoding import EncodedPrompt, EncodedText, Encoding
from relex_kg.extract.model import Representation
from relex_kg.extract.precision import Precision, prepared
from relex_kg.extract.request import RelationLabel, Request
from relex_kg.types import Span, TextExtraction, TextMention, TextRelation

_BATCH_TOKENS = 4096  # padded tokens in a batch
_MAX_CANDIDATES = 512  # labelled spans of one text that go on to be chosen from
_MAX_PAIRS = 16_384  # ordered pairs of mentions of one text that are scored


class Extractor:
    """A joint entity and relation model, ready to read.

    Args:
        checkpoint: a loaded checkpoint.
        device: where to run; if None, a GPU where there is one, but the CPU for ``int8``.
        precision: ``float32``, or ``int8`` for about twice the speed on a CPU and slightly other scores.
    """

    def __init__(self, checkpoint: Checkpoint, *, device: str | None = None, precision: Precision = "float32") -> None:
        device = device or ("cuda" if torch.cuda.is_available() and precision == "float32" else "cpu")
        self.model = prepared(checkpoint.model, precision, device)
        self.precision = precision
        self.encoding = Encoding(checkpoint.tokenizer, checkpoint.model.config)
        self._folder = checkpoint.folder

    @classmethod
    def from_pretrained(
        cls,
        source: str | Path = BUNDLED,
        *,
        revision: str | None = None,
        device: str | None = None,
        precision: Precision = "float32",
    ) -> "Extractor":
        """Load a checkpoint: a folder, a hub name (``NAME`` or ``NAME@REVISION``), or nothing for the bundled model.

        Raises:
            CheckpointError: it is missing, damaged or of an unsupported kind.
            ModelError: ``int8`` is asked of a device that cannot do it.
        """
        return cls(load(source, revision=revision), device=device, precision=precision)

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits over the checkpoint's weights, settings and tokenizer, and over rounding to 8 bits."""
        hasher = sha256(b"" if self.precision == "float32" else self.precision.encode())
        for name in ("gliner_config.json", "model.safetensors", "pytorch_model.bin", "tokenizer.json"):
            path = self._folder / name
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
        entities: Sequence[str],
        relations: Sequence[str] = (),
        entity_threshold: float = 0.5,
        relation_threshold: float = 0.5,
        adjacency_threshold: float = 0.5,
        flat: bool = True,
    ) -> tuple[TextExtraction, ...]:
        """Find mentions of ``entities`` and ``relations`` between them, one extraction a text.

        Args:
            texts: each short enough for one pass; longer ones are for :class:`relex_kg.pipeline.Pipeline`.
            entities: labels, in any words.
            relations: labels, in any words, read from head to tail.
            entity_threshold: score that a mention must exceed.
            relation_threshold: score that a relation must exceed.
            adjacency_threshold: score that a pair must exceed to be looked at, in models that predict it.
            flat: no mention within another.

        Raises:
            CapacityError: a text does not fit the model beside the labels; nothing is ever cut off.
            ModelError: a label holds one of the prompt's marks.
        """
        request = Request.of_labels(
            entities, relations, entity_threshold=entity_threshold, relation_threshold=relation_threshold
        )
        return self.run(texts, request, adjacency_threshold=adjacency_threshold, flat=flat)

    def run(
        self,
        texts: Sequence[str],
        request: Request,
        *,
        adjacency_threshold: float = 0.5,
        flat: bool = True,
        on_progress: Callable[[int], None] = lambda done: None,
    ) -> tuple[TextExtraction, ...]:
        """As :meth:`extract`, for a prepared request; ``on_progress`` hears how many texts each batch finished."""
        prompt = self._prompt(request)
        encoded = self.encoding.texts(texts)
        self._check_fit(texts, encoded, prompt)
        results: list[TextExtraction] = [TextExtraction((), (), 0, 0)] * len(texts)
        # What is read together is rounded together in int8: alone, a text's company cannot change what is found in it
        batch_tokens = _BATCH_TOKENS if self.precision == "float32" else 0
        for rows in _by_length(encoded, len(prompt.pieces) + 2, batch_tokens):
            batch = self.encoding.batch([encoded[row] for row in rows], [prompt] * len(rows)).to(self.model.device)
            with torch.inference_mode():
                representation = self.model.represent(batch)
                candidates = self._candidates(representation, [encoded[row] for row in rows], request)
                for index, row in enumerate(rows):
                    reading = _Reading(texts[row], encoded[row], representation, index, candidates[index])
                    results[row] = self._decode(reading, request, adjacency_threshold, flat=flat)
            on_progress(len(rows))
        on_progress(sum(not text.words for text in encoded))
        return tuple(results)

    def _prompt(self, request: Request) -> EncodedPrompt:
        return self.encoding.prompt(
            [asked.label for asked in request.entities], [asked.label for asked in request.relations]
        )

    def _check_fit(self, texts: Sequence[str], encoded: Sequence[EncodedText], prompt: EncodedPrompt) -> None:
        capacity = self.encoding.capacity(prompt)
        for text, pieces in zip(texts, encoded, strict=True):
            if len(pieces.pieces) > capacity:
                raise CapacityError(
                    f"a text of {len(pieces.pieces)} tokens ({text[:40]!r}…) does not fit the model, which takes "
                    f"{capacity} beside these labels",
                    fix="cut it into chunks, as relex_kg.pipeline does, or ask for fewer labels",
                )

    def _candidates(
        self, representation: Representation, texts: Sequence[EncodedText], request: Request
    ) -> list[Candidates]:
        logits = self.model.entity_logits(representation)
        thresholds = torch.tensor([asked.threshold for asked in request.entities], device=logits.device)
        find = token_candidates if self.model.config.span_mode == "token_level" else span_candidates
        return find(logits, texts, thresholds, _MAX_CANDIDATES)

    def _decode(
        self, reading: "_Reading", request: Request, adjacency_threshold: float, *, flat: bool
    ) -> TextExtraction:
        candidates = reading.candidates
        kept = choose(candidates, flat=flat)
        mentions = tuple(reading.mention(index, request) for index in kept)
        pairs = self._pairs(reading, kept, mentions, request, adjacency_threshold)
        budgeted, cut_pairs = pairs[:_MAX_PAIRS], max(len(pairs) - _MAX_PAIRS, 0)
        relations = self._relations(reading, kept, mentions, budgeted, request)
        return TextExtraction(mentions, relations, candidates.cut, cut_pairs)

    def _pairs(
        self,
        reading: "_Reading",
        kept: Sequence[int],
        mentions: Sequence[TextMention],
        request: Request,
        adjacency_threshold: float,
    ) -> list[tuple[int, int]]:
        """Ordered pairs of mentions that some asked relation may join, nearest first."""
        signatures = {(head, tail) for asked in request.relations for head in asked.heads for tail in asked.tails}
        pairs = [
            (head, tail)
            for head in range(len(mentions))
            for tail in range(len(mentions))
            if head != tail and (mentions[head].label, mentions[tail].label) in signatures
        ]
        if self.model.adjacency is not None and pairs:
            spans, rows = self._adjacency_spans(reading.candidates)
            adjacent = torch.sigmoid(self.model.adjacency(self.model.spans(reading.words, spans)).float()).tolist()
            row = [int(rows[index]) for index in kept]
            pairs = [pair for pair in pairs if adjacent[row[pair[0]]][row[pair[1]]] > adjacency_threshold]
        return sorted(pairs, key=lambda pair: (abs(mentions[pair[0]].span.start - mentions[pair[1]].span.start), pair))

    def _adjacency_spans(self, candidates: Candidates) -> tuple[Tensor, Tensor]:
        """The spans (E, 2) that the adjacency mixes, and which of them each candidate is (N).

        All candidates enter, chosen or not. The reference lists a token-level span once for each label that it has,
        and what attends to it or averages over it counts it as often; checkpoints were trained so.
        """
        if self.model.config.span_mode == "token_level":
            return candidates.spans, torch.arange(len(candidates.spans))
        return torch.unique(candidates.spans, dim=0, return_inverse=True)  # type: ignore[no-any-return]

    def _relations(
        self,
        reading: "_Reading",
        kept: Sequence[int],
        mentions: Sequence[TextMention],
        pairs: Sequence[tuple[int, int]],
        request: Request,
    ) -> tuple[TextRelation, ...]:
        if not pairs:
            return ()
        spans = reading.candidates.spans[torch.tensor(kept)]
        ends = torch.tensor(pairs, device=spans.device)
        logits = self.model.pair_logits(reading.words, spans, ends, reading.relations)
        scores = torch.sigmoid(logits.float()).cpu()
        thresholds = torch.tensor([asked.threshold for asked in request.relations])
        found = [
            (*pairs[pair], label)
            for pair, label in (scores > thresholds).nonzero().tolist()
            if _allowed(request.relations[label], mentions, pairs[pair])
        ]
        row = {pair: index for index, pair in enumerate(pairs)}
        return tuple(
            TextRelation(head, tail, request.relations[label].label, float(scores[row[head, tail], label]))
            for head, tail, label in sorted(found)
        )


class _Reading:
    """One text of a batch while it is decoded."""

    def __init__(
        self, text: str, encoded: EncodedText, representation: Representation, row: int, candidates: Candidates
    ) -> None:
        self.words: Tensor = representation.words[row]
        self.relations: Tensor = representation.relations[row]
        self.candidates = candidates
        self._text = text
        self._encoded = encoded

    def mention(self, candidate: int, request: Request) -> TextMention:
        first, last = self.candidates.spans[candidate].tolist()
        span = Span(self._encoded.words[first].start, self._encoded.words[last].end)
        label = request.entities[int(self.candidates.labels[candidate])].label
        return TextMention(span, span.of(self._text), label, float(self.candidates.scores[candidate]))


def _share(request: Request, part: int, parts: int) -> Request:
    """Every ``parts``-th relation, from ``part`` on, with all entities."""
    return Request(request.entities, request.relations[part::parts])


def _allowed(asked: RelationLabel, mentions: Sequence[TextMention], pair: tuple[int, int]) -> bool:
    return mentions[pair[0]].label in asked.heads and mentions[pair[1]].label in asked.tails


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
