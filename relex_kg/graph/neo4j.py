"""A store on a Neo4j server that somebody else runs."""

from contextlib import ExitStack

from relex_kg.graph.address import parted, refuse_secrets
from relex_kg.graph.bolt import BoltStore
from relex_kg.graph.cypher import NEO4J
from relex_kg.graph.driver import Connection, open_driver


def connect(
    address: str, *, username: str = "neo4j", password: str | None = None, database: str | None = None
) -> BoltStore:
    """Open the store at a Bolt address.

    Args:
        address: such as ``neo4j://localhost:7687``; with ``#News`` behind it, all labels of the graph begin with News.
        username: the user.
        password: the user's password; None for a server that asks for none.
        database: the database; None for the user's home database.

    Raises:
        StoreUnreachableError: nothing answers there.
        StoreAccessError: the user or the password is wrong.
        StoreError: anything else that keeps the database from answering.
    """
    refuse_secrets(address)
    server, prefix = parted(address)
    with ExitStack() as resources:
        driver = open_driver(server, username=username, password=password)
        resources.callback(driver.close)
        connection = Connection(
            address=address, writer=driver, reader=driver, database=database, dialect=NEO4J, prefix=prefix
        )
        connection.check()
        return BoltStore(connection, resources.pop_all())
