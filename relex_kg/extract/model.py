"""The joint model: one encoder reads labels and text together; spans and pairs are scored against the labels.

GLiNER-Relex, arXiv 2605.10108. B texts, W words, C entity labels, R relation labels, D hidden width.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel

from relex_kg.extract.adjacency import adjacency_scorer
from relex_kg.extract.config import ModelConfig
from relex_kg.extract.encoding import SHAPES, Batch, PromptBatch, SplitBatch, TextBatch
from relex_kg.extract.layers import (
    PairAttention,
    PairContext,
    Projection,
    SpanMarker,
    TokenScorer,
    WordLSTM,
    gather,
    rows,
)
from relex_kg.extract.prompts import InFront, KeysAndValues, ReadPrompts, of_each_text, through_layers
from relex_kg.extract.triples import pair_scorer


@dataclass(frozen=True, slots=True)
class Representation:
    """What the encoder makes of a batch: ``words`` (B, W, D), ``entities`` (B, C, D), ``relations`` (B, R, D)."""

    words: Tensor
    entities: Tensor
    relations: Tensor


class RelexModel(nn.Module):
    """The network, part by part; :mod:`relex_kg.extract.decoding` turns its scores into mentions and relations.

    Args:
        config: the network's shape. Weights are random until a checkpoint is loaded.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width, dropout = config.hidden_size, config.dropout
        encoder = dict(config.encoder)
        encoder_config = AutoConfig.for_model(encoder.pop("model_type"), **encoder)
        self.config = config
        self.encoder = AutoModel.from_config(encoder_config)  # type: ignore[no-untyped-call]
        # The pooler of BERT-type encoders feeds nothing here
        self.encoder.pooler = None
        self.projection = (
            nn.Linear(encoder_config.hidden_size, width) if encoder_config.hidden_size != width else nn.Identity()
        )
        self.case = (
            nn.Embedding(SHAPES, _embedding_width(self.encoder), padding_idx=0) if config.case_embedding else None
        )
        if self.case is not None:
            nn.init.zeros_(self.case.weight)
        self.context = WordLSTM(width, config.rnn_layers) if config.rnn_layers else None
        self.entity_prompt = Projection(width, width, dropout)
        self.token_scorer = TokenScorer(width, dropout) if config.span_mode == "token_level" else None
        self.span = SpanMarker(width, dropout)
        self.adjacency = adjacency_scorer(config.adjacency, width)
        self.pair = pair_scorer(config.triples, width, dropout)
        self.pair_context = PairContext(width) if config.pair_context else None
        self.pair_attention = PairAttention(width) if config.pair_attention else None

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    def represent(self, batch: Batch | SplitBatch) -> Representation:
        """Read labels and text: together, or the labels first if the configuration has them ``independent``."""
        if isinstance(batch, SplitBatch):
            return self.represent_behind(self.read_prompts(batch.prompts), batch.texts)
        pieces = self.projection(self._encode(batch))
        words = gather(pieces, batch.word_positions, batch.word_mask)
        if self.context is not None:
            words = self.context(words, batch.word_mask)
        return Representation(
            words=words,
            entities=self.entity_prompt(gather(pieces, batch.entity_positions, batch.entity_mask)),
            relations=gather(pieces, batch.relation_positions, batch.relation_mask),
        )

    def read_prompts(self, batch: PromptBatch) -> ReadPrompts:
        """Read labels alone."""
        cache = KeysAndValues()
        embedded = self.encoder.embeddings(input_ids=batch.input_ids)
        pieces = self.projection(through_layers(self.encoder, embedded, batch.attention_mask, cache))
        return ReadPrompts(
            keys=tuple(cache.keys),
            values=tuple(cache.values),
            mask=batch.attention_mask,
            entities=self.entity_prompt(gather(pieces, batch.entity_positions, batch.entity_mask)),
            relations=gather(pieces, batch.relation_positions, batch.relation_mask),
        )

    def represent_behind(self, prompts: ReadPrompts, batch: TextBatch) -> Representation:
        """Read texts behind labels that have been read."""
        embedded = self.encoder.get_input_embeddings()(batch.input_ids)
        if self.case is not None:
            embedded = embedded + self.case(batch.shapes)
        embedded = self.encoder.embeddings(inputs_embeds=embedded, position_ids=batch.positions)
        readable = torch.cat([of_each_text(prompts.mask, batch.prompts), batch.attention_mask], dim=1)
        pieces = through_layers(self.encoder, embedded, readable, InFront(prompts, batch.prompts))
        words = gather(self.projection(pieces), batch.word_positions, batch.word_mask)
        if self.context is not None:
            words = self.context(words, batch.word_mask)
        return Representation(
            words=words,
            entities=of_each_text(prompts.entities, batch.prompts),
            relations=of_each_text(prompts.relations, batch.prompts),
        )

    def entity_logits(self, representation: Representation) -> Tensor:
        """Start, end and inside logits (B, W, C, 3), or span logits (B, W, max_width, C), as ``span_mode`` says."""
        if self.token_scorer is not None:
            return self.token_scorer(representation.words, representation.entities)  # type: ignore[no-any-return]
        return self.span.window_logits(representation.words, representation.entities, self.config.max_width)

    def spans(self, words: Tensor, spans: Tensor) -> Tensor:
        """Represent spans of one text: words (W, D) and first and last words (E, 2) to (E, D)."""
        return self.span(rows(words, spans[:, 0]), rows(words, spans[:, 1]))  # type: ignore[no-any-return]

    def pair_logits(self, words: Tensor, spans: Tensor, pairs: Tensor, relations: Tensor) -> Tensor:
        """Score pairs of spans of one text against relation labels.

        *Shape:* words (W, D), spans (E, 2) as first and last words, pairs (P, 2) as head and tail among the spans,
        relations (R, D) to (P, R).
        """
        represented = self.spans(words, spans)
        logits: Tensor = self.pair(represented, pairs, relations)
        if self.pair_context is not None:
            logits = logits + self.pair_context(words, spans, pairs) @ relations.T
        if self.pair_attention is not None:
            logits = logits + self.pair_attention(words, represented, pairs) @ relations.T
        return logits

    def _encode(self, batch: Batch) -> Tensor:
        """(B, L, width of the encoder)."""
        if self.case is None:
            output = self.encoder(input_ids=batch.input_ids, attention_mask=batch.attention_mask)
        else:
            pieces = self.encoder.get_input_embeddings()(batch.input_ids) + self.case(batch.shapes)
            output = self.encoder(inputs_embeds=pieces, attention_mask=batch.attention_mask)
        return output.last_hidden_state  # type: ignore[no-any-return]


def _embedding_width(encoder: nn.Module) -> int:
    return int(encoder.get_input_embeddings().embedding_dim)  # type: ignore[operator]
