"""What the environment says: where the graph lives, and which schema, model and decisions to use by default."""

from typing import TYPE_CHECKING

from pydantic import Field, PositiveInt, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

if TYPE_CHECKING:
    from relex_kg.graph.bolt import BoltStore

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
    decisions: str | None = Field(default=None, validation_alias="RELEX_KG_DECISIONS")
    aliases: str | None = Field(default=None, validation_alias="RELEX_KG_ALIASES")
    window: PositiveInt | None = Field(default=None, validation_alias="RELEX_KG_WINDOW")

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
