"""Which of a store's documents an address means, and which stand in files that are gone."""

import os
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from urllib.parse import unquote_to_bytes

from pathspec import GitIgnoreSpec

from relex_kg.errors import ReadError
from relex_kg.graph.store import DocumentState, Store
from relex_kg.ids import DocumentId, document_id
from relex_kg.text.readers import STDIN, file_uri

_FILE_SCHEME = "file://"
_WILDCARD = re.compile(r"[*?\[]")


def documents_named(store: Store, address: str) -> Mapping[DocumentId, DocumentState]:
    """The documents that an address means.

    Args:
        store: where they are looked for; the files themselves may be gone.
        address: a document's URI; a path or ``file:`` URI of a file or folder, which stands for all documents in it; or
            a pattern of paths as in a ``.gitignore``, where ``*`` stays within a folder and ``**`` does not.

    Raises:
        ReadError: the pattern is malformed.
    """
    exact = store.states([document_id(address)])
    if exact:
        return exact
    if "://" in address:
        return store.documents_at(address.rstrip("/"))
    return store.documents_at(file_uri(Path(address))) or _matching(store, address)


def gone_documents(
    store: Store, paths: Iterable[Path], *, read: Collection[DocumentId], files: Collection[str]
) -> Mapping[DocumentId, DocumentState]:
    """The store's documents under ``paths`` that are no longer there.

    Args:
        store: the graph.
        paths: files and folders.
        read: the documents that are there.
        files: the URIs of files that were read from end to end without a failure: other documents of theirs are gone.
    """
    gone: dict[DocumentId, DocumentState] = {}
    for path in paths:
        if path == STDIN:
            continue
        for id, state in store.documents_at(file_uri(path)).items():
            file, _, _ = state.uri.partition("#")
            if id not in read and (file in files or not _may_exist(_path(file))):
                gone[id] = state
    return gone


def _matching(store: Store, pattern: str) -> Mapping[DocumentId, DocumentState]:
    wildcard = _WILDCARD.search(pattern)
    if not wildcard:
        return {}
    # The pattern's folder is resolved as addresses of documents are; what follows it is compared.
    folder, beginning = os.path.split(pattern[: wildcard.start()])
    root = os.path.realpath(folder)
    try:
        spec = GitIgnoreSpec.from_lines([f"/{beginning}{pattern[wildcard.start() :]}"])
    except ValueError as error:
        raise ReadError(
            f"the pattern {pattern!r} is malformed: {error}", fix="write it as in a .gitignore, such as 'reports/*.md'"
        ) from error
    return {
        id: state
        for id, state in store.documents_at(Path(root).as_uri()).items()
        if spec.match_file(os.path.relpath(_path(state.uri.partition("#")[0]), root))
    }


def _path(uri: str) -> str:
    """The path of a file, from its ``file:`` URI without a fragment."""
    return os.fsdecode(unquote_to_bytes(uri.removeprefix(_FILE_SCHEME)))


def _may_exist(path: str) -> bool:
    """False only where the file is certainly gone: a folder that cannot be looked into may still hold it."""
    try:
        Path(path).stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True
