"""The one call that reads texts."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from relex_kg.errors import CapacityError, ModelError
from relex_kg.extract import extractor as module
from relex_kg.extract.extractor import Extractor
from relex_kg.extract.request import RelationLabel, Request
from relex_kg.types import TextExtraction

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
    monkeypatch.setattr(module, "_BATCH_TOKENS", 100)
    assert_alike(extractor.run(some, REQUEST), together)


def test_every_mention_is_what_stands_at_its_place(extractor: Extractor, some: list[str]) -> None:
    for text, extraction in zip(some, extractor.run(some, REQUEST), strict=True):
        assert all(mention.span.of(text) == mention.text for mention in extraction.mentions)
        assert list(extraction.mentions) == sorted(extraction.mentions, key=lambda mention: mention.span)
        assert all(mention.score > 0.45 for mention in extraction.mentions)
        assert all(relation.score > 0.6 and relation.head != relation.tail for relation in extraction.relations)


def test_text_without_words_says_nothing(extractor: Extractor) -> None:
    assert extractor.run(["", " \n\t "], REQUEST) == (TextExtraction((), (), 0, 0),) * 2
    assert extractor.run([], REQUEST) == ()


def test_progress_counts_every_text_once(
    extractor: Extractor, some: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BATCH_TOKENS", 300)
    heard: list[int] = []
    extractor.run(some, REQUEST, on_progress=heard.append)
    assert sum(heard) == len(some)
    assert len(heard) > 2


def test_a_text_that_does_not_fit_is_refused_with_both_numbers(extractor: Extractor) -> None:
    capacity = extractor.capacity(REQUEST)
    text = "sea " * capacity
    while extractor.encoding.count(text) <= capacity:
        text += "sea "
    tokens = extractor.encoding.count(text)
    with pytest.raises(CapacityError, match=rf"a text of {tokens} tokens .* which takes {capacity} beside"):
        extractor.run(["short", text], REQUEST)


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


def test_pairs_over_the_budget_are_cut_far_ones_first_and_counted(
    token_extractor: Extractor, sentences: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    free = token_extractor.run(sentences[:40], REQUEST)
    row = max(range(40), key=lambda row: len(free[row].mentions))
    mentions = free[row].mentions
    assert len(mentions) > 2
    monkeypatch.setattr(module, "_MAX_PAIRS", 2)
    (cut,) = token_extractor.run([sentences[row]], REQUEST)
    assert cut.cut_pairs == len(mentions) * (len(mentions) - 1) - 2
    near = min(
        ((one, one + 1) for one in range(len(mentions) - 1)),
        key=lambda pair: mentions[pair[1]].span.start - mentions[pair[0]].span.start,
    )
    assert {(one.head, one.tail) for one in cut.relations} <= {near, near[::-1]}


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
