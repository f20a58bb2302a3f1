"""The ``neo4j`` driver: connections, transactions, and its errors turned into ours."""

import logging
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock, Thread
from typing import Any, TypeVar

import neo4j
from neo4j import exceptions

from relex_kg.errors import (
    QueryError,
    StoreAccessError,
    StoreError,
    StoreUnreachableError,
)
from relex_kg.graph.cypher import Dialect, with_prefix

# What one message carries: so many rows, and about so many characters where it is more than one row. Servers limit a
# message's size, and a document with long blank stretches has chunks of megabytes.
BATCH = 1000
BATCH_CHARACTERS = 2_000_000
CONNECT_TIMEOUT = 10.0
SCHEMES = frozenset({"bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc"})

T = TypeVar("T")
Row = dict[str, Any]


def open_driver(address: str, *, username: str | None, password: str | None) -> neo4j.Driver:
    """A driver for ``address``; nothing is sent yet."""
    _silence_driver()
    if address.partition("://")[0] not in SCHEMES:  # the driver would take http:// for a preview of another protocol
        raise _bad_address(address)
    try:
        return neo4j.GraphDatabase.driver(
            address,
            auth=None if password is None else (username or "neo4j", password),
            connection_timeout=CONNECT_TIMEOUT,
            # A label that no node has yet is no cause for a warning.
            notifications_min_severity="OFF",
        )
    except (ValueError, exceptions.DriverError) as error:
        raise _bad_address(address) from error


def _silence_driver() -> None:
    """Keep the driver's own log lines off the terminal: what a user must know, our errors say.

    A handler that somebody gives the logger ``neo4j`` itself still gets them.
    """
    log = logging.getLogger("neo4j")
    log.propagate = False
    if not log.handlers:  # without any, Python prints warnings on stderr
        log.addHandler(logging.NullHandler())


def _bad_address(address: str) -> StoreError:
    return StoreError(
        f"{address} is not an address of a Neo4j server",
        fix="give an address such as neo4j://localhost:7687 or neo4j+s://graph.example.org",
    )


class Transaction:
    """A transaction as the store uses it: statements in, rows out; ``prefix`` goes before the labels of statements."""

    def __init__(self, transaction: neo4j.ManagedTransaction, prefix: str) -> None:
        self._transaction = transaction
        self._prefix = prefix

    def rows(self, statement: str, **parameters: object) -> list[Row]:
        return self._transaction.run(with_prefix(statement, self._prefix), parameters).data()

    def each(self, statement: str, rows: Sequence[object], **parameters: object) -> list[Row]:
        """Run ``statement`` over batches of rows, as ``$rows`` and ``$ids`` alike, and return all that it returned."""
        found: list[Row] = []
        for batch in _batches(rows):
            found += self.rows(statement, **{**parameters, "rows" if "$rows" in statement else "ids": batch})
        return found


def _batches(rows: Sequence[object]) -> Iterator[list[object]]:
    batch: list[object] = []
    size = 0
    for row in rows:
        added = _characters(row)
        if batch and (len(batch) == BATCH or size + added > BATCH_CHARACTERS):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += added
    if batch:
        yield batch


def _characters(value: object) -> int:
    """About how much of a message a value fills."""
    match value:
        case str():
            return len(value)
        case Mapping():
            return sum(map(_characters, value.values()))
        case list() | tuple():
            return sum(map(_characters, value))
        case _:
            return 8


class Connection:
    """A database on a server, with one driver that may write and one that may only read."""

    def __init__(
        self,
        *,
        address: str,
        writer: neo4j.Driver,
        reader: neo4j.Driver,
        database: str | None,
        dialect: Dialect,
        prefix: str = "",
    ) -> None:
        self.dialect = dialect
        self.prefix = prefix
        self._address = address
        self._writer = writer
        self._reader = reader
        self._database = database
        self._one_writer: AbstractContextManager[object] = nullcontext() if dialect.locks else Lock()

    def check(self) -> None:
        """Raise the error that says why the database cannot be used, if it cannot."""
        with translated(self._address):
            self._writer.verify_connectivity()
            self.read(lambda transaction: transaction.rows("RETURN 1 AS one"))

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` in one write transaction, again after a transient error."""
        with translated(self._address), self._one_writer, self._writer.session(database=self._database) as session:
            return session.execute_write(lambda transaction: work(Transaction(transaction, self.prefix)))

    def run(self, statement: str) -> None:
        """Run one statement in a write transaction of its own."""
        self.write(lambda transaction: transaction.rows(statement))

    def read(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` in one read transaction."""
        with translated(self._address), self._reader.session(database=self._database) as session:
            return session.execute_read(lambda transaction: work(Transaction(transaction, self.prefix)))

    def query(self, statement: str, parameters: Mapping[str, object], *, timeout: float) -> neo4j.EagerResult:
        """Run somebody's statement, which may only read, for at most ``timeout`` seconds."""
        if self.dialect.timeouts:
            return self._query(statement, parameters, timeout)
        return _within(timeout, lambda: self._query(statement, parameters, timeout))

    def _query(self, statement: str, parameters: Mapping[str, object], timeout: float) -> neo4j.EagerResult:
        with (
            _translated_query(self._address),
            self._reader.session(database=self._database, default_access_mode=neo4j.READ_ACCESS) as session,
            session.begin_transaction(timeout=timeout) as transaction,
        ):
            result = transaction.run(statement, dict(parameters)).to_eager_result()
            # The embedded server refuses some writes no earlier than here.
            transaction.commit()
            return result

    def close(self) -> None:
        self._reader.close()
        self._writer.close()


def _within(timeout: float, work: Callable[[], T]) -> T:
    """What ``work`` returns or raises, unless that takes longer; then it is left behind and its outcome ignored."""
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:
            outcome.set_exception(error)

    Thread(target=run, daemon=True, name="query").start()
    try:
        return outcome.result(timeout)
    except TimeoutError:
        raise _too_slow() from None


@contextmanager
def translated(address: str) -> Iterator[None]:
    """Turn what the driver raises into the error that a user can act on."""
    try:
        yield
    except exceptions.AuthError as error:
        raise StoreAccessError(
            f"{address} refused the user or the password", fix="check the user name and the password"
        ) from error
    except exceptions.Forbidden as error:
        raise StoreAccessError(
            f"{address} refused a request: {_message(error)}", fix="give the user the right to read and write"
        ) from error
    except (exceptions.ServiceUnavailable, exceptions.SessionExpired, exceptions.RoutingServiceUnavailable) as error:
        if trouble := _tls_trouble(address, error):
            raise trouble from error
        raise StoreUnreachableError(
            f"nothing answers at {address}: {_first_line(error)}",
            cause="the server is not running, or the address is wrong",
            fix="start the server, or correct the address",
        ) from error
    except exceptions.Neo4jError as error:
        raise StoreError(f"{address} refused a request: {_message(error)}") from error
    except exceptions.DriverError as error:
        raise StoreError(f"the connection to {address} failed: {_first_line(error)}") from error
    except UnicodeEncodeError as error:
        raise StoreError(
            f"the graph cannot hold the text {error.object[error.start - 10 if error.start > 10 else 0 : error.end]!r}",
            cause="it holds half of a surrogate pair, which is not a character",
        ) from error


def _tls_trouble(address: str, error: BaseException) -> StoreError | None:
    """What is wrong about encryption, if that is why no connection came about."""
    scheme, _, place = address.partition("://")
    plain, _, encryption = scheme.partition("+")
    causes = tuple(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return StoreError(
            f"the certificate of the server at {address} cannot be verified",
            cause="it is self-signed, expired, or made out to another name",
            fix=f"give the server a certificate that this machine trusts, or, for one of your own, "
            f"use {plain}+ssc://{place}, which does not check it",
        )
    if encryption and any(isinstance(cause, ssl.SSLError) for cause in causes):
        return StoreError(
            f"{address} asks for an encrypted connection (TLS), and the server there does not speak TLS",
            cause="the server was set up without encryption",
            fix=f"use {plain}://{place}, or switch TLS on in the server's settings (server.bolt.tls_level)",
        )
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and all that led to it; the driver asks several servers, and bundles what went wrong with each."""
    yield error
    for cause in (error.__cause__ or error.__context__, *getattr(error, "exceptions", ())):
        if cause is not None:
            yield from _causes(cause)


@contextmanager
def _translated_query(address: str) -> Iterator[None]:
    with translated(address):
        try:
            yield
        except (exceptions.AuthError, exceptions.TransientError):
            raise
        except exceptions.Neo4jError as error:
            raise _query_error(error) from error
        except (TypeError, ValueError) as error:
            raise QueryError(f"a parameter of the query has a value that a query cannot take: {error}") from error


def _query_error(error: exceptions.Neo4jError) -> QueryError:
    code = error.code or ""
    if code.endswith((".AccessMode", ".Forbidden")):
        return QueryError("the query tried to change the graph, and queries may only read it")
    if "TimedOut" in code:
        return _too_slow()
    return QueryError(f"the query cannot be run: {_message(error)}")


def _too_slow() -> QueryError:
    return QueryError(
        "the query took too long and was stopped", fix="narrow it down, add a LIMIT, or give it more time"
    )


def _message(error: exceptions.Neo4jError) -> str:
    # The first line says it; those after it draw an arrow under the place.
    return (error.message or str(error)).strip().partition("\n")[0].rstrip(".")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].strip().rstrip(".")


def answers(address: str, *, username: str, password: str, database: str) -> bool:
    """Whether the database answers a query yet; any failure means no."""
    with (
        open_driver(address, username=username, password=password) as driver,
        driver.session(database=database) as session,
    ):
        try:
            session.run("RETURN 1").consume()
        except (exceptions.Neo4jError, exceptions.DriverError):
            return False
        return True
