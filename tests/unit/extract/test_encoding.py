"""Texts and labels as the model's input."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerBase

from relex_kg.errors import CapacityError, ModelError
from relex_kg.extract.checkpoint import load
from relex_kg.extract.config import ModelConfig
from relex_kg.extract.encoding import SHAPES, EncodedPrompt, Encoding, split_words, word_shape
from relex_kg.extract.extractor import Extractor


@pytest.fixture(scope="session")
def config(token_extractor: Extractor) -> ModelConfig:
    return token_extractor.model.config


@pytest.fixture(scope="session")
def tokenizer(reference: Path) -> PreTrainedTokenizerBase:
    return load(reference / "token-none-rnn1-bert").tokenizer


def ids_of(tokenizer: PreTrainedTokenizerBase, *tokens: str) -> list[int]:
    ids = tokenizer.convert_tokens_to_ids(list(tokens))
    assert isinstance(ids, list)
    return ids


@given(st.text())
@example("Mara_Lind-qvist,\u2003Tromsø\n\n北京 e\u0301 \u200b")
def test_words_and_whitespace_cover_the_text(text: str) -> None:
    words = split_words(text)
    position = 0
    for span in words:
        assert not text[position : span.start].strip()
        assert span.of(text) == span.of(text).strip() != ""
        position = span.end
    assert not text[position:].strip()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SR-2023_052 works.", ["SR-2023_052", "works", "."]),
        ("O'Brien & Sons", ["O", "'", "Brien", "&", "Sons"]),
        ("-a- b--c", ["-", "a", "-", "b", "-", "-", "c"]),
        ("北京 Tromsø", ["北京", "Tromsø"]),
        (" \n\t ", []),
    ],
)
def test_words_are_runs_of_word_characters_and_single_signs(text: str, words: list[str]) -> None:
    assert [span.of(text) for span in split_words(text)] == words


@pytest.mark.parametrize(
    ("word", "shape"),
    [
        ("harbour", 1),
        ("Tromsø", 2),
        ("Lind-qvist", 2),
        ("IBM", 3),
        ("U.S.", 3),
        ("J", 4),
        ("J.", 4),
        ("McKay", 5),
        ("iPhone", 5),
        ("2023", 6),
        ("SR-052", 7),
        ("4th", 7),
        (",", 8),
        ("北京", 8),
        ("3.5", 8),
    ],
)
def test_a_words_shape(word: str, shape: int) -> None:
    assert word_shape(word) == shape


@given(st.text(min_size=1))
def test_every_word_has_a_shape(word: str) -> None:
    assert 1 <= word_shape(word) < SHAPES


@given(st.lists(st.text(max_size=30), max_size=4))
def test_every_piece_belongs_to_a_word_of_its_text(encoding: Encoding, texts: list[str]) -> None:
    for text, encoded in zip(texts, encoding.texts(texts), strict=True):
        assert set(encoded.words) <= set(split_words(text))
        assert len(encoded.first_pieces) == len(encoded.words)
        assert len(encoded.shapes) == len(encoded.pieces)
        assert list(encoded.first_pieces) == sorted(set(encoded.first_pieces))
        assert all(0 <= piece < len(encoded.pieces) for piece in encoded.first_pieces)
        shapes = [encoded.shapes[piece] for piece in encoded.first_pieces]
        assert shapes == [word_shape(span.of(text)) for span in encoded.words]


def test_texts_are_encoded_alike_in_any_company(encoding: Encoding) -> None:
    texts = ["Mara runs it.", "", "Helsinki", "  \n"]
    assert encoding.texts(texts) == [encoding.texts([text])[0] for text in texts]
    assert encoding.texts(["  \n"])[0].words == ()
    assert encoding.texts([]) == []


def test_a_word_without_pieces_is_left_out_and_moves_nothing(encoding: Encoding) -> None:
    text = "Ada \u200b knew\n\nBea"
    encoded = encoding.texts([text])[0]
    assert [span.of(text) for span in encoded.words] == ["Ada", "knew", "Bea"]
    assert encoded.paragraphs == (2,)


@pytest.mark.parametrize(
    ("gap", "paragraphs"), [(" ", ()), ("\n", ()), ("\n\n", (1,)), ("\n \t\n", (1,)), ("\r\n\r\n", (1,))]
)
def test_a_blank_line_begins_a_paragraph(encoding: Encoding, gap: str, paragraphs: tuple[int, ...]) -> None:
    assert encoding.texts([f"{gap}Ada{gap}Bea"])[0].paragraphs == paragraphs


def test_tokens_are_counted_without_prompt_and_special_tokens(encoding: Encoding) -> None:
    text = "Mara Lindqvist runs the harbour office in Tromsø."
    assert encoding.count(text) == len(encoding.texts([text])[0].pieces) > 0
    assert encoding.count(" ") == 0


def test_each_labels_position_is_that_of_its_mark(encoding: Encoding, tokenizer: PreTrainedTokenizerBase) -> None:
    prompt = encoding.prompt(["person", "calendar date"], ["works for"])
    entity, relation, separator = ids_of(tokenizer, "<<ENT>>", "<<REL>>", "<<SEP>>")
    assert [prompt.pieces[position] for position in prompt.entities] == [entity, entity]
    assert [prompt.pieces[position] for position in prompt.relations] == [relation]
    assert [prompt.pieces.count(mark) for mark in (entity, separator, relation)] == [2, 2, 1]
    assert prompt.pieces[0] == entity
    assert prompt.pieces[-1] == separator


def test_a_label_may_stand_for_itself_instead_of_its_mark(
    tokenizer: PreTrainedTokenizerBase, config: ModelConfig
) -> None:
    marks = Encoding(tokenizer, config).prompt(["person", "place"], ["knows"])
    words = Encoding(tokenizer, replace(config, embed_entity_token=False, embed_relation_token=False)).prompt(
        ["person", "place"], ["knows"]
    )
    assert words.pieces == marks.pieces
    assert words.entities == tuple(position + 1 for position in marks.entities)
    assert words.relations == tuple(position + 1 for position in marks.relations)


@pytest.mark.parametrize("mark", ["<<ENT>>", "<<REL>>", "<<SEP>>"])
def test_a_label_that_holds_a_mark_is_refused(encoding: Encoding, mark: str) -> None:
    label = f"person {mark} place"
    with pytest.raises(ModelError, match="holds one of the prompt's marks"):
        encoding.prompt([label], [])
    with pytest.raises(ModelError, match="holds one of the prompt's marks"):
        encoding.prompt(["person"], [label])


def test_a_mark_in_a_text_is_only_text(encoding: Encoding, tokenizer: PreTrainedTokenizerBase) -> None:
    marks = ids_of(tokenizer, "<<ENT>>", "<<REL>>", "<<SEP>>", "[SEP]", "[CLS]")
    assert not set(marks) & set(encoding.texts(["a <<ENT>> b <<SEP>> [SEP] [CLS] <<REL>>"])[0].pieces)


@pytest.mark.parametrize(("max_words", "max_tokens", "room"), [(50, 100, 50), (384, 100, 88), (384, None, 384)])
def test_text_has_the_room_that_prompt_and_special_tokens_leave(
    tokenizer: PreTrainedTokenizerBase, config: ModelConfig, max_words: int, max_tokens: int | None, room: int
) -> None:
    encoding = Encoding(tokenizer, replace(config, max_words=max_words, max_tokens=max_tokens))
    assert encoding.capacity(EncodedPrompt((5,) * 10, (0,), (1,))) == room


def test_labels_that_leave_no_room_are_refused_with_both_numbers(
    tokenizer: PreTrainedTokenizerBase, config: ModelConfig
) -> None:
    encoding = Encoding(tokenizer, replace(config, max_tokens=20))
    assert encoding.capacity(EncodedPrompt((5,) * 17, (0,), ())) == 1
    with pytest.raises(CapacityError, match="take 18 of the model's 20 tokens"):
        encoding.capacity(EncodedPrompt((5,) * 18, (0,), ()))


def test_a_prompt_crowds_where_it_takes_more_than_half(tokenizer: PreTrainedTokenizerBase, config: ModelConfig) -> None:
    encoding = Encoding(tokenizer, replace(config, max_tokens=20))
    assert [encoding.crowded(EncodedPrompt((5,) * size, (), ())) for size in (10, 11)] == [False, True]
    assert not Encoding(tokenizer, replace(config, max_tokens=None)).crowded(EncodedPrompt((5,) * 999, (), ()))


def test_a_batch_is_padded_behind_its_texts(encoding: Encoding, tokenizer: PreTrainedTokenizerBase) -> None:
    long, short = encoding.texts(["Mara runs it.", "Helsinki"])
    wide, narrow = encoding.prompt(["person", "place"], ["knows"]), encoding.prompt(["person"], [])
    batch = encoding.batch([short, long], [narrow, wide])
    for row, (text, prompt) in enumerate([(short, narrow), (long, wide)]):
        pieces = [tokenizer.cls_token_id, *prompt.pieces, *text.pieces, tokenizer.sep_token_id]
        padding = batch.input_ids.size(1) - len(pieces)
        assert batch.input_ids[row].tolist() == pieces + [tokenizer.pad_token_id] * padding
        assert batch.attention_mask[row].tolist() == [1] * len(pieces) + [0] * padding
        offset = 1 + len(prompt.pieces)
        assert batch.shapes[row].tolist() == [0] * offset + list(text.shapes) + [0] * (padding + 1)
        assert batch.word_positions[row][batch.word_mask[row]].tolist() == [offset + p for p in text.first_pieces]
        assert batch.entity_positions[row][batch.entity_mask[row]].tolist() == [1 + p for p in prompt.entities]
        assert batch.relation_positions[row][batch.relation_mask[row]].tolist() == [1 + p for p in prompt.relations]
    assert batch.relation_mask.tolist() == [[False], [True]]
    assert {batch.to(torch.device("cpu")).input_ids.dtype, batch.word_positions.dtype} == {torch.int64}


def test_a_tokenizer_without_special_tokens_is_refused(reference: Path, config: ModelConfig) -> None:
    tokenizer = load(reference / "token-none-rnn1-bert").tokenizer
    tokenizer.pad_token = None
    with pytest.raises(ModelError, match=r"has no \[CLS\], \[SEP\] or \[PAD\] token"):
        Encoding(tokenizer, config)
