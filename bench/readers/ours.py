"""relex-kg as a process that reads texts on request: ``ours.py CHECKPOINT PRECISION THREADS``."""

import sys

import torch
from protocol import Found, serve

from relex_kg import Extractor
from relex_kg.extract.request import Request
from relex_kg.types import TextExtraction


def plain(found: TextExtraction) -> Found:
    entities = [(one.span.start, one.span.end, one.label) for one in found.mentions]
    relations = [(entities[one.head], one.label, entities[one.tail]) for one in found.relations]
    return {"entities": entities, "relations": relations}


def main(checkpoint: str, precision: str, threads: str) -> None:
    torch.set_num_threads(int(threads))
    extractor = Extractor.from_pretrained(checkpoint, device="cpu", precision=precision)

    def read(texts: list[str], entities: list[str], relations: list[str], window: int | None) -> list[TextExtraction]:
        request = Request.of_labels(entities, relations, entity_threshold=0.5, relation_threshold=0.5)
        return list(extractor.run(texts, request, window=window))

    serve(read, plain)


main(*sys.argv[1:])
