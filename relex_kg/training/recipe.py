"""All that decides a training run, as one small file that travels with the model it made."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from relex_kg.errors import DataError


class Recipe(BaseModel):
    """What to train on and how.

    Attributes:
        data: files, relative to the data folder, to the number of records drawn from each.
        phrases: tables of other words for relation labels, relative to the data folder; none to use labels as they are.
        rename: probability of asking for a relation in other words than its label's.
        entity_classes: table of coarse classes of entity types, relative to the data folder; None for none.
        coarse: probability of asking for such classes in place of an example's own entity types, where it allows it.
        seed: fixes every choice.
        encoder_rate, head_rate: peak learning rates of the encoder and of the rest.
        warmup: share of the steps during which the rates rise; they then fall as a cosine.
        floor: share of the peak rates that they fall to.
        weight_decay: of AdamW, on matrices.
        relation_weight: of the pair decisions beside the entity decisions in the loss.
        relation_alpha: weight of a pair that holds a relation; one that does not weighs the rest to 1.
        batch_tokens, join_tokens, max_tokens: text tokens in a batch, in a joined input, in the longest input.
        entity_labels, relation_labels, pairs: the most an example asks for.
        save_steps: steps between checkpoints.
        pair_context: score pairs by the words around them too; added, at zero, to a starting model that has it not.
        bfloat16: mixed precision; three times faster matrix products on current GPUs and many CPUs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: dict[str, int] = Field(min_length=1)
    phrases: tuple[str, ...] = ()
    rename: float = Field(default=0.5, ge=0, le=1)
    entity_classes: str | None = None
    coarse: float = Field(default=0.25, ge=0, le=1)
    seed: int = 13
    encoder_rate: float = 1.5e-4
    head_rate: float = 1e-3
    warmup: float = 0.06
    floor: float = Field(default=0.0, ge=0, le=1)
    weight_decay: float = 0.01
    relation_weight: float = 2.0
    relation_alpha: float = Field(default=0.75, gt=0, lt=1)
    batch_tokens: int = 1400
    join_tokens: int = 90
    max_tokens: int = 330
    entity_labels: int = 8
    relation_labels: int = 12
    pairs: int = 120
    save_steps: int = 100
    pair_context: bool = False
    bfloat16: bool = True

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
