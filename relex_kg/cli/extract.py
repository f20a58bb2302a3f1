"""``relex-kg extract``: a quick look at what the model sees in a text, without any store."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from relex_kg.cli import options
from relex_kg.cli.build import SOME_FAILED
from relex_kg.cli.console import Show, as_document, complain, emit, harmless, line, progress, say
from relex_kg.cli.opening import chosen_window, load_extractor, load_schema
from relex_kg.errors import ReadError

if TYPE_CHECKING:
    from relex_kg.extract.extractor import Extractor
    from relex_kg.ids import MentionId
    from relex_kg.ontology import Schema
    from relex_kg.reading import ExtractedDocument
    from relex_kg.text.readers import ReadFailure
    from relex_kg.types import Document, Mention

_COLOURS = ("green", "cyan", "magenta", "yellow", "blue", "red")


def extract(
    source: Annotated[
        str,
        typer.Argument(metavar="TEXT|FILE", help="A text in quotes, a file of any readable format, or - for stdin."),
    ],
    *,
    entities: Annotated[
        list[str] | None, typer.Option(metavar="A,B", help="Entity labels in any words. May be repeated.")
    ] = None,
    relations: Annotated[
        list[str] | None, typer.Option(metavar="C,D", help="Relation labels, read from head to tail.")
    ] = None,
    schema: options.Schema = None,
    model: options.Model = None,
    precision: options.Precision = None,
    window: options.Window = None,
    entity_threshold: options.EntityThreshold = None,
    relation_threshold: options.RelationThreshold = None,
    as_json: options.Json = False,
) -> None:
    r"""Show what the model finds in a text or a file; nothing is stored.

    Say what to look for in your own words with --entities and --relations, or
    with a schema. Labels are separated by commas. A file may be of any length.
    The text is printed with its mentions marked, then a table of the relations
    between them. Lower thresholds find more, and more that is wrong.

    Examples:

      relex-kg extract "Ada Lovelace was born in London." \
          --entities person,city --relations "place of birth"
      relex-kg extract report.html --schema companies --entity-threshold 0.3
      relex-kg extract mails.jsonl --json
    """
    wanted = _wanted(_labels(entities), _labels(relations), schema, (entity_threshold, relation_threshold))
    documents, failures = _documents(source)
    with progress() as show:
        extracted = _read(documents, load_extractor(model, precision, show), wanted, chosen_window(window), show)
    if as_json:
        failed = [{"uri": failure.uri, "error": as_document(failure.error)} for failure in failures]
        emit({"documents": [_document(document, wanted) for document in extracted], "failures": failed})
    else:
        for document in extracted:
            _show(document, titled=len(extracted) > 1)
        for failure in failures:
            complain(failure.error)
    if failures:
        raise typer.Exit(SOME_FAILED)


def _labels(values: Sequence[str] | None) -> list[str]:
    return [label.strip() for value in values or () for label in value.split(",")]


def _wanted(
    entities: list[str], relations: list[str], schema: str | None, thresholds: tuple[float | None, float | None]
) -> "Schema":
    from relex_kg.ontology import Schema

    if schema is not None and (entities or relations):
        raise typer.BadParameter("give --schema, or --entities and --relations, not both")
    if relations and not entities:
        raise typer.BadParameter("--relations needs --entities, between which they hold")
    wanted = Schema.from_labels(entities, relations) if entities else load_schema(schema)
    content = wanted.model_dump()
    for section, threshold in zip(("entities", "relations"), thresholds, strict=True):
        for kind in content[section].values() if threshold is not None else ():
            kind["threshold"] = threshold
    return Schema.model_validate(content)


def _documents(source: str) -> "tuple[list[Document], list[ReadFailure]]":
    """The documents meant, and what could not be read; if nothing could, the first such error is raised."""
    from relex_kg.text.readers import SUFFIXES, read, suffix
    from relex_kg.types import Document

    if source == "-":
        return [_bare(sys.stdin.read())], []
    path = Path(source)
    if len(source) < 4096 and "\0" not in source and path.is_file():
        parts = list(read(path))
        documents = [part for part in parts if isinstance(part, Document)]
        failures = [part for part in parts if not isinstance(part, Document)]
        if not documents:
            raise failures[0].error
        return documents, failures
    if not any(map(str.isspace, source)) and suffix(path) in SUFFIXES:
        raise ReadError(f"there is no file {source}", fix="check the path; or, if this is a text, put a blank in it")
    return [_bare(source)], []


def _bare(text: str) -> "Document":
    from relex_kg.ids import document_id
    from relex_kg.text.characters import legible
    from relex_kg.types import Document

    return Document(document_id("text:"), "text:", "text", legible(text), "text/plain")


def _read(
    documents: "Sequence[Document]", extractor: "Extractor", schema: "Schema", window: int, show: Show
) -> "list[ExtractedDocument]":
    from relex_kg.reading import Reader

    reader = Reader(extractor, schema, window=window)
    chunked = [(document, reader.chunks(document)) for document in documents]
    return list(reader.extract(chunked, on_progress=lambda done, total: show("Extract", done, total)))


def _document(found: "ExtractedDocument", schema: "Schema") -> dict[str, Any]:
    """A document as JSON holds it; relations and references point at mentions by position."""
    mentions = found.extraction.mentions
    position = {mention.id: number for number, mention in enumerate(mentions)}
    return {
        "uri": found.document.uri,
        "text": found.document.text,
        "mentions": [_mention(mention, schema, position) for mention in mentions],
        "relations": [
            {
                "head": position[relation.head],
                "tail": position[relation.tail],
                "type": relation.type,
                "label": schema.relations[relation.type].label,
                "score": relation.score,
            }
            for relation in sorted(found.extraction.relations, key=lambda one: (position[one.head], position[one.tail]))
        ],
        "dropped": dict(found.extraction.dropped),
    }


def _mention(mention: "Mention", schema: "Schema", position: "Mapping[MentionId, int]") -> dict[str, Any]:
    return {
        "start": mention.span.start,
        "end": mention.span.end,
        "text": mention.text,
        "type": mention.type,
        "label": schema.entities[mention.type].label,
        "score": mention.score,
        "antecedent": None if mention.antecedent is None else position[mention.antecedent],
    }


def _show(found: "ExtractedDocument", *, titled: bool) -> None:
    if titled:
        say(Text(harmless(found.document.uri), style="bold underline"))
    say(_marked(found.document.text, found.extraction.mentions))
    say()
    if found.extraction.relations:
        say(_triplets(found))
    else:
        say("No relations." if found.extraction.mentions else "No mentions.")


def _marked(text: str, mentions: "Sequence[Mention]") -> Text:
    """The text with ``[Ada Lovelace: Person]`` for each name, ``[she: Person = Ada Lovelace]`` for each reference."""
    texts = {mention.id: mention.text for mention in mentions}
    colours = {type: _COLOURS[number % len(_COLOURS)] for number, type in enumerate(sorted({m.type for m in mentions}))}
    marked, end = Text(), 0
    for mention in mentions:
        colour = colours[mention.type]
        antecedent = f" = {line(texts[mention.antecedent])}" if mention.antecedent else ""
        marked.append(harmless(text[end : mention.span.start]))
        marked.append("[", style="dim").append(harmless(mention.text), style=f"bold {colour}")
        marked.append(f": {mention.type}{antecedent}", style=colour).append("]", style="dim")
        end = mention.span.end
    marked.append(harmless(text[end:]))
    marked.rstrip()
    return marked


def _triplets(found: "ExtractedDocument") -> Table:
    mentions = {mention.id: mention for mention in found.extraction.mentions}
    table = Table()
    for title in ("Head", "Relation", "Tail"):
        table.add_column(title, overflow="fold")
    table.add_column("Score", justify="right")
    rows = sorted(
        found.extraction.relations, key=lambda one: (mentions[one.head].span, mentions[one.tail].span, one.type)
    )
    for relation in rows:
        head, tail = line(mentions[relation.head].text), line(mentions[relation.tail].text)
        table.add_row(head, relation.type, tail, f"{relation.score:.2f}")
    return table
