"""What a user may call a store: a server's address, or a folder."""

import re

from relex_kg.errors import StoreError

_PREFIX = re.compile(r"[A-Z][A-Za-z0-9_]{0,31}")


def is_address(target: str) -> bool:
    """Whether ``target`` names a server rather than a folder."""
    return "://" in target


def refuse_secrets(address: str) -> None:
    """A password in an address would show wherever the address does: in reports, logs and lists of processes."""
    scheme, _, location = address.partition("://")
    *secrets, place = location.split("@")
    if secrets:
        raise StoreError(
            "the address of the store holds a user or a password",
            cause="addresses are shown, in reports and logs, and passwords must not be",
            fix=f"give it as {scheme}://{place}, the user in NEO4J_USERNAME and the password in NEO4J_PASSWORD",
        )


def parted(address: str) -> tuple[str, str]:
    """A server's address, and the prefix of the graph's labels that may follow it: ``neo4j://localhost:7687#News``."""
    server, hash_sign, prefix = address.partition("#")
    if hash_sign and not _PREFIX.fullmatch(prefix):
        raise StoreError(
            f"what follows # in {address} names no graph",
            fix="give a capital letter, then letters, digits or _, at most 32 in all: neo4j://localhost:7687#News",
        )
    return server, prefix
