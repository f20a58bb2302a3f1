"""The one call that reads texts."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from relex_kg.errors import CapacityError, ModelError
from relex_kg.extract import extractor as module
from relex_kg.extract.checkpoint import CheckpointOutline
from relex_kg.extract.encoding import Batch, EncodedText, split_words
from relex_kg.extract.extractor import Extractor
from relex_kg.extract.known import KnownMention
from relex_kg.extract.merging import Part, join
from relex_kg.extract.model import Representation
from relex_kg.extract.references import STANDS_FOR
from relex_kg.extract.request import RelationLabel, Request
from relex_kg.extract.windows import Window, windows
from relex_kg.types import Span, TextExtraction

ENTITIES, RELATIONS = ["person", "place", "organisation", "calendar date"], ["works for", "located in", "knows"]
REQUEST = Request.of_labels(ENTITIES, RELATIONS, entity_threshold=0.45, relation_threshold=0.6)


@pytest.fixture(params=["token_extractor", "span_extractor"])
def extractor(request: pytest.FixtureRequest) -> Extractor:
    model: Extractor = request.getfixturevalue(request.param)
    return model


@pytest.fixture(scope="session")
def some(sentences: list[str]) -> list[str]:
    """Sentences of all lengths, the empty one and some whitespace among them."""
    return [*sentences[:14], "", " \n ", *sentences[40:46]]


def shapes(extraction: TextExtraction) -> tuple[list[object], list[object]]:
    """All but the scores."""
    mentions = [(mention.span, mention.text, mention.label) for mention in extraction.mentions]
    return list(mentions), [(relation.head, relation.tail, relation.label) for relation in extraction.relations]


def scores(extraction: TextExtraction) -> list[float]:
    return [mention.score for mention in extraction.mentions] + [relation.score for relation in extraction.relations]


def assert_alike(found: Sequence[TextExtraction], expected: Sequence[TextExtraction]) -> None:
    assert [shapes(one) for one in found] == [shapes(one) for one in expected]
    for one, other in zip(found, expected, strict=True):
        assert scores(one) == pytest.approx(scores(other), abs=1e-5)


def test_a_texts_company_does_not_change_what_is_found(extractor: Extractor, some: list[str]) -> None:
    together = extractor.run(some, REQUEST)
    assert sum(len(one.mentions) for one in together) > 10
    assert sum(len(one.relations) for one in together) > 5
    assert_alike([extractor.run([text], REQUEST)[0] for text in some], together)
    assert_alike(extractor.run(some[::-1], REQUEST)[::-1], together)


def test_the_size_of_batches_does_not_change_what_is_found(
    extractor: Extractor, some: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    together = extractor.run(some, REQUEST)
    monkeypatch.setattr(module, "_BATCH_TOKENS_ON_CPU", 100)
    assert_alike(extractor.run(some, REQUEST), together)


def test_a_cpu_reads_no_more_at_once_than_its_cache_holds(
    extractor: Extractor, some: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    represent, sizes = extractor.model.represent, list[torch.Size]()

    def counted(batch: Batch) -> Representation:
        sizes.append(batch.input_ids.shape)
        return represent(batch)

    monkeypatch.setattr(extractor.model, "represent", counted)
    extractor.run(some, REQUEST)
    assert len(sizes) < sum(bool(text.strip()) for text in some)
    assert all(texts == 1 or texts * tokens <= module._BATCH_TOKENS_ON_CPU for texts, tokens in sizes)


def test_every_mention_is_what_stands_at_its_place(extractor: Extractor, some: list[str]) -> None:
    for text, extraction in zip(some, extractor.run(some, REQUEST), strict=True):
        assert all(mention.span.of(text) == mention.text for mention in extraction.mentions)
        assert list(extraction.mentions) == sorted(extraction.mentions, key=lambda mention: mention.span)
        assert all(mention.score > 0.45 for mention in extraction.mentions)
        assert all(relation.score > 0.6 and relation.head != relation.tail for relation in extraction.relations)


def test_text_without_words_says_nothing(extractor: Extractor) -> None:
    assert extractor.run(["", " \n\t "], REQUEST) == (TextExtraction((), (), 0, 0, 0),) * 2
    assert extractor.run([], REQUEST) == ()


def test_progress_counts_every_window_once(
    extractor: Extractor, some: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BATCH_TOKENS_ON_CPU", 300)
    heard: list[tuple[int, int]] = []
    extractor.run(some, REQUEST, on_progress=lambda done, total: heard.append((done, total)))
    readable = sum(bool(text.strip()) for text in some)
    assert heard[0] == (0, readable)
    assert heard[-1] == (readable, readable)
    assert heard == sorted(set(heard))
    assert len(heard) > 3


@pytest.fixture(scope="session")
def long(sentences: list[str]) -> str:
    return "\n\n".join(" ".join(sentences[start : start + 7]) for start in range(0, 60, 7))


def cut_whole(extractor: Extractor, request: Request, text: str, encoded: EncodedText) -> list[Window]:
    """The windows of a text that are as long as the model can read."""
    capacity = extractor.capacity(request)
    return list(windows(0, text, encoded, size=capacity, capacity=capacity))


@pytest.mark.parametrize("flat", [True, False])
def test_a_long_text_says_what_its_windows_say(extractor: Extractor, long: str, flat: bool) -> None:
    (encoded,) = extractor.encoding.texts([long])
    cut = cut_whole(extractor, REQUEST, long, encoded)
    alone = extractor.run([window.span.of(long) for window in cut], REQUEST, flat=flat)
    assert len(cut) > 2
    shifted = [
        replace(
            found,
            mentions=tuple(replace(one, span=one.span.shifted(window.span.start)) for one in found.mentions),
        )
        for window, found in zip(cut, alone, strict=True)
    ]
    parts = [Part(window.span, None, found) for window, found in zip(cut, shifted, strict=True)]
    expected = join(parts, flat=flat).found
    short, whole = extractor.run(["Ada is in York.", long], REQUEST, flat=flat)
    assert_alike([whole], [expected])
    assert_alike([short], extractor.run(["Ada is in York."], REQUEST, flat=flat))
    assert all(mention.span.of(long) == mention.text for mention in whole.mentions)
    assert len(whole.mentions) > max(len(found.mentions) for found in alone)


def test_a_title_is_read_in_front_of_every_window_and_found_where_it_stands(token_extractor: Extractor) -> None:
    text = "Ada Lovelace\n\n" + "She was in York. She knew Bea of Leeds. Cyd saw her there. " * 4
    title = Span(0, 12)
    (parts,) = token_extractor.read([text], REQUEST, titles=[title], window=12)
    assert len(parts) > 4
    assert [part.title for part in sorted(parts, key=lambda part: part.span)] == [None, *[title] * (len(parts) - 1)]
    for part in parts:
        inside = [title, part.span] if part.title else [part.span]
        for mention in part.found.mentions:
            assert any(span.contains(mention.span) for span in inside)
            assert mention.span.of(text) == mention.text


def test_a_title_in_front_only_says_what_references_stand_for(token_extractor: Extractor) -> None:
    text = "Ada Lovelace\n\n" + "She was in York. She knew Bea of Leeds. Cyd saw her there. " * 4
    title = Span(0, 12)
    labels = {"entity_threshold": 0.0, "relation_threshold": 0.0}
    for relation, joined in ((STANDS_FOR, True), ("knows", False)):
        request = Request.of_labels(["person", "place"], [relation], **labels)
        (parts,) = token_extractor.read([text], request, titles=[title], window=12)
        ends = {
            title.contains(part.found.mentions[end].span)
            for part in parts
            if part.title
            for each in part.found.relations
            for end in (each.head, each.tail)
        }
        assert (True in ends) == joined
        assert False in ends


def test_smaller_windows_hold_fewer_words(token_extractor: Extractor, long: str) -> None:
    whole, small = (token_extractor.read([long], REQUEST, window=window)[0] for window in (None, 40))
    assert len(small) > 3 * len(whole)


def test_a_word_longer_than_a_window_is_read(token_extractor: Extractor) -> None:
    text = "Ada " + "1a" * 2000 + " York"
    (found,) = token_extractor.run([text], REQUEST)
    assert all(mention.span.of(text) == mention.text for mention in found.mentions)


def test_a_text_that_just_fits_is_read(token_extractor: Extractor) -> None:
    capacity = token_extractor.capacity(REQUEST)
    text = ", " * capacity
    assert token_extractor.encoding.count(text) == capacity
    assert len(token_extractor.run([text], REQUEST)) == 1


def test_bare_labels_are_a_request_of_them(extractor: Extractor, some: list[str]) -> None:
    found = extractor.extract(
        some, entities=ENTITIES, relations=RELATIONS, entity_threshold=0.45, relation_threshold=0.6
    )
    assert found == extractor.run(some, REQUEST)


def test_without_relations_the_mentions_are_found_all_the_same(extractor: Extractor, some: list[str]) -> None:
    found = extractor.extract(some, entities=ENTITIES, entity_threshold=0.45)
    assert any(one.mentions for one in found)
    assert not any(one.relations for one in found)


def test_a_label_with_a_mark_is_refused(extractor: Extractor) -> None:
    with pytest.raises(ModelError, match="holds one of the prompt's marks"):
        extractor.extract(["Ada"], entities=["<<SEP>>"])


def among(extraction: TextExtraction, allowed: dict[str, tuple[set[str], set[str]]]) -> set[tuple[int, int, str]]:
    labels = [mention.label for mention in extraction.mentions]
    return {
        (one.head, one.tail, one.label)
        for one in extraction.relations
        if labels[one.head] in allowed[one.label][0] and labels[one.tail] in allowed[one.label][1]
    }


def test_signatures_leave_exactly_the_relations_that_they_allow(
    token_extractor: Extractor, sentences: list[str]
) -> None:
    free = token_extractor.run(sentences[:40], REQUEST)
    labels = {mention.label for one in free for mention in one.mentions}
    head = max(labels, key=lambda label: sum(m.label == label for one in free for m in one.mentions))
    allowed = {"works for": ({head}, labels), "located in": (labels, {head}), "knows": ({head}, {head})}
    narrow = replace(
        REQUEST,
        relations=tuple(
            RelationLabel(asked.label, 0.6, frozenset(allowed[asked.label][0]), frozenset(allowed[asked.label][1]))
            for asked in REQUEST.relations
        ),
    )
    kept = [{(r.head, r.tail, r.label) for r in one.relations} for one in token_extractor.run(sentences[:40], narrow)]
    assert kept == [among(one, allowed) for one in free]
    assert 0 < sum(map(len, kept)) < sum(len(one.relations) for one in free)


def test_pairs_over_the_budget_are_cut_the_least_sure_first_and_counted(
    token_extractor: Extractor, sentences: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    free = token_extractor.run(sentences[:40], REQUEST)
    row = max(range(40), key=lambda row: len(free[row].mentions))
    mentions = free[row].mentions
    assert len(mentions) > 2
    monkeypatch.setattr(module, "_MAX_PAIRS", 2)
    (cut,) = token_extractor.run([sentences[row]], REQUEST)
    assert cut.cut_pairs == len(mentions) * (len(mentions) - 1) - 2
    surest = sorted(range(len(mentions)), key=lambda index: -mentions[index].score)[:2]
    ends = {tuple(surest), tuple(surest[::-1])}
    left = tuple(one for one in free[row].relations if (one.head, one.tail) in ends)
    assert_alike([cut], [replace(free[row], relations=left)])


def test_pairs_scored_in_blocks_score_the_same(
    token_extractor: Extractor, some: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    together = token_extractor.run(some, REQUEST)
    monkeypatch.setattr(module, "_PAIRS_AT_ONCE", 2)
    assert_alike(token_extractor.run(some, REQUEST), together)


@pytest.mark.parametrize("at_once", [1, 2, 2048])
def test_relations_over_the_budget_are_cut_the_worst_first_and_counted(
    token_extractor: Extractor, sentences: list[str], monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    free = token_extractor.run(sentences[:40], REQUEST)
    row = max(range(40), key=lambda row: len(free[row].relations))
    assert len(free[row].relations) > 3
    monkeypatch.setattr(module, "_MAX_RELATIONS", 3)
    monkeypatch.setattr(module, "_PAIRS_AT_ONCE", at_once)
    (cut,) = token_extractor.run([sentences[row]], REQUEST)
    assert cut.cut_relations == len(free[row].relations) - 3
    worst_kept = sorted(one.score for one in free[row].relations)[-3]
    best = tuple(one for one in free[row].relations if one.score >= worst_kept)
    assert_alike([cut], [replace(free[row], relations=best)])


def test_between_known_mentions_relations_over_the_budget_are_counted_in_every_window(
    token_extractor: Extractor, long: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MAX_RELATIONS", 2)
    words = list(re.finditer(r"\w+", long))[::9]
    mentions: list[KnownMention] = [(Span(*word.span()), "person") for word in words]
    (found,) = token_extractor.extract([long], relations=["knows"], mentions=[mentions], relation_threshold=0.0)
    request = Request.of_labels(["person"], ["knows"], entity_threshold=0.5, relation_threshold=0.0)
    (encoded,) = token_extractor.encoding.texts([long])
    spans = [window.span for window in cut_whole(token_extractor, request, long, encoded)]
    inside = [sum(span.contains(mention) for mention, _ in mentions) for span in spans]
    assert 2 <= len(found.relations) <= 2 * len(spans)
    assert found.cut_relations == sum(count * (count - 1) - 2 for count in inside)


def test_spans_over_the_budget_are_counted(
    token_extractor: Extractor, sentences: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MAX_CANDIDATES", 1)
    found = token_extractor.run(sentences[:10], REQUEST)
    assert all(len(one.mentions) <= 1 for one in found)
    assert sum(one.cut_spans for one in found) > 0


def many_relations(count: int) -> Request:
    labels = [f"relation of the kind that has the number {number} here" for number in range(count)]
    return Request.of_labels(["person"], labels, entity_threshold=0.5, relation_threshold=0.5)


def prompt_size(extractor: Extractor, request: Request) -> int:
    prompt = extractor.encoding.prompt([e.label for e in request.entities], [r.label for r in request.relations])
    return len(prompt.pieces)


def relations_in(requests: Iterable[Request]) -> list[str]:
    return sorted(asked.label for request in requests for asked in request.relations)


def test_a_request_that_leaves_half_of_the_window_is_not_split(token_extractor: Extractor) -> None:
    assert token_extractor.split(REQUEST) == (REQUEST,)
    assert token_extractor.split(replace(REQUEST, relations=())) == (replace(REQUEST, relations=()),)


def test_the_parts_of_a_split_ask_for_every_relation_once_and_leave_half_of_the_window(
    token_extractor: Extractor,
) -> None:
    limit = token_extractor.model.config.max_tokens
    assert limit is not None
    request = many_relations(60)
    assert prompt_size(token_extractor, request) > limit
    parts = token_extractor.split(request)
    assert len(parts) > 1
    assert relations_in(parts) == relations_in([request])
    assert all(part.entities == request.entities for part in parts)
    assert all(prompt_size(token_extractor, part) <= limit // 2 for part in parts)


def test_long_labels_in_a_later_part_are_seen(token_extractor: Extractor) -> None:
    limit = token_extractor.model.config.max_tokens
    assert limit is not None
    short, long = "kin", "a very long and winding description of something between two people "
    request = Request.of_labels(
        ["person"], [short, long * 2, "ally", long + "or more"], entity_threshold=0.5, relation_threshold=0.5
    )
    size = max(prompt_size(token_extractor, replace(request, relations=(one,))) for one in request.relations)
    assert size <= limit // 2 < prompt_size(token_extractor, replace(request, relations=request.relations[1::2]))
    parts = token_extractor.split(request)
    assert relations_in(parts) == relations_in([request])
    assert all(prompt_size(token_extractor, part) <= limit // 2 for part in parts)


def test_labels_that_leave_no_room_at_all_are_refused(token_extractor: Extractor) -> None:
    crowd = Request.of_labels(
        [f"type number {n} of many" for n in range(200)], ["knows"], entity_threshold=0.5, relation_threshold=0.5
    )
    assert token_extractor.split(crowd) == (crowd,)
    with pytest.raises(CapacityError, match="leave no room for text"):
        token_extractor.capacity(crowd)


def test_the_fingerprint_is_that_of_the_weights(token_extractor: Extractor, span_extractor: Extractor) -> None:
    assert len(token_extractor.fingerprint) == 16
    assert token_extractor.fingerprint != span_extractor.fingerprint


def known(extraction: TextExtraction) -> list[KnownMention]:
    return [(mention.span, mention.label) for mention in extraction.mentions]


def ask(extractor: Extractor, texts: list[str], mentions: list[list[KnownMention]]) -> tuple[TextExtraction, ...]:
    return extractor.extract(texts, entities=ENTITIES, relations=RELATIONS, mentions=mentions, relation_threshold=0.6)


def test_between_known_mentions_the_same_relations_are_found(token_extractor: Extractor, some: list[str]) -> None:
    free = token_extractor.run(some, REQUEST)
    asked = ask(token_extractor, some, [known(one) for one in free])
    sure = [replace(one, mentions=tuple(replace(m, score=1.0) for m in one.mentions), cut_spans=0) for one in free]
    assert_alike(asked, sure)


def test_known_mentions_are_reported_as_given_and_scored_by_the_words_they_touch(token_extractor: Extractor) -> None:
    text = "Ada Byron works for Engines Ltd in York."
    whole: list[KnownMention] = [(Span(20, 31), "organisation"), (Span(0, 9), "person"), (Span(0, 3), "person")]
    touching: list[KnownMention] = [(Span(22, 30), "organisation"), (Span(1, 6), "person"), (Span(0, 4), "person")]
    ((one,), (other,)) = (
        token_extractor.extract([text], relations=RELATIONS, mentions=[given], relation_threshold=0.0)
        for given in (whole, touching)
    )
    assert [(mention.span, mention.label, mention.score) for mention in other.mentions] == [
        (*given, 1.0) for given in touching
    ]
    assert [mention.text for mention in other.mentions] == ["gines Lt", "da By", "Ada "]
    assert len(one.relations) == 3 * 2 * len(RELATIONS)
    assert other.relations == one.relations


def test_known_mentions_of_a_long_text_are_paired_where_a_window_holds_both(
    token_extractor: Extractor, long: str
) -> None:
    words = list(re.finditer(r"\w+", long))[::9]
    mentions: list[KnownMention] = [(Span(*word.span()), ENTITIES[n % 4]) for n, word in enumerate(words)]
    found, nothing = token_extractor.extract(
        [long, "Ada is in York."], relations=["knows"], mentions=[mentions, []], relation_threshold=0.0
    )
    capacity = token_extractor.capacity(
        Request.of_labels(ENTITIES, ["knows"], entity_threshold=0.5, relation_threshold=0.0)
    )
    (encoded,) = token_extractor.encoding.texts([long])
    spans = [window.span for window in windows(0, long, encoded, size=capacity, capacity=capacity)]
    assert len(spans) > 2
    assert {(one.head, one.tail) for one in found.relations} == {
        (head, tail)
        for head in range(len(mentions))
        for tail in range(len(mentions))
        if head != tail and any(span.contains(mentions[head][0]) and span.contains(mentions[tail][0]) for span in spans)
    }
    assert [(mention.span, mention.label) for mention in found.mentions] == mentions
    assert nothing == TextExtraction((), (), 0, 0, 0)


def test_without_relations_known_mentions_are_all_there_is(extractor: Extractor) -> None:
    (found,) = extractor.extract(["Ada is in York."], mentions=[[(Span(0, 3), "person")]])
    assert [(mention.text, mention.score) for mention in found.mentions] == [("Ada", 1.0)]
    assert found.relations == ()


@pytest.mark.parametrize(
    ("mentions", "said"),
    [
        ([[(Span(3, 9), "person")]], r"the mention at 3\.\.9 is outside its text, which has 8 characters"),
        ([[(Span(3, 5), "person")]], r"the mention '  ' at 3\.\.5 touches no word"),
        ([[(Span(0, 3), "animal")]], "has the label 'animal', which is not among the entity labels"),
        ([], "known mentions are given for 0 texts, but there are 1"),
    ],
)
def test_mentions_that_cannot_be_are_refused(
    extractor: Extractor, mentions: list[list[KnownMention]], said: str
) -> None:
    with pytest.raises(ModelError, match=said) as refused:
        ask(extractor, ["Ada  is."], mentions)
    assert refused.value.fix


def test_no_entity_label_at_all_is_refused(extractor: Extractor) -> None:
    with pytest.raises(ModelError, match="no entity labels"):
        extractor.extract(["Ada"], relations=["knows"])


def test_a_lazy_extractor_loads_its_weights_with_the_first_text(
    token_extractor: Extractor, monkeypatch: pytest.MonkeyPatch, sentences: list[str]
) -> None:
    folder = Path(__file__).parents[2] / "fixtures" / "reference" / "token-none-rnn0-bert"
    loaded: list[Path] = []
    load = CheckpointOutline.load
    monkeypatch.setattr(CheckpointOutline, "load", lambda outline: loaded.append(outline.folder) or load(outline))
    extractor = Extractor.from_pretrained(folder, device="cpu", lazy=True)
    assert extractor.fingerprint == Extractor.from_pretrained(folder, device="cpu").fingerprint
    assert extractor.split(REQUEST) == (REQUEST,)
    assert extractor.capacity(REQUEST) > 0
    assert loaded == [folder]  # the other one's
    extractor.extract(sentences[:2], entities=ENTITIES)
    extractor.extract(sentences[:2], entities=ENTITIES)
    assert loaded == [folder, folder]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Lisbon-based", ["Lisbon"]),
        ("ex-Kvant", ["Kvant"]),
        ("US-led", ["US"]),
        ("Moro/Rossi", ["Moro", "Rossi"]),
        ("Duarte's", ["Duarte"]),
        ("Duarte\u2019s", ["Duarte"]),
        ("Duarte\u02bcs", ["Duarte"]),
        ("James'", ["James"]),
    ],
)
def test_a_name_is_a_word_of_its_own_in_what_it_is_part_of(text: str, words: list[str]) -> None:
    assert set(words) <= {span.of(text) for span in split_words(text, at_hyphens=True)}
