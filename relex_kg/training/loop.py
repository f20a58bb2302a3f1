"""Training and fine-tuning, on transformers' Trainer: checkpoints, resume, mixed precision where the machine has it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import cos, pi
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from transformers import AutoModel, AutoTokenizer, PreTrainedTokenizerBase, Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint

from relex_kg.errors import DataError
from relex_kg.extract.checkpoint import load, save
from relex_kg.extract.config import ModelConfig
from relex_kg.extract.encoding import Encoding
from relex_kg.extract.model import RelexModel
from relex_kg.training.data import read_records
from relex_kg.training.entity_questions import EntityClasses
from relex_kg.training.examples import ExampleMaker, Limits, TrainingBatch
from relex_kg.training.mixture import PlannedBatches, Source
from relex_kg.training.objective import Objective
from relex_kg.training.phrases import PhraseTable
from relex_kg.training.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands: optimizer steps done and in all, the mean loss since the last report, seconds so far."""

    step: int
    steps: int
    loss: float
    seconds: float


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What a run did: records by file, batches, steps, the last mean loss, seconds."""

    records: Mapping[str, int]
    steps: int
    loss: float
    seconds: float
    resumed: bool


def train(
    recipe: Recipe,
    *,
    data: Path,
    start: str | Path,
    out: Path,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    max_steps: int | None = None,
) -> TrainingReport:
    """Train a model and write its checkpoint to ``out``; steps on the way go to ``out/steps``.

    A run that was stopped, however hard, goes on from its last step when called again with the same arguments.

    Args:
        recipe: what to train on and how.
        data: folder that the recipe's paths start at.
        start: a GLiNER-Relex checkpoint (folder or hub name) to go on from, or a folder with a bare encoder.
        out: folder of the new checkpoint.
        on_progress: called every few steps.
        max_steps: stop after so many steps of the plan.

    Raises:
        DataError: a data file is missing or malformed.
        CheckpointError: ``start`` cannot be loaded.
    """
    began = time.monotonic()
    torch.manual_seed(recipe.seed)
    model, tokenizer = _starting_point(start)
    if recipe.pair_context and model.pair_context is None:
        model = _with_pair_context(model)
    batches, drawn = _plan(recipe, data, Encoding(tokenizer, model.config))
    steps = min(len(batches), max_steps or len(batches))
    objective = Objective(model, relation_weight=recipe.relation_weight, relation_alpha=recipe.relation_alpha)
    reporter = _Reporter(on_progress, steps, began)
    trainer = Trainer(
        model=objective,
        args=_arguments(recipe, out / "steps", steps),
        train_dataset=batches,
        data_collator=_only_batch,
        optimizers=_optimizers(objective, recipe, steps),
        callbacks=[reporter],
    )
    trainer.pop_callback(_printer())
    steps_folder = out / "steps"
    last = get_last_checkpoint(str(steps_folder)) if steps_folder.is_dir() else None  # type: ignore[no-untyped-call]
    result = trainer.train(resume_from_checkpoint=last)
    save(model.eval(), tokenizer, out)
    return TrainingReport(drawn, result.global_step, result.training_loss, time.monotonic() - began, last is not None)


def _starting_point(start: str | Path) -> tuple[RelexModel, PreTrainedTokenizerBase]:
    if (Path(start) / "config.json").is_file() and not (Path(start) / "gliner_config.json").is_file():
        return from_encoder(Path(start))
    checkpoint = load(start)
    return checkpoint.model.train(), checkpoint.tokenizer


def _with_pair_context(model: RelexModel) -> RelexModel:
    grown = RelexModel(replace(model.config, pair_context=True))
    grown.load_state_dict(model.state_dict(), strict=False)
    return grown.train()


def from_encoder(folder: Path) -> tuple[RelexModel, PreTrainedTokenizerBase]:
    """A new joint model around a bare encoder: token-level head, all pairs, no LSTM, word shapes embedded.

    The heads start at random, the embedding of word shapes at zero. Dropout is off: a run reads each record about
    once, and on a CPU the random numbers cost more than they give.
    """
    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    marks = ["<<ENT>>", "<<SEP>>", "<<REL>>"]
    tokenizer.add_tokens(marks, special_tokens=True)
    encoder = AutoModel.from_pretrained(
        str(folder), dtype=torch.float32, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
    )
    encoder.resize_token_embeddings(len(tokenizer))
    config = ModelConfig.from_dict(
        {
            "encoder_config": encoder.config.to_diff_dict() | {"model_type": encoder.config.model_type},
            "hidden_size": encoder.config.hidden_size,
            "span_mode": "token_level",
            "num_rnn_layers": 0,
            "relations_layer": "none",
            "dropout": 0.0,
            "max_len": encoder.config.max_position_embeddings,
            "case_embedding": True,
            "class_token_index": tokenizer.convert_tokens_to_ids("<<ENT>>"),
            "rel_token_index": tokenizer.convert_tokens_to_ids("<<REL>>"),
            "vocab_size": len(tokenizer),
            "model_type": "gliner_uni_encoder_token_relex",
        }
    )
    model = RelexModel(config)
    encoder.pooler = None
    model.encoder = encoder
    return model.train(), tokenizer


def _plan(recipe: Recipe, data: Path, encoding: Encoding) -> tuple[PlannedBatches, dict[str, int]]:
    sources = [Source(name, tuple(read_records(data / name)), draws) for name, draws in recipe.data.items()]
    if not any(source.records and source.draws for source in sources):
        raise DataError("the training data holds no record", fix="give files with at least one record")
    phrases = PhraseTable.read([data / name for name in recipe.phrases], rename=recipe.rename)
    classes = (
        EntityClasses.read(data / recipe.entity_classes, share=recipe.coarse)
        if recipe.entity_classes
        else EntityClasses({}, share=0.0)
    )
    limits = Limits(recipe.entity_labels, recipe.relation_labels, recipe.pairs)
    maker = ExampleMaker(encoding, phrases, classes, limits, max_tokens=recipe.max_tokens)
    batches = PlannedBatches(
        sources,
        maker,
        encoding,
        seed=recipe.seed,
        batch_tokens=recipe.batch_tokens,
        join_tokens=recipe.join_tokens,
    )
    return batches, {source.name: source.draws if source.records else 0 for source in sources}


def _arguments(recipe: Recipe, folder: Path, steps: int) -> TrainingArguments:
    on_gpu = torch.cuda.is_available()
    return TrainingArguments(
        output_dir=str(folder),
        max_steps=steps,
        per_device_train_batch_size=1,  # an item of the dataset is a whole batch
        save_steps=recipe.save_steps,
        save_total_limit=2,
        logging_steps=10,
        logging_nan_inf_filter=False,
        report_to=[],
        disable_tqdm=True,
        remove_unused_columns=False,
        seed=recipe.seed,
        max_grad_norm=1.0,
        bf16=recipe.bfloat16,
        use_cpu=not on_gpu,
        dataloader_pin_memory=on_gpu,
    )


def _optimizers(objective: Objective, recipe: Recipe, steps: int) -> tuple[AdamW, LambdaLR]:
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in objective.named_parameters():
        rate = recipe.encoder_rate if name.startswith("model.encoder.") else recipe.head_rate
        decay = recipe.weight_decay if parameter.dim() > 1 else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    optimizer = AdamW(
        [{"params": params, "lr": rate, "weight_decay": decay} for (rate, decay), params in groups.items()], fused=True
    )
    rising = max(1, round(steps * recipe.warmup))

    def factor(step: int) -> float:
        if step < rising:
            return (step + 1) / rising
        fallen = 0.5 * (1 + cos(pi * (step - rising) / max(1, steps - rising)))
        return recipe.floor + (1 - recipe.floor) * fallen

    return optimizer, LambdaLR(optimizer, factor)


def _only_batch(items: list[TrainingBatch]) -> dict[str, TrainingBatch]:
    return {"batch": items[0]}


def _printer() -> Any:
    from transformers.trainer_callback import PrinterCallback

    return PrinterCallback


class _Reporter(TrainerCallback):
    def __init__(self, tell: Callable[[Progress], None], steps: int, began: float) -> None:
        self._tell = tell
        self._steps = steps
        self._began = began

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:
        if logs and "loss" in logs:
            seconds = time.monotonic() - self._began
            self._tell(Progress(state.global_step, self._steps, float(logs["loss"]), seconds))
