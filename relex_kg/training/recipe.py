"""All that decides a training run, as one small file that travels with the model it made."""

from collections.abc import Mapping
from io import StringIO
from math import sqrt
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from relex_kg.errors import DataError


class Recipe(BaseModel):
    """What to train on and how.

    Attributes:
        data: files, relative to the data folder, to the number of records drawn from each.
        phrases: tables of other words for relation labels, relative to the data folder; none to use labels as they are.
        rename: probability of asking for a relation in other words than its label's.
        rename_entities: the same for well-known entity types; 0 also leaves the names' case and underscores alone.
        entity_classes: table of coarse classes of entity types, relative to the data folder; None for none.
        coarse: probability of asking for such classes in place of an example's own entity types, where it allows it.
        relation_classes: table of coarse classes of relation labels, relative to the data folder; None for none.
        class_phrases: tables of other words for those classes; they are used as often as those of labels.
        coarse_relations: probability of asking for such classes in place of a record's own relations, where it allows
            it.
        seed: fixes every choice.
        encoder_rate, head_rate: peak learning rates of the encoder and of the rest.
        warmup: share of the steps during which the rates rise; they then fall as a cosine.
        floor: share of the peak rates that they fall to.
        weight_decay: of AdamW, on matrices.
        interpolation: how far from the starting weights to the trained ones those lie that are measured and saved; of a
            model begun from a bare encoder, which knew nothing before, they are the trained ones.
        relation_weight: of the pair decisions beside the entity decisions in the loss.
        relation_alpha: weight of a pair that holds a relation; one that does not weighs the rest to 1.
        batch_tokens, join_tokens, max_tokens: text tokens in a batch, in a joined input, in the longest input.
        share_tokens: text tokens that share their questions, of a model with an independent prompt: the prompt is then
            read once for all of them; 0 to ask of each text its own.
        entity_labels, relation_labels, pairs: the most an example asks for.
        save_steps: steps between checkpoints; with ``dev``, every measurement makes one instead.
        dev: file of records to measure on, relative to the data folder; None for none.
        evaluations: how many times, evenly over the run, to measure on ``dev``; the best step's weights are kept.
        patience: stop after so many measurements in a row without gain.
        crop: probability of reading a few sentences of a record instead of all.
        title: probability of reading a record's title in front, where it has one whose names are all marked.
        split_hyphens: from then on words end at hyphens, so that a name may be part of what they join.
        references: teach pronouns and nouns that stand for names, where records mark them; a model that knew them not
            is asked for them from then on.
        independent_prompt: read labels without the text; a starting model that did not has to learn it.
        pair_context: score pairs by the words around them too; added, at zero, to a starting model that has it not.
        pair_attention: score pairs by the words that both mentions attend to; added in the same way.
        bfloat16: mixed precision where the machine has it; three times faster matrix products.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: dict[str, int] = Field(min_length=1)
    phrases: tuple[str, ...] = ()
    rename: float = Field(default=0.5, ge=0, le=1)
    rename_entities: float = Field(default=0.35, ge=0, le=1)
    entity_classes: str | None = None
    coarse: float = Field(default=0.25, ge=0, le=1)
    relation_classes: str | None = None
    class_phrases: tuple[str, ...] = ()
    coarse_relations: float = Field(default=0.25, ge=0, le=1)
    seed: int = 13
    encoder_rate: float = 1.5e-4
    head_rate: float = 1e-3
    warmup: float = 0.06
    floor: float = Field(default=0.0, ge=0, le=1)
    weight_decay: float = 0.01
    interpolation: float = Field(default=1.0, gt=0, le=1)
    relation_weight: float = 2.0
    relation_alpha: float = Field(default=0.75, gt=0, lt=1)
    batch_tokens: int = 1400
    join_tokens: int = 90
    share_tokens: int = 0
    max_tokens: int = 330
    entity_labels: int = 8
    relation_labels: int = 12
    pairs: int = 120
    save_steps: int = Field(default=100, ge=1)
    dev: str | None = None
    evaluations: int = Field(default=8, ge=1)
    patience: int = Field(default=3, ge=1)
    crop: float = Field(default=0.0, ge=0, le=1)
    title: float = Field(default=0.0, ge=0, le=1)
    split_hyphens: bool = False
    references: bool = False
    independent_prompt: bool = False
    pair_context: bool = False
    pair_attention: bool = False
    bfloat16: bool = True

    @classmethod
    def fine_tuning(
        cls, records: Mapping[str, int], *, epochs: int | None, dev: str | None, patience: int, seed: int
    ) -> "Recipe":
        """To teach a trained model a schema from few records: small batches, many passes, gentle rates.

        Args:
            records: files, relative to the data folder, to how many records each holds.
            epochs: how often each record is read; None for 15 times where there are 50, half as often where there are
                four times as many, and at least three times.
            dev, patience, seed: as above; ``dev`` is measured six times.

        """
        if epochs is None:
            epochs = min(15, max(3, round(15 * sqrt(50 / max(1, sum(records.values()))))))
        return cls(
            data={name: count * epochs for name, count in records.items()},
            dev=dev,
            evaluations=6,
            patience=patience,
            seed=seed,
            encoder_rate=5e-5,
            head_rate=5e-4,
            warmup=0.1,
            interpolation=0.85,
            batch_tokens=250,
            join_tokens=60,
            # The model will be asked for all types of the schema, by their own names: more room than most schemas need
            rename_entities=0.0,
            entity_labels=16,
            relation_labels=24,
        )

    @classmethod
    def load(cls, path: Path) -> "Recipe":
        """Read a YAML file.

        Raises:
            DataError: it cannot be read, or says something that a recipe cannot.
        """
        from ruamel.yaml import YAML
        from ruamel.yaml.error import YAMLError

        try:
            return cls.model_validate(YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, YAMLError) as error:
            raise DataError(f"the recipe {path} cannot be read ({error})", fix="check the path and the file") from error
        except ValidationError as error:
            problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise DataError(f"the recipe {path} is not valid: {problems}", fix="correct these keys") from error

    def to_yaml(self) -> str:
        """What :meth:`load` reads back."""
        from ruamel.yaml import YAML

        text = StringIO()
        yaml = YAML()
        yaml.default_flow_style = False
        yaml.dump(self.model_dump(mode="json"), text)
        return text.getvalue()
