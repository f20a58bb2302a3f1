"""What a run works with: what it is given, completed by the environment, completed by defaults.

The command line and the flows take the same options, and :class:`BuildOptions` is where these get their values.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field, PositiveInt, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from relex_kg.errors import SettingsError
from relex_kg.graph.address import refuse_secrets
from relex_kg.types import Precision

if TYPE_CHECKING:
    from relex_kg.canon.resolver import Resolver
    from relex_kg.extract.extractor import Extractor
    from relex_kg.graph.bolt import BoltStore
    from relex_kg.graph.store import Store
    from relex_kg.ontology import Schema
    from relex_kg.text.discovery import Selection

DEFAULT_STORE = "relex-graph"


class Settings(BaseSettings):
    """The environment variables that relex-kg heeds; an empty one counts as unset.

    Attributes:
        neo4j_uri: ``NEO4J_URI``, a server's address, used where no store is named.
        neo4j_username: ``NEO4J_USERNAME``.
        neo4j_password: ``NEO4J_PASSWORD``; unset for a server that asks for none.
        neo4j_database: ``NEO4J_DATABASE``; unset for the user's home database.
        store: ``RELEX_KG_STORE``, a folder or an address.
        heap: ``RELEX_KG_HEAP``, the most memory of the embedded store's server, as Java writes it (``512m``, ``4g``).
        graph_schema: ``RELEX_KG_SCHEMA``, a schema file or the name of a ready schema.
        extractor: ``RELEX_KG_MODEL``, a checkpoint folder or hub name (``NAME@REVISION``); unset for the bundled
            model.
        precision: ``RELEX_KG_PRECISION``, how the model calculates.
        decisions: ``RELEX_KG_DECISIONS``, a file of reviewed merges.
        aliases: ``RELEX_KG_ALIASES``, a list of things with their names.
        window: ``RELEX_KG_WINDOW``, about how many of the model's tokens of text it reads at once; unset for the
            measured default (:data:`relex_kg.reading.WINDOW`).
    """

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    neo4j_uri: str | None = None
    neo4j_username: str = "neo4j"
    neo4j_password: SecretStr | None = None
    neo4j_database: str | None = None
    store: str | None = Field(default=None, validation_alias="RELEX_KG_STORE")
    heap: str = Field(default="1g", validation_alias="RELEX_KG_HEAP")
    graph_schema: str = Field(default="general", validation_alias="RELEX_KG_SCHEMA")
    extractor: str | None = Field(default=None, validation_alias="RELEX_KG_MODEL")
    precision: Precision = Field(default="float32", validation_alias="RELEX_KG_PRECISION")
    decisions: str | None = Field(default=None, validation_alias="RELEX_KG_DECISIONS")
    aliases: str | None = Field(default=None, validation_alias="RELEX_KG_ALIASES")
    window: PositiveInt | None = Field(default=None, validation_alias="RELEX_KG_WINDOW")

    @classmethod
    def read(cls) -> "Settings":
        """Read the environment.

        Raises:
            SettingsError: a variable has a value that it cannot have.
        """
        try:
            return cls()
        except ValidationError as error:
            trouble = error.errors(include_input=False, include_url=False)[0]
            raise SettingsError(
                f"the environment variable {trouble['loc'][0]} has a wrong value: {trouble['msg']}",
                fix="correct it, or unset it",
            ) from None

    def target(self, store: str | None = None) -> str:
        """The store meant by ``store``; without one, that of the environment; without that, a folder right here."""
        return store or self.store or self.neo4j_uri or DEFAULT_STORE

    def open_store(self, store: str | None = None) -> "BoltStore":
        """Open :meth:`target`.

        Raises:
            StoreError: it is in use, cannot be reached, refuses the user, or is no store.
        """
        from relex_kg.graph.connect import open_store

        return open_store(
            self.target(store),
            username=self.neo4j_username,
            password=self.neo4j_password.get_secret_value() if self.neo4j_password else None,
            database=self.neo4j_database,
            heap=self.heap,
        )


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """All that a build is told beside its documents; names alone, so that it can travel with a task.

    A server's user and password are no part of it: each process has them from its environment.

    Attributes:
        schema: a schema file, or the name of a ready schema.
        store: a folder or a server's address.
        model: a checkpoint folder or hub name; None for the bundled model.
        precision: how the model calculates.
        window: about how many tokens of text the model reads at once; None for the default.
        decisions: a file of reviewed merges.
        aliases: a list of things with their names.
        include: in folders, only files that one of these patterns matches.
        exclude: in folders, no files and folders that one of these patterns matches.
        sync: documents whose files are gone leave the graph.
        dry_run: build in memory alone.
    """

    schema: str
    store: str
    model: str | None
    precision: Precision
    window: int | None
    decisions: str | None
    aliases: str | None
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    sync: bool
    dry_run: bool

    @classmethod
    def chosen(
        cls,
        *,
        schema: str | None = None,
        store: str | None = None,
        model: str | None = None,
        precision: Precision | None = None,
        window: int | None = None,
        decisions: str | None = None,
        aliases: str | None = None,
        include: Collection[str] | None = None,
        exclude: Collection[str] | None = None,
        sync: bool = False,
        dry_run: bool = False,
    ) -> "BuildOptions":
        """The options that were given; in place of each other one, what the environment says, or the default.

        Raises:
            SettingsError: the environment says what cannot be.
            StoreError: the store's address holds a password.
        """
        environment = Settings.read()
        target = environment.target(store)
        refuse_secrets(target)
        return cls(
            schema=schema or environment.graph_schema,
            store=target,
            model=model or environment.extractor,
            precision=precision or environment.precision,
            window=window or environment.window,
            decisions=decisions or environment.decisions,
            aliases=aliases or environment.aliases,
            include=tuple(include or ()),
            exclude=tuple(exclude or ()),
            sync=sync,
            dry_run=dry_run,
        )

    @property
    def window_size(self) -> int:
        """About how many tokens of text the model reads at once."""
        from relex_kg.reading import WINDOW

        return self.window or WINDOW

    @property
    def selection(self) -> "Selection":
        """Which files of a folder are read."""
        from relex_kg.text.discovery import Selection

        return Selection(self.include, self.exclude)

    def load_schema(self) -> "Schema":
        from relex_kg.ontology import Schema

        return Schema.load(self.schema)

    def load_resolver(self) -> "Resolver":
        from relex_kg.canon.aliases import Aliases
        from relex_kg.canon.decisions import Decisions
        from relex_kg.canon.resolver import Resolver

        return Resolver(
            Decisions.load(self.decisions) if self.decisions else Decisions.none(),
            aliases=Aliases.load(self.aliases) if self.aliases else Aliases.none(),
        )

    def load_extractor(self) -> "Extractor":
        from relex_kg.extract.checkpoint import BUNDLED
        from relex_kg.extract.extractor import Extractor

        return Extractor.from_pretrained(self.model or BUNDLED, precision=self.precision, lazy=True)

    def open_store(self) -> "Store":
        """The store, or for a dry run one in memory."""
        from relex_kg.graph.memory import MemoryStore

        return MemoryStore() if self.dry_run else Settings.read().open_store(self.store)
