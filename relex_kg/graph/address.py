"""What a user may call a store: a server's address, or a folder."""

from relex_kg.errors import StoreError


def is_address(target: str) -> bool:
    """Whether ``target`` names a server rather than a folder."""
    return "://" in target


def refuse_secrets(address: str) -> None:
    """A password in an address would show wherever the address does: in reports, logs and lists of processes."""
    scheme, _, rest = address.partition("://")
    *secrets, place = rest.split("@")
    if secrets:
        raise StoreError(
            "the address of the store holds a user or a password",
            cause="addresses are shown, in reports and logs, and passwords must not be",
            fix=f"give it as {scheme}://{place}, the user in NEO4J_USERNAME and the password in NEO4J_PASSWORD",
        )
