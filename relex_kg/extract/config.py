"""What a checkpoint's ``gliner_config.json`` says about the model, reduced to what this package implements."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from relex_kg.errors import CheckpointError

SpanMode = Literal["token_level", "markerV0"]
Adjacency = Literal["none", "dot", "mlp", "attention", "bilinear", "gcn", "gat"]
Triples = Literal[
    "UM", "SE", "TransE", "TransH", "TransF", "PairRE", "TripleRE",
    "DistMult", "SimplE", "ComplEx", "QuatE", "HolE", "DistMA",
    "ERMLP", "ConvKB",
]  # fmt: skip

ATTENTION_HEADS = 8  # of the adjacencies that attend

# Settings of the reference package whose other values change the network; none of its released relation checkpoints
# uses them. Absent means the reference's default, which is the supported value.
_ONLY_SUPPORTED: Mapping[str, tuple[Any, ...]] = {
    "span_mode": get_args(SpanMode),
    "relations_layer": get_args(Adjacency),
    "triples_layer": (None, *get_args(Triples)),
    "fuse_layers": (False, None),
    "post_fusion_schema": ("", None),
    "span_encoder_config": (None,),
    "subtoken_pooling": ("first", None),
    "words_splitter_type": ("whitespace", None),
    "precomputed_prompts_mode": (False, None),
    "labels_encoder": (None,),
    "labels_decoder": (None,),
}

# What the reference offers by name and this package never will, with the reason
_HOPELESS: Mapping[tuple[str, Any], str] = {
    ("triples_layer", "ConvE"): "the reference package cannot make this layer either: it asks for a setting that no "
    "checkpoint can hold",
    ("triples_layer", "TuckER"): "the reference package mixes up the rows of this layer, so that a relation's score "
    "depends on which other pairs are scored beside it",
}

# Encoders that transformers alone would run in another way than the reference does, or not at all
_OTHER_ENCODERS: Mapping[str, str] = {
    **dict.fromkeys(("t5", "mt5"), "it is the encoder half of a T5 model, whose tokenizer has no [CLS]"),
    **dict.fromkeys(
        ("mistral", "llama", "gemma", "qwen2"), "the reference package reads it in both directions, with llm2vec"
    ),
}

# (setting, value, what hidden_size must be a multiple of)
_WIDTHS: tuple[tuple[str, object, int], ...] = (
    ("relations_layer", "attention", ATTENTION_HEADS),
    ("relations_layer", "gat", ATTENTION_HEADS),
    ("triples_layer", "SimplE", 2),
    ("triples_layer", "ComplEx", 2),
    ("triples_layer", "QuatE", 4),
    ("pair_attention", True, 4),
)


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The network's shape.

    Attributes:
        encoder: the encoder's own configuration, as transformers writes it.
        hidden_size: width D of the heads; the encoder's output is projected where its width differs.
        span_mode: ``token_level`` (start, end and inside scores per word and type) or ``markerV0`` (all spans up to
            ``max_width`` words).
        max_width: longest span in words (``markerV0`` only).
        rnn_layers: bidirectional LSTM layers over the words; 0 for none.
        adjacency: ``none`` scores every pair of mentions, the others (:mod:`relex_kg.extract.adjacency`) only those
            that a predicted adjacency keeps.
        triples: how a pair is scored against a relation (:mod:`relex_kg.extract.triples`), or None for the dot
            product of the relation and a projection of the pair.
        dropout: probability, in training.
        max_words: longest text, in words.
        max_tokens: longest input, prompt and special tokens included, or None where the encoder sets no limit.
        entity_token, relation_token, separator: the prompt's marks.
        embed_entity_token, embed_relation_token: a label is represented by its mark (True) or by the token after it.
        case_embedding: word shapes are embedded and added at the input (not in the reference package).
        pair_context: pairs are scored by the words around them too (not in the reference package).
        pair_attention: pairs are scored by the words that both mentions attend to (not in the reference package).
        split_hyphens: words end at hyphens, so that a name may be part of what they join (not in the reference
            package, for which "Lisbon-based" is one word).
        references: it has learnt pronouns and nouns that stand for names, and is asked for them
            (:mod:`relex_kg.extract.references`; not in the reference package).
        independent_prompt: labels are read without the text, so that what the encoder makes of them is the same for
            every text (:mod:`relex_kg.extract.prompts`; not in the reference package).
        extra: all other keys of the file, kept so that saving is a round trip.
    """

    encoder: Mapping[str, Any]
    hidden_size: int
    span_mode: SpanMode
    max_width: int
    rnn_layers: int
    adjacency: Adjacency
    triples: Triples | None
    dropout: float
    max_words: int
    max_tokens: int | None
    entity_token: str
    relation_token: str
    separator: str
    embed_entity_token: bool
    embed_relation_token: bool
    case_embedding: bool
    pair_context: bool
    pair_attention: bool
    split_hyphens: bool
    references: bool
    independent_prompt: bool
    extra: Mapping[str, Any]

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "ModelConfig":
        """Read the reference package's keys.

        Raises:
            CheckpointError: a key is missing, or asks for a part that this package does not have.
        """
        _refuse_unsupported(values)
        encoder = values.get("encoder_config")
        if not isinstance(encoder, Mapping):
            raise CheckpointError(
                "gliner_config.json has no 'encoder_config'",
                cause="the checkpoint was saved before its weights were trained, or by a very old version",
                fix="save it again with a current version of the package that made it",
            )
        _refuse_encoder(encoder)
        try:
            config = cls._read(values, encoder)
        except (TypeError, ValueError) as error:
            raise CheckpointError(
                f"gliner_config.json holds a value that is no number ({error})",
                cause="the file was edited or is damaged",
                fix="fetch the checkpoint again",
            ) from error
        _refuse_width(config)
        _refuse_prompt(config)
        return config

    @classmethod
    def _read(cls, values: Mapping[str, Any], encoder: Mapping[str, Any]) -> "ModelConfig":
        return cls(
            encoder=dict(encoder),
            hidden_size=int(values["hidden_size"]),
            span_mode=values["span_mode"],
            max_width=int(values.get("max_width", 12)),
            rnn_layers=int(values.get("num_rnn_layers", 1)),
            adjacency=_adjacency(values["relations_layer"]),
            triples=values.get("triples_layer"),
            dropout=float(values.get("dropout", 0.4)),
            max_words=int(values.get("max_len", 384)),
            max_tokens=_position_limit(encoder),
            entity_token=values.get("ent_token", "<<ENT>>"),
            relation_token=values.get("rel_token", "<<REL>>"),
            separator=values.get("sep_token", "<<SEP>>"),
            embed_entity_token=bool(values.get("embed_ent_token", True)),
            embed_relation_token=bool(values.get("embed_rel_token", True)),
            case_embedding=bool(values.get("case_embedding", False)),
            pair_context=bool(values.get("pair_context", False)),
            pair_attention=bool(values.get("pair_attention", False)),
            split_hyphens=bool(values.get("split_hyphens", False)),
            references=bool(values.get("references", False)),
            independent_prompt=bool(values.get("independent_prompt", False)),
            extra={key: value for key, value in values.items() if key not in _OURS},
        )

    def to_dict(self) -> dict[str, Any]:
        """The reference package's keys, with this package's own beside them."""
        return {
            **self.extra,
            "encoder_config": dict(self.encoder),
            "hidden_size": self.hidden_size,
            "span_mode": self.span_mode,
            "max_width": self.max_width,
            "num_rnn_layers": self.rnn_layers,
            "relations_layer": self.adjacency,
            "triples_layer": self.triples,
            "dropout": self.dropout,
            "max_len": self.max_words,
            "ent_token": self.entity_token,
            "rel_token": self.relation_token,
            "sep_token": self.separator,
            "embed_ent_token": self.embed_entity_token,
            "embed_rel_token": self.embed_relation_token,
            "case_embedding": self.case_embedding,
            "pair_context": self.pair_context,
            "pair_attention": self.pair_attention,
            "split_hyphens": self.split_hyphens,
            "references": self.references,
            "independent_prompt": self.independent_prompt,
        }


_OURS = frozenset(
    {
        "encoder_config",
        "hidden_size",
        "span_mode",
        "max_width",
        "num_rnn_layers",
        "relations_layer",
        "triples_layer",
        "dropout",
        "max_len",
        "ent_token",
        "rel_token",
        "sep_token",
        "embed_ent_token",
        "embed_rel_token",
        "case_embedding",
        "pair_context",
        "pair_attention",
        "split_hyphens",
        "references",
        "independent_prompt",
    }
)


def _adjacency(value: Any) -> Any:
    """The reference heeds no case in this one name, and knows one of them by two."""
    if not isinstance(value, str):
        return value
    name = value.lower()
    return "attention" if name == "attn" else name


def _refuse_unsupported(values: Mapping[str, Any]) -> None:
    for key in ("hidden_size", "span_mode", "relations_layer"):
        if key not in values:
            raise CheckpointError(
                f"gliner_config.json has no '{key}'",
                cause="this is not a joint entity and relation checkpoint",
                fix="use a GLiNER-Relex checkpoint, such as knowledgator/gliner-relex-base-v1.0",
            )
    for key, allowed in _ONLY_SUPPORTED.items():
        value = values.get(key, allowed[0])
        if (_adjacency(value) if key == "relations_layer" else value) not in allowed:
            raise CheckpointError(
                f"the checkpoint has {key} = {value!r}, which is not supported",
                cause=_HOPELESS.get((key, value)) if isinstance(value, str) else None,
                fix=f"use a checkpoint with {key} = {' or '.join(map(repr, allowed))}",
            )


def _refuse_encoder(encoder: Mapping[str, Any]) -> None:
    kind = str(encoder.get("model_type"))
    if kind in _OTHER_ENCODERS:
        raise CheckpointError(
            f"the checkpoint has encoder_config.model_type = {kind!r}, which is not supported",
            cause=_OTHER_ENCODERS[kind],
            fix="use a checkpoint of a BERT- or DeBERTa-type encoder",
        )


def _refuse_width(config: "ModelConfig") -> None:
    chosen: set[tuple[str, object]] = {
        ("relations_layer", config.adjacency),
        ("triples_layer", config.triples),
        ("pair_attention", config.pair_attention),
    }
    for key, value, multiple in _WIDTHS:
        if (key, value) in chosen and config.hidden_size % multiple:
            raise CheckpointError(
                f"the checkpoint has hidden_size = {config.hidden_size}, which {key} = {value!r} cannot divide by "
                f"{multiple}",
                cause="the file was edited",
                fix="fetch the checkpoint again",
            )


def _refuse_prompt(config: "ModelConfig") -> None:
    kind = config.encoder.get("model_type")
    if config.independent_prompt and kind != "bert":
        raise CheckpointError(
            f"the checkpoint has independent_prompt = True with an encoder of type {kind!r}, which is not supported",
            fix="use a checkpoint with a BERT encoder, or with independent_prompt = False",
        )


def _position_limit(encoder: Mapping[str, Any]) -> int | None:
    """Encoders with absolute positions cannot read further than their table; relative ones have no such end."""
    if encoder.get("relative_attention") and not encoder.get("position_biased_input", True):
        return None
    limit = encoder.get("max_position_embeddings")
    return int(limit) if limit else None
