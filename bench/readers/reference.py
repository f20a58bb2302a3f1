"""The reference package as a process that reads texts on request: ``reference.py CHECKPOINT PRECISION THREADS``.

Run by an interpreter that has ``gliner``. It reads as its documentation says, in its default batches of 8.
"""

import sys
from typing import Any

import torch
from gliner import GLiNER
from protocol import Found, serve


def plain(found: tuple[list[dict[str, Any]], list[dict[str, Any]]]) -> Found:
    entities, relations = found
    triples = [(_end(one["head"]), one["relation"], _end(one["tail"])) for one in relations]
    return {
        "entities": [(one["start"], one["end"], one["label"]) for one in entities],
        # It relates a mention to itself too, which is no relation of ours
        "relations": [triple for triple in triples if triple[0] != triple[2]],
    }


def _end(mention: dict[str, Any]) -> tuple[int, int, str]:
    return mention["start"], mention["end"], mention["type"]


def main(checkpoint: str, precision: str, threads: str) -> None:
    torch.set_num_threads(int(threads))
    model = GLiNER.from_pretrained(checkpoint, quantize="int8" if precision == "int8" else None).eval()

    def read(texts: list[str], entities: list[str], relations: list[str], window: int | None) -> list[Any]:
        with torch.inference_mode():
            return list(zip(*model.inference(texts, entities, relations=relations, threshold=0.5), strict=True))

    serve(read, plain)


main(*sys.argv[1:])
