"""What a checkpoint's configuration may say."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from relex_kg.errors import CheckpointError
from relex_kg.extract.config import Adjacency, ModelConfig, Triples

LEAST: dict[str, Any] = {
    "encoder_config": {"model_type": "bert", "max_position_embeddings": 512},
    "hidden_size": 16,
    "span_mode": "token_level",
    "relations_layer": "none",
}


def test_absent_keys_have_the_references_defaults() -> None:
    config = ModelConfig.from_dict(LEAST)
    assert config == ModelConfig(
        encoder=LEAST["encoder_config"],
        hidden_size=16,
        span_mode="token_level",
        max_width=12,
        rnn_layers=1,
        adjacency="none",
        triples=None,
        dropout=0.4,
        max_words=384,
        max_tokens=512,
        entity_token="<<ENT>>",
        relation_token="<<REL>>",
        separator="<<SEP>>",
        embed_entity_token=True,
        embed_relation_token=True,
        case_embedding=False,
        pair_context=False,
        pair_attention=False,
        split_hyphens=False,
        references=False,
        independent_prompt=False,
        extra={},
    )


def test_what_is_read_and_written_is_the_same_unknown_keys_included(reference: Path) -> None:
    for path in sorted(reference.glob("*/gliner_config.json")):
        values = json.loads(path.read_text(encoding="utf-8"))
        written = ModelConfig.from_dict(values).to_dict()
        assert {key: written[key] for key in values} == values
        assert written.keys() - values.keys() <= {
            "triples_layer",
            "case_embedding",
            "pair_context",
            "pair_attention",
            "split_hyphens",
            "references",
            "independent_prompt",
        }


@pytest.mark.parametrize("key", ["hidden_size", "span_mode", "relations_layer", "encoder_config"])
def test_a_key_that_must_be_there_is_named(key: str) -> None:
    values = {name: value for name, value in LEAST.items() if name != key}
    with pytest.raises(CheckpointError, match=rf"gliner_config\.json has no '{key}'"):
        ModelConfig.from_dict(values)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("span_mode", "token_and_marker"),
        ("span_mode", "marker"),
        ("span_mode", "conv_max"),
        ("relations_layer", None),
        ("relations_layer", "transformer"),
        ("relations_layer", 3),
        ("fuse_layers", True),
        ("post_fusion_schema", "l2t"),
        ("span_encoder_config", {}),
        ("triples_layer", "distmult"),
        ("triples_layer", "TuckER"),
        ("triples_layer", "ConvE"),
        ("triples_layer", ["DistMult"]),
        ("subtoken_pooling", "mean"),
        ("words_splitter_type", "spacy"),
        ("precomputed_prompts_mode", True),
        ("labels_encoder", "bert-base-uncased"),
        ("labels_decoder", "gpt2"),
    ],
)
def test_a_part_that_this_package_lacks_is_refused_by_name(key: str, value: object) -> None:
    with pytest.raises(CheckpointError) as refused:
        ModelConfig.from_dict(LEAST | {key: value})
    assert refused.value.what == f"the checkpoint has {key} = {value!r}, which is not supported"


@pytest.mark.parametrize(
    ("kind", "reason"), [("ConvE", "cannot make this layer either"), ("TuckER", "depends on which other pairs")]
)
def test_a_layer_that_the_reference_cannot_use_is_refused_with_the_reason(kind: str, reason: str) -> None:
    with pytest.raises(CheckpointError) as refused:
        ModelConfig.from_dict(LEAST | {"triples_layer": kind})
    assert reason in str(refused.value.cause)


@pytest.mark.parametrize("kind", ["t5", "mt5", "llama", "mistral", "gemma", "qwen2"])
def test_an_encoder_that_would_be_read_wrongly_is_refused_by_name(kind: str) -> None:
    with pytest.raises(CheckpointError) as refused:
        ModelConfig.from_dict(LEAST | {"encoder_config": {"model_type": kind}})
    assert refused.value.what == f"the checkpoint has encoder_config.model_type = {kind!r}, which is not supported"


@pytest.mark.parametrize(
    ("key", "value", "width"),
    [
        ("relations_layer", "attention", 12),
        ("relations_layer", "gat", 12),
        ("triples_layer", "SimplE", 15),
        ("triples_layer", "ComplEx", 15),
        ("triples_layer", "QuatE", 18),
    ],
)
def test_a_width_that_a_layer_cannot_divide_is_refused(key: str, value: str, width: int) -> None:
    with pytest.raises(CheckpointError, match=rf"hidden_size = {width}, which {key} = '{value}' cannot divide"):
        ModelConfig.from_dict(LEAST | {key: value, "hidden_size": width})


@pytest.mark.parametrize(
    ("written", "meant"), [("GCN", "gcn"), ("attn", "attention"), ("Attn", "attention"), ("attention", "attention")]
)
def test_the_references_other_spellings_of_an_adjacency(written: str, meant: str) -> None:
    config = ModelConfig.from_dict(LEAST | {"relations_layer": written})
    assert config.adjacency == meant
    assert config.to_dict()["relations_layer"] == meant


@pytest.mark.parametrize("triples", [None, *get_args(Triples)])
@pytest.mark.parametrize("adjacency", get_args(Adjacency))
def test_every_combination_of_relation_layers_is_read_and_written(adjacency: str, triples: str | None) -> None:
    values = LEAST | {"relations_layer": adjacency, "triples_layer": triples}
    config = ModelConfig.from_dict(values)
    assert (config.adjacency, config.triples) == (adjacency, triples)
    assert ModelConfig.from_dict(config.to_dict()) == config


@pytest.mark.parametrize(("key", "value"), [("hidden_size", "wide"), ("max_len", None), ("dropout", [])])
def test_a_value_that_is_no_number_is_refused(key: str, value: object) -> None:
    with pytest.raises(CheckpointError, match=r"gliner_config\.json holds a value that is no number"):
        ModelConfig.from_dict(LEAST | {key: value})


@pytest.mark.parametrize(
    ("encoder", "limit"),
    [
        ({"max_position_embeddings": 512}, 512),
        ({"max_position_embeddings": 512, "relative_attention": True}, 512),
        ({"max_position_embeddings": 512, "relative_attention": True, "position_biased_input": False}, None),
        ({}, None),
    ],
)
def test_only_absolute_positions_limit_the_input(encoder: dict[str, Any], limit: int | None) -> None:
    assert ModelConfig.from_dict(LEAST | {"encoder_config": encoder}).max_tokens == limit
