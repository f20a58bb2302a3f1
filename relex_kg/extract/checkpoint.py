"""Reading and writing checkpoints in the folder layout of the released models.

A checkpoint is a folder with ``gliner_config.json``, ``model.safetensors`` or ``pytorch_model.bin``, and the
tokenizer's files. The weights carry the reference package's names; the table below is the only place that knows them.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from relex_kg.errors import CheckpointError
from relex_kg.extract.config import ModelConfig
from relex_kg.extract.hub import folder_of
from relex_kg.extract.model import RelexModel

BUNDLED = Path(__file__).parent.parent / "weights"

_CONFIG_FILE = "gliner_config.json"
_WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")
_VOCABULARY_FILES = ("tokenizer.json", "spm.model", "sentencepiece.bpe.model", "vocab.txt", "vocab.json")

_WORD_EMBEDDINGS = "encoder.embeddings.word_embeddings.weight"
_SCALES = ".scales"

# (prefix in the file, prefix here); the first that fits counts
_NAMES = (
    ("token_rep_layer.bert_layer.model.", "encoder."),
    ("token_rep_layer.projection.", "projection."),
    ("case_embedding.", "case."),
    ("rnn.lstm.", "context.lstm."),
    ("prompt_rep_layer.", "entity_prompt."),
    ("scorer.proj_token.", "token_scorer.word."),
    ("scorer.proj_label.", "token_scorer.label."),
    ("scorer.out_mlp.0.", "token_scorer.mix."),
    ("scorer.out_mlp.3.", "token_scorer.out."),
    ("span_rep_layer.span_rep_layer.project_start.", "span.start."),
    ("span_rep_layer.span_rep_layer.project_end.", "span.end."),
    ("span_rep_layer.span_rep_layer.out_project.", "span.out."),
    ("relations_rep_layer.relation_rep_layer.gcn.linear.", "adjacency.convolution."),
    ("relations_rep_layer.relation_rep_layer.proj.", "adjacency.out."),
    ("relations_rep_layer.relation_rep_layer.mlp.0.", "adjacency.mix."),
    ("relations_rep_layer.relation_rep_layer.mlp.2.", "adjacency.pair."),
    ("relations_rep_layer.relation_rep_layer.attn.in_proj_", "adjacency.attention.joint."),
    ("relations_rep_layer.relation_rep_layer.attn.out_proj.", "adjacency.attention.out."),
    ("relations_rep_layer.relation_rep_layer.linear.", "adjacency.gathered."),
    ("pair_rep_layer.", "pair.projection."),
    ("triples_score_layer.interaction.r_to_rtr.", "pair.formula.translation."),
    ("triples_score_layer.interaction.r_to_w.", "pair.formula.normal."),
    ("triples_score_layer.interaction.r_to_rvec.", "pair.formula.shift."),
    ("triples_score_layer.interaction.r_to_alpha.", "pair.formula.head_scale."),
    ("triples_score_layer.interaction.r_to_beta.", "pair.formula.tail_scale."),
    ("triples_score_layer.interaction.r_to_delta.", "pair.formula.difference."),
    ("triples_score_layer.interaction.r_to_gamma.", "pair.formula.factor."),
    ("triples_score_layer.interaction.mlp.0.", "pair.formula.mix."),
    ("triples_score_layer.interaction.mlp.2.", "pair.formula.out."),
    ("triples_score_layer.interaction.conv.", "pair.formula.filters."),
    ("triples_score_layer.interaction.fc.", "pair.formula.readout."),
    ("pair_context.", "pair_context."),
    ("pair_attention.", "pair_attention."),
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model ready to run, its tokenizer, and the folder it came from."""

    model: RelexModel
    tokenizer: PreTrainedTokenizerBase
    folder: Path


@dataclass(frozen=True, slots=True)
class CheckpointOutline:
    """A checkpoint whose weights are not loaded: its configuration, its tokenizer, and the folder it is in."""

    config: ModelConfig
    tokenizer: PreTrainedTokenizerBase
    folder: Path

    def load(self) -> Checkpoint:
        """Load the weights.

        Raises:
            CheckpointError: they are damaged, or do not fit the configuration.
        """
        weights = {ours: tensor.float() for ours, tensor in _renamed(_unpacked(_read_weights(self.folder)))}
        model = _build(_with_vocabulary_of(self.config, weights), self.folder)
        _load_weights(model, weights, self.folder)
        return Checkpoint(model=model.eval(), tokenizer=self.tokenizer, folder=self.folder)


def load(source: str | Path, *, revision: str | None = None) -> Checkpoint:
    """Load a checkpoint from a folder, or by its name on the Hugging Face hub.

    Args:
        source: a folder, ``NAME`` or ``NAME@REVISION``.
        revision: as after the ``@``: a commit, tag or branch.

    Raises:
        CheckpointError: it is not there, is damaged, or needs a part that this package does not have.
    """
    return outline(source, revision=revision).load()


def outline(source: str | Path, *, revision: str | None = None) -> CheckpointOutline:
    """All of a checkpoint but its weights, which are there and can be loaded later.

    Args:
        source: a folder, ``NAME`` or ``NAME@REVISION``.
        revision: as after the ``@``: a commit, tag or branch.

    Raises:
        CheckpointError: it is not there, its configuration or tokenizer is damaged, or it needs a part that this
            package does not have.
    """
    folder = folder_of(source, revision, [_CONFIG_FILE, *_WEIGHT_FILES, "*token*", "*.model", "vocab*", "merges.txt"])
    config = ModelConfig.from_dict(_read_json(folder / _CONFIG_FILE))
    _weights_file(folder)
    return CheckpointOutline(config, _read_tokenizer(folder), folder)


def save(model: RelexModel, tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Write a checkpoint: half precision, word embeddings as 8-bit integers with one scale a row.

    The embeddings are a quarter of a small model and lose nothing measurable that way. What :func:`load` reads back
    and saves again is the same, bit for bit.
    """
    folder.mkdir(parents=True, exist_ok=True)
    theirs: dict[str, Tensor] = {}
    for name, value in model.state_dict().items():
        if name == _WORD_EMBEDDINGS:
            rows, scales = _packed(value)
            theirs |= {_their_name(name): rows, _their_name(name) + _SCALES: scales}
        else:
            theirs[_their_name(name)] = value.half().contiguous()
    save_file(theirs, folder / "model.safetensors")
    settings = json.dumps(model.config.to_dict(), indent=2, sort_keys=True)
    (folder / _CONFIG_FILE).write_text(settings + "\n", encoding="utf-8")
    tokenizer.save_pretrained(str(folder))


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise CheckpointError(
            f"{path.parent} has no {path.name}",
            cause="this folder is not a checkpoint",
            fix=f"give a folder that holds {_CONFIG_FILE}, {_WEIGHT_FILES[0]} and the tokenizer's files",
        )
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CheckpointError(
            f"{path} is not JSON ({error})", cause="the file is damaged", fix="fetch the checkpoint again"
        ) from error
    if not isinstance(values, dict):
        raise CheckpointError(f"{path} holds no JSON object", fix="fetch the checkpoint again")
    return values


def _read_weights(folder: Path) -> dict[str, Tensor]:
    path = _weights_file(folder)
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        return dict(torch.load(path, map_location="cpu", weights_only=True))
    except (SafetensorError, UnpicklingError, RuntimeError, OSError, EOFError, ValueError, TypeError) as error:
        # torch's own advice for a bad pickle is to run whatever code it holds
        reason = "not a file of tensors" if isinstance(error, UnpicklingError) else error
        raise CheckpointError(
            f"the weights in {path} cannot be read ({reason})",
            cause="the file is damaged or was only partly copied",
            fix="fetch the checkpoint again",
        ) from error


def _weights_file(folder: Path) -> Path:
    for name in _WEIGHT_FILES:
        if (folder / name).is_file():
            return folder / name
    raise CheckpointError(
        f"{folder} has neither {' nor '.join(_WEIGHT_FILES)}",
        cause="the checkpoint was only partly copied",
        fix="fetch the checkpoint again",
    )


def _read_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    # Without a vocabulary transformers makes a tokenizer that knows no word, and says nothing
    if not any((folder / name).is_file() for name in _VOCABULARY_FILES):
        raise CheckpointError(
            f"{folder} has no {_VOCABULARY_FILES[0]}",
            cause="the checkpoint was only partly copied",
            fix="fetch the checkpoint again",
        )
    try:
        return AutoTokenizer.from_pretrained(str(folder))
    except (OSError, ValueError, KeyError) as error:
        raise CheckpointError(
            f"the tokenizer in {folder} cannot be read ({error})",
            cause="its files are missing or damaged",
            fix="fetch the checkpoint again",
        ) from error


def _build(config: ModelConfig, folder: Path) -> RelexModel:
    try:
        return RelexModel(config)
    except (KeyError, ValueError, TypeError) as error:
        raise CheckpointError(
            f"{folder / _CONFIG_FILE} describes no encoder that can be built ({type(error).__name__}: {error})"[:400],
            cause="the file is damaged, or the encoder is of a kind that the installed transformers does not know",
            fix="fetch the checkpoint again, or install a newer transformers",
        ) from error


def _packed(table: Tensor) -> tuple[Tensor, Tensor]:
    """Rows (V, D) as int8, and what each row is multiplied with to get them back (V, 1)."""
    table = table.float()
    scales = (table.abs().amax(dim=1, keepdim=True) / 127).clamp(min=1e-12)
    return torch.round(table / scales).to(torch.int8), scales


def _unpacked(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        name: value.float() * weights[name + _SCALES] if name + _SCALES in weights else value
        for name, value in weights.items()
        if not name.endswith(_SCALES)
    }


def _renamed(weights: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    for name, tensor in weights.items():
        bare = name.removeprefix("model.")
        for theirs, ours in _NAMES:
            if bare.startswith(theirs):
                yield ours + bare.removeprefix(theirs), tensor
                break
        else:
            raise CheckpointError(
                f"the checkpoint holds weights named {name!r}, which are not supported",
                cause="it is of another architecture, or of a newer version",
                fix="use a GLiNER-Relex checkpoint",
            )


def _their_name(name: str) -> str:
    for theirs, ours in _NAMES:
        if name.startswith(ours):
            return f"model.{theirs}{name.removeprefix(ours)}"
    raise KeyError(name)


def _with_vocabulary_of(config: ModelConfig, weights: dict[str, Tensor]) -> ModelConfig:
    """The embedding table's true size: the file's own figure is that of before the prompt's marks were added."""
    rows = weights.get(_WORD_EMBEDDINGS)
    if rows is None:
        return config
    return replace(config, encoder={**config.encoder, "vocab_size": rows.size(0)})


# Buffers that encoders recompute, and a head of BERT-type encoders that the joint model does not use
_NEEDLESS = ("encoder.embeddings.position_ids", "encoder.embeddings.token_type_ids", "encoder.pooler.")


def _load_weights(model: RelexModel, weights: dict[str, Tensor], folder: Path) -> None:
    wanted = set(model.state_dict())
    given = {name: value for name, value in weights.items() if not name.startswith(_NEEDLESS)}
    missing, unknown = sorted(wanted - set(given)), sorted(set(given) - wanted)
    if missing or unknown:
        raise CheckpointError(
            f"the weights in {folder} do not fit their configuration: {len(missing)} missing ({missing[:3]}), "
            f"{len(unknown)} unknown ({unknown[:3]})",
            cause=f"{_CONFIG_FILE} and the weights are of different checkpoints",
            fix="fetch the checkpoint again",
        )
    _refuse_other_width(model, given)
    try:
        model.load_state_dict(given)
    except RuntimeError as error:
        raise CheckpointError(
            f"the weights in {folder} have other shapes than their configuration says ({error})",
            cause=f"{_CONFIG_FILE} and the weights are of different checkpoints",
            fix="fetch the checkpoint again",
        ) from error


def _refuse_other_width(model: RelexModel, weights: dict[str, Tensor]) -> None:
    """Say what is wrong with the pair scorer where its width is not the model's.

    The reference makes its triple scorers 768 wide whatever the model's width is. Where that is another, it saves the
    checkpoint, and fails as soon as it reads a text with it.
    """
    wanted = model.state_dict()
    odd = [name for name in weights if name.startswith("pair.") and weights[name].shape != wanted[name].shape]
    if model.config.triples is not None and odd:
        raise CheckpointError(
            f"the checkpoint has triples_layer = {model.config.triples!r} of another width than its hidden_size = "
            f"{model.config.hidden_size}",
            cause="the reference package made it, which makes this layer 768 wide and cannot use it at another width",
            fix="use a checkpoint with hidden_size = 768, or train it again with relex-kg",
        )
