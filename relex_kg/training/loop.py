"""Training and fine-tuning, on transformers' Trainer: checkpoints, resume, mixed precision where the machine has it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors import SafetensorError
from transformers import AutoModel, AutoTokenizer, PreTrainedTokenizerBase

from relex_kg.errors import DataError, TrainingError
from relex_kg.extract.checkpoint import load, save
from relex_kg.extract.config import ModelConfig
from relex_kg.extract.encoding import Encoding
from relex_kg.extract.model import RelexModel
from relex_kg.training.card import model_card
from relex_kg.training.data import read_records
from relex_kg.training.dev import Dev, DevScores
from relex_kg.training.entity_questions import EntityClasses
from relex_kg.training.examples import ExampleMaker, Limits
from relex_kg.training.interpolation import Interpolation
from relex_kg.training.mixture import PlannedBatches, Source
from relex_kg.training.objective import Objective
from relex_kg.training.passages import PassageMaker
from relex_kg.training.phrases import PhraseTable
from relex_kg.training.recipe import Recipe
from relex_kg.training.relation_classes import RelationClasses
from relex_kg.training.report import DevReport, TrainingReport
from relex_kg.training.run_folder import RunFolder, file_digest, unwritable, weights_digest
from relex_kg.training.trainer import RelexTrainer


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands.

    Attributes:
        step, steps: optimizer steps done, and in all.
        loss: the mean since the last report; None at a measurement on dev.
        seconds: since the call.
        dev: the scores, at a measurement on dev; the first is at step 0, before training.
    """

    step: int
    steps: int
    loss: float | None
    seconds: float
    dev: DevScores | None


def train(
    recipe: Recipe,
    *,
    data: Path,
    start: str | Path,
    out: Path,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    max_steps: int | None = None,
) -> TrainingReport:
    """Train a model and write its checkpoint to ``out``, with a model card and the recipe.

    Steps on the way go to ``out/steps``. A run that was stopped, however hard, goes on from its last step when called
    again with the same arguments.

    Args:
        recipe: what to train on and how.
        data: folder that the recipe's paths start at.
        start: a GLiNER-Relex checkpoint (folder or hub name) to go on from, or a folder with a bare encoder.
        out: folder of the new checkpoint.
        on_progress: called every few steps, and at each measurement on dev.
        max_steps: stop after so many steps of the plan.

    Raises:
        DataError: a data file is missing or malformed, or none marks an entity.
        CheckpointError: ``start`` cannot be loaded.
        CapacityError: the labels leave the model no room for text.
        TrainingError: ``out`` belongs to another run or cannot be written, the loss is no longer a number, or the GPU
            has too little memory.
    """
    began = time.monotonic()
    torch.manual_seed(recipe.seed)
    sources = _sources(recipe, data)
    model, tokenizer = _starting_point(start)
    model = _grown(model, recipe)
    interpolation = Interpolation(model, 1.0 if _is_bare_encoder(start) else recipe.interpolation)
    dev = Dev(data / recipe.dev, tokenizer) if recipe.dev else None
    batches = _plan(recipe, data, sources, Encoding(tokenizer, model.config), model.config)
    steps = min(len(batches), max_steps or len(batches))
    folder = RunFolder(out)
    folder.claim(_identity(recipe, data, model, max_steps))

    def tell(step: int, loss: float | None, scores: DevScores | None) -> None:
        on_progress(Progress(step, steps, loss, time.monotonic() - began, scores))

    before = dev.score(model) if dev else None
    if before:
        tell(0, None, before)
    objective = Objective(model, relation_weight=recipe.relation_weight, relation_alpha=recipe.relation_alpha)
    trainer = RelexTrainer(
        objective, recipe, batches, interpolation, dev=dev, folder=folder.steps, steps=steps, tell=tell
    )
    last = folder.last_step()
    try:
        trainer.train(resume_from_checkpoint=str(last) if last else None)
        report = TrainingReport(
            records={source.name: len(source.records) for source in sources},
            drawn={source.name: source.draws for source in sources},
            steps=trainer.state.global_step,
            loss=trainer.last_loss(),
            seconds=time.monotonic() - began,
            resumed=last is not None,
            dev=_dev_report(before, trainer, steps),
        )
        save(interpolation.of(model).eval(), tokenizer, out)
        (out / "recipe.yaml").write_text(recipe.to_yaml(), encoding="utf-8")
        (out / "README.md").write_text(model_card(recipe, report, start=start, max_steps=max_steps), encoding="utf-8")
        folder.finish()
    except (OSError, SafetensorError) as error:
        raise unwritable(out, error) from error
    except torch.OutOfMemoryError as error:
        raise TrainingError(
            "the GPU has too little memory for a batch", fix="begin a run with a recipe of lower batch_tokens"
        ) from error
    return report


def _dev_report(before: DevScores | None, trainer: RelexTrainer, steps: int) -> DevReport | None:
    if before is None:
        return None
    best, after = trainer.best()
    return DevReport(before, best, after, stopped_early=trainer.state.global_step < steps)


def _sources(recipe: Recipe, data: Path) -> list[Source]:
    read = {name: tuple(read_records(data / name)) for name in recipe.data}
    sources = [Source(name, records, recipe.data[name] if records else 0) for name, records in read.items()]
    drawn = [record for source in sources if source.draws for record in source.records]
    if not drawn:
        raise DataError("the training data holds no record", fix="give files with at least one record")
    if not any(record.entities for record in drawn):
        raise DataError(
            "the training data marks no entity", fix="mark the entities of each text; docs/data-format.md says how"
        )
    return sources


def _identity(recipe: Recipe, data: Path, model: RelexModel, max_steps: int | None) -> dict[str, object]:
    """What decides the outcome of a run."""
    tables = (recipe.entity_classes, recipe.relation_classes, recipe.dev)
    names = [*recipe.data, *recipe.phrases, *recipe.class_phrases, *filter(None, tables)]
    return {
        "the recipe": recipe.model_dump(mode="json"),
        "the data": {name: file_digest(data / name) for name in names},
        "the starting model": weights_digest(model),
        "the number of steps": max_steps,
    }


def _starting_point(start: str | Path) -> tuple[RelexModel, PreTrainedTokenizerBase]:
    if _is_bare_encoder(start):
        return from_encoder(Path(start))
    checkpoint = load(start)
    return checkpoint.model.train(), checkpoint.tokenizer


def _is_bare_encoder(start: str | Path) -> bool:
    return (Path(start) / "config.json").is_file() and not (Path(start) / "gliner_config.json").is_file()


def _grown(model: RelexModel, recipe: Recipe) -> RelexModel:
    """The same weights in a model that has, and is asked for, what the recipe teaches beside what it knew."""
    config = replace(
        model.config,
        pair_context=model.config.pair_context or recipe.pair_context,
        pair_attention=model.config.pair_attention or recipe.pair_attention,
        split_hyphens=model.config.split_hyphens or recipe.split_hyphens,
        references=model.config.references or recipe.references,
        independent_prompt=model.config.independent_prompt or recipe.independent_prompt,
    )
    if config == model.config:
        return model
    grown = RelexModel(config)
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


def _plan(
    recipe: Recipe, data: Path, sources: Sequence[Source], encoding: Encoding, config: ModelConfig
) -> PlannedBatches:
    phrases = PhraseTable.read([data / name for name in recipe.phrases], rename=recipe.rename)
    class_phrases = PhraseTable.read([data / name for name in recipe.class_phrases], rename=recipe.rename)
    classes = (
        EntityClasses.read(data / recipe.entity_classes, share=recipe.coarse)
        if recipe.entity_classes
        else EntityClasses({}, share=0.0)
    )
    relation_classes = (
        RelationClasses.read(data / recipe.relation_classes, class_phrases, share=recipe.coarse_relations)
        if recipe.relation_classes
        else RelationClasses.none()
    )
    limits = Limits(recipe.entity_labels, recipe.relation_labels, recipe.pairs)
    maker = ExampleMaker(
        encoding,
        phrases,
        classes,
        relation_classes,
        limits,
        rename_entities=recipe.rename_entities,
        max_tokens=recipe.max_tokens,
    )
    return PlannedBatches(
        sources,
        maker,
        encoding,
        seed=recipe.seed,
        batch_tokens=recipe.batch_tokens,
        join_tokens=recipe.join_tokens,
        share_tokens=recipe.share_tokens,
        split=config.independent_prompt,
        passages=PassageMaker(crop=recipe.crop, title=recipe.title),
        references=recipe.references,
    )
