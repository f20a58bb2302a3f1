"""Memory is bounded however much a model finds, measured in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import resource, sys
from pathlib import Path
import torch
from transformers import AutoTokenizer
from relex_kg.extract.checkpoint import Checkpoint
from relex_kg.extract.config import ModelConfig
from relex_kg.extract.extractor import Extractor
from relex_kg.extract.model import RelexModel

span_mode, folder = sys.argv[1], Path(sys.argv[2])
torch.manual_seed(5)
tokenizer = AutoTokenizer.from_pretrained(str(folder))
encoder = {
    "model_type": "bert", "hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12,
    "intermediate_size": 1536, "max_position_embeddings": 512, "vocab_size": len(tokenizer),
}
values = {
    "encoder_config": encoder, "hidden_size": 384, "span_mode": span_mode, "relations_layer": "none", "max_len": 512,
}
model = RelexModel(ModelConfig.from_dict(values)).eval()
if model.token_scorer is not None:
    torch.nn.init.constant_(model.token_scorer.out.bias, 3.0)
extractor = Extractor(Checkpoint(model, tokenizer, folder), device="cpu")
words = "the harbour of Vis lies north , where Ada met Greta in 1920 .".split()
(found,) = extractor.extract(
    [" ".join((words * 160)[:2000])],
    entities=[f"kind {number}" for number in range(8)],
    relations=[f"link {number}" for number in range(25)],
    entity_threshold=0.3,
    relation_threshold=0.0,
)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(peak // 1024, found.cut_spans, found.cut_relations, len(found.relations))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the unit of the peak differs elsewhere")
@pytest.mark.parametrize("span_mode", ["token_level", "markerV0"])
def test_untrained_weights_on_a_long_text_stay_under_two_gigabytes(reference: Path, span_mode: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, span_mode, str(reference / "token-none-rnn1-bert")],
        capture_output=True,
        text=True,
        check=True,
    )
    peak_mib, cut_spans, cut_relations, relations = map(int, done.stdout.split())
    assert peak_mib < 2048
    assert cut_spans > 10_000
    assert cut_relations > 100_000
    assert 0 < relations < 100_000
