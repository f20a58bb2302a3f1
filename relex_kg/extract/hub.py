"""Checkpoints by name: downloaded once from the Hugging Face hub, from then on read from its cache."""

from pathlib import Path

from huggingface_hub import constants, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from relex_kg.errors import CheckpointError

_MARK = "@"  # between name and revision; no name on the hub may hold it


def folder_of(source: str | Path, revision: str | None, files: list[str]) -> Path:
    """The folder that ``source`` means: itself, or where the hub's cache keeps the model of that name.

    Args:
        source: a folder, ``NAME`` or ``NAME@REVISION``.
        revision: a commit, tag or branch; the hub's main branch if None and ``source`` names none.
        files: patterns of the file names wanted.

    Raises:
        CheckpointError: it is not there, and why.
    """
    if Path(source).is_dir():
        if revision is not None:
            raise CheckpointError(
                f"{source} is a folder, which has no revision {revision!r}", fix="leave the revision out"
            )
        return Path(source)
    name, wanted = _split(str(source), revision)
    try:
        return Path(snapshot_download(name, revision=wanted, allow_patterns=files))
    except HFValidationError as error:
        raise CheckpointError(
            f"there is no folder {str(source)!r}, and it is not the name of a model on the hub",
            fix="give the path of a checkpoint folder, or a name such as knowledgator/gliner-relex-base-v1.0",
        ) from error
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        cause, fix = _why(error, wanted)
        called = repr(name) if wanted is None else f"{name!r} at revision {wanted!r}"
        raise CheckpointError(
            f"the model {called} is neither a folder here nor in the cache, and could not be downloaded",
            cause=cause,
            fix=f"{fix}, or give the path of a checkpoint folder; without --model the bundled model is used",
        ) from error


def _split(source: str, revision: str | None) -> tuple[str, str | None]:
    name, mark, pinned = source.partition(_MARK)
    if not mark:
        return name, revision
    if not pinned or revision not in (None, pinned):
        raise CheckpointError(
            f"{source!r} does not say which revision is meant",
            cause="nothing stands behind the @" if not pinned else f"{revision!r} was asked for at the same time",
            fix=f"write {name}@REVISION with a commit, tag or branch of the model, or leave the @ out",
        )
    return name, pinned


def _why(error: Exception, revision: str | None) -> tuple[str, str]:
    """The cause and the first half of the fix."""
    if isinstance(error, GatedRepoError):
        return "its owners ask for consent first", "agree on the model's page and set HF_TOKEN"
    if isinstance(error, RevisionNotFoundError):
        return f"the model has no commit, tag or branch {revision!r}", "look it up on the model's page"
    if isinstance(error, RepositoryNotFoundError):
        return "there is no such model, or it is private", "check the name, and set HF_TOKEN if it is private"
    if constants.HF_HUB_OFFLINE:
        return (
            f"HF_HUB_OFFLINE is set, and the cache {constants.HF_HUB_CACHE} lacks this model or revision",
            "unset HF_HUB_OFFLINE for one run, so that it is downloaded",
        )
    if isinstance(error, HfHubHTTPError):
        return f"{constants.ENDPOINT} refused ({error})", "try again later"
    return f"no network, or {constants.ENDPOINT} cannot be reached", "check the network"
