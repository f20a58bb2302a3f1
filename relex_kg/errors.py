"""Every error a user can meet, in one tree.

::

    RelexError
    ├── ReadError            one document cannot be read; a run counts it and goes on
    ├── SchemaError          the schema file is malformed or contradicts itself
    ├── SettingsError        an environment variable has a value that it cannot have
    ├── DecisionError        the reviewed merge decisions or aliases are malformed or contradictory
    ├── ModelError           a checkpoint cannot be loaded, or cannot take this input
    │   ├── CheckpointError      files missing, damaged, or of an unsupported kind
    │   └── CapacityError        the prompt or the text is longer than the model can read
    ├── DataError            a training or evaluation file is malformed
    ├── TrainingError        a training run cannot begin here, or cannot go on
    └── StoreError           the graph store refused or could not be reached
        ├── StoreUnreachableError
        ├── StoreAccessError     wrong user or password, or a right is missing
        ├── StoreBusyError       another process holds the embedded store
        └── QueryError           the Cypher statement is wrong
"""


class RelexError(Exception):
    """What happened, the likely cause, and the exact fix.

    Args:
        what: one sentence, without a final full stop.
        cause: the likely cause, where it is not evident.
        fix: what the reader can do, as an instruction.
    """

    def __init__(self, what: str, *, cause: str | None = None, fix: str | None = None) -> None:
        self.what = what
        self.cause = cause
        self.fix = fix
        super().__init__(what)  # one argument, so that an error can be pickled; the rest is in its __dict__

    def __str__(self) -> str:
        parts = [f"{self.what}."]
        if self.cause:
            parts.append(f"Likely cause: {self.cause}.")
        if self.fix:
            parts.append(f"Fix: {self.fix}.")
        return " ".join(parts)


class ReadError(RelexError):
    """One document cannot be read. A run counts it, reports it and goes on."""


class SchemaError(RelexError):
    """The schema file is malformed or contradicts itself."""


class SettingsError(RelexError):
    """An environment variable has a value that it cannot have."""


class DecisionError(RelexError):
    """The file of reviewed merge decisions, or of aliases, is malformed or contradicts itself."""


class ModelError(RelexError):
    """The extractor cannot be loaded or cannot take this input."""


class CheckpointError(ModelError):
    """A checkpoint's files are missing, damaged or of an unsupported kind."""


class CapacityError(ModelError):
    """The prompt or the text is longer than the model can read."""


class DataError(RelexError):
    """A training or evaluation file is malformed."""


class TrainingError(RelexError):
    """A training run cannot begin in its folder, or cannot go on."""


class StoreError(RelexError):
    """The graph store refused a request or could not be reached."""


class StoreUnreachableError(StoreError):
    """Nothing answers at the store's address."""


class StoreAccessError(StoreError):
    """The user or the password is wrong, or a right is missing."""


class StoreBusyError(StoreError):
    """Another process holds the embedded store."""


class QueryError(StoreError):
    """The store could not run a Cypher statement."""
