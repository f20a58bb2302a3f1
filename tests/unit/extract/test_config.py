"""What a checkpoint's configuration may say."""

import json
from pathlib import Path
from typing import Any

import pytest

from relex_kg.errors import CheckpointError
from relex_kg.extract.config import ModelConfig

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
        extra={},
    )


def test_what_is_read_and_written_is_the_same_unknown_keys_included(reference: Path) -> None:
    for path in sorted(reference.glob("*/gliner_config.json")):
        values = json.loads(path.read_text(encoding="utf-8"))
        written = ModelConfig.from_dict(values).to_dict()
        assert {key: written[key] for key in values} == values
        assert written.keys() - values.keys() <= {"case_embedding", "pair_context"}


@pytest.mark.parametrize("key", ["hidden_size", "span_mode", "relations_layer", "encoder_config"])
def test_a_key_that_must_be_there_is_named(key: str) -> None:
    values = {name: value for name, value in LEAST.items() if name != key}
    with pytest.raises(CheckpointError, match=rf"gliner_config\.json has no '{key}'"):
        ModelConfig.from_dict(values)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("span_mode", "token_and_marker"),
        ("relations_layer", "gat"),
        ("fuse_layers", True),
        ("post_fusion_schema", "l2t"),
        ("span_encoder_config", {}),
        ("triples_layer", "distmult"),
        ("subtoken_pooling", "mean"),
        ("words_splitter_type", "spacy"),
        ("precomputed_prompts_mode", True),
        ("labels_encoder", "bert-base-uncased"),
    ],
)
def test_a_part_that_this_package_lacks_is_refused_by_name(key: str, value: object) -> None:
    with pytest.raises(CheckpointError) as refused:
        ModelConfig.from_dict(LEAST | {key: value})
    assert refused.value.what == f"the checkpoint has {key} = {value!r}, which is not supported"


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
