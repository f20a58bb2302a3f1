"""The library as the README shows it, and a graph as NetworkX has it."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import networkx as nx

from relex_kg.graph.bolt import BoltStore
from relex_kg.graph.export import to_networkx
from relex_kg.pipeline import Pipeline

CHECKOUT = Path(__file__).resolve().parents[2]
PYTHON_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_readmes_example_runs(tmp_path: Path) -> None:
    [example] = PYTHON_BLOCK.findall((CHECKOUT / "README.md").read_text("utf-8"))
    (tmp_path / "examples").symlink_to(CHECKOUT / "examples")
    ran = subprocess.run([sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "Traceback" not in ran.stderr
    assert len(ran.stdout.splitlines()) == example.count("print(")


def test_every_edge_in_networkx_quotes_the_documents(
    graph: BoltStore, tmp_path: Path, sentences: list[str], pipeline_into: Callable[[BoltStore], Pipeline]
) -> None:
    texts = {f"{number}.txt": "\n\n".join(sentences[number : number + 4]) for number in (0, 4, 60)}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert pipeline_into(graph).build([tmp_path]).added == 3
    counts, found = graph.counts(), to_networkx(graph.graph())
    assert type(found) is nx.MultiDiGraph
    assert (found.number_of_nodes(), found.number_of_edges()) == (counts.entities, counts.facts)
    assert counts.facts > 0
    documents = {(tmp_path / name).as_uri(): text for name, text in texts.items()}
    for _, _, edge in found.edges(data=True):
        assert len(edge["evidence"]) == edge["support"] > 0
        for passage in edge["evidence"]:
            text = documents[passage["document"]]
            start = passage["text_start"]
            assert text[start : start + len(passage["text"])] == passage["text"]
            for quote in (passage["head"], passage["tail"]):
                assert text[quote["start"] : quote["end"]] == quote["text"]
                assert passage["start"] <= quote["start"] < quote["end"] <= passage["end"]
