"""Make a checkpoint to measure with, by the reference package: ``make_checkpoint.py NAME FOLDER TOKENIZER``.

Run by an interpreter that has ``gliner``; texts and labels come as JSON on stdin. The weights are random. So that
as much is found as in real use, the last layers are scaled and shifted until some 6 mentions in 100 words and some
4 in 1000 pairs of candidates and labels pass the threshold of 0.5.
"""

import json
import sys
from collections.abc import Sequence
from typing import Any

import torch
from gliner.config import UniEncoderSpanRelexConfig, UniEncoderTokenRelexConfig
from gliner.model import UniEncoderSpanRelexGLiNER, UniEncoderTokenRelexGLiNER
from torch import Tensor, nn
from transformers import AutoTokenizer

BERT = {
    "model_type": "bert",
    "hidden_size": 384,
    "num_hidden_layers": 6,
    "num_attention_heads": 12,
    "intermediate_size": 1536,
    "max_position_embeddings": 1024,
}
DEBERTA = {
    "model_type": "deberta-v2",
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "relative_attention": True,
    "position_buckets": 256,
    "max_relative_positions": -1,
    "max_position_embeddings": 512,
    "norm_rel_ebd": "layer_norm",
    "share_att_key": True,
    "pos_att_type": ["p2c", "c2p"],
    "position_biased_input": False,
    "type_vocab_size": 0,
    "layer_norm_eps": 1e-7,
}
ENCODERS = {"minilm": BERT, "deberta": DEBERTA}
MENTIONS_PER_WORD = 0.06
RELATED = 0.004  # share of candidate pairs and labels
SPREAD = 3.0  # standard deviation of logits


def new_model(encoder: str, span_mode: str, tokenizer_folder: str) -> UniEncoderSpanRelexGLiNER:
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_folder)
    tokenizer.model_max_length = 1024
    token_level = span_mode == "token_level"
    config_class = UniEncoderTokenRelexConfig if token_level else UniEncoderSpanRelexConfig
    model_class = UniEncoderTokenRelexGLiNER if token_level else UniEncoderSpanRelexGLiNER
    sizes = ENCODERS[encoder] | {"vocab_size": len(tokenizer), "pad_token_id": 0}
    config = config_class(
        model_name=encoder,
        span_mode=span_mode,
        relations_layer="none",
        hidden_size=sizes["hidden_size"],
        max_len=512,
        encoder_config=sizes,
    )
    model = model_class(config, tokenizer=tokenizer, backbone_from_pretrained=False)
    model_class._resize_token_embeddings(model, config, tokenizer)
    return model.eval()


def run(model: Any, texts: Sequence[str], entities: Sequence[str], relations: Sequence[str], threshold: float) -> Any:
    prepared = model.prepare_batch(texts, entities, None, relations)
    batch = model.collate_batch(
        prepared["input_x"],
        prepared["entity_types"],
        model.create_collator(),
        prepared["relation_types"],
        prepared["label_names"],
    )
    return model.run_batch(batch, threshold=threshold, adjacency_threshold=0.5, return_vectors=True)


def scale(layer: nn.Linear, factor: float) -> None:
    layer.weight.mul_(factor)
    layer.bias.mul_(factor)


def shift(layer: nn.Linear, labels: Tensor, amount: float) -> None:
    """Move the dot products of a layer's output with labels (N, D) by about ``amount``."""
    common = labels.mean(dim=0)
    layer.bias.add_(amount * common / common.dot(common))


def calibrate_entities(model: Any, texts: list[str], entities: list[str], relations: list[str]) -> None:
    network, words = model.model, sum(len(text.split()) for text in texts)
    token_level = model.config.span_mode == "token_level"
    last = network.scorer.out_mlp[3] if token_level else network.span_rep_layer.span_rep_layer.out_project[3]
    if token_level:
        # Start, end and inside as one function. Where three random ones pass by chance, they pass over long stretches,
        # whose every part is a candidate: thousands of pairs a text, which no trained model has.
        last.weight.copy_(last.weight[:1].expand_as(last.weight))
        last.bias.copy_(last.bias[:1].expand_as(last.bias))
    output = run(model, texts, entities, relations, 1.0)
    scale(last, SPREAD / output.logits.std().item())
    for share in (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4):
        output = run(model, texts, entities, relations, 1.0)
        if token_level:
            last.bias.sub_(output.logits.flatten(0, 2).quantile(1 - share, dim=0))
        else:
            values = output.logits.flatten()
            shift(
                last,
                output.prompts_embedding.flatten(0, 1),
                -values.sort().values[int(len(values) * (1 - share))].item(),
            )
        found = model.inference(texts, entities, threshold=0.5, return_relations=False)
        if sum(map(len, found)) > MENTIONS_PER_WORD * words:
            return


def calibrate_pairs(model: Any, texts: list[str], entities: list[str], relations: list[str]) -> None:
    last = model.model.pair_rep_layer[3]
    for factor in (SPREAD, None, None, None, None):  # labels differ, so that a shift moves some pairs more than others
        output = run(model, texts, entities, relations, 0.5)
        logits = output.rel_logits[output.rel_mask.bool()]
        if factor:
            scale(last, factor / logits.std().item())
        else:
            values = logits.flatten().sort().values
            shift(last, output.rel_prompts_embedding.flatten(0, 1), -values[int(len(values) * (1 - RELATED))].item())


@torch.no_grad()
def main(name: str, folder: str, tokenizer_folder: str) -> None:
    torch.manual_seed(3)
    asked = json.load(sys.stdin)
    encoder, span_mode = name.split("-")
    model = new_model(encoder, span_mode, tokenizer_folder)
    calibrate_entities(model, **asked)
    calibrate_pairs(model, **asked)
    model.save_pretrained(folder, safe_serialization=True)


main(*sys.argv[1:])
