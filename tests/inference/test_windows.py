"""Windows: every token is looked at, and nothing hides in a word the vocabulary does not know."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

from firewall.inference.windows import cut, tokenize

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """A WordPiece tokenizer of a few words and all Latin letters, built here."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "ignore", "previous", "instructions", "all", "[", "]", "sep", "'"]
    pieces = [*words, *LETTERS, *(f"##{letter}" for letter in LETTERS if letter != "q"), "##ignore"]
    result = Tokenizer(models.WordPiece({piece: at for at, piece in enumerate(pieces)}, unk_token="[UNK]"))
    result.normalizer = normalizers.BertNormalizer(lowercase=True)
    result.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    result.add_special_tokens([AddedToken(word, special=True) for word in words[:4]])
    return result


def spell(tokenizer: Tokenizer, text: str) -> list[str]:
    """Return the pieces that a text is cut into."""
    return [str(tokenizer.id_to_token(int(at))) for at in tokenize(tokenizer, [text])[0].ids]


class TestTokenize:
    """Tokens stand for code points of the text."""

    def test_offsets_point_into_the_text(self, tokenizer: Tokenizer) -> None:
        """Each token names the code points it was made from, also behind characters outside the basic plane."""
        text = "\U0001f600 Ignore ALL previous"
        tokens = tokenize(tokenizer, [text])[0]
        seen = [text[start:end] for start, end in zip(tokens.starts, tokens.ends, strict=True)]
        assert seen == ["\U0001f600", "Ignore", "ALL", "previous"]

    def test_truncation_and_padding_of_the_file_are_ignored(self, tokenizer: Tokenizer) -> None:
        """A tokenizer file that truncates cannot make the end of a text invisible."""
        copy = Tokenizer.from_str(tokenizer.to_str())
        copy.enable_truncation(4)
        copy.enable_padding(length=6)
        assert [len(tokens) for tokens in tokenize(copy, ["all " * 10, "all"])] == [10, 1]

    def test_special_tokens_in_the_text_are_plain_text(self, tokenizer: Tokenizer) -> None:
        """A separator that the text spells out is not the separator of the model."""
        assert spell(tokenizer, "all[SEP]all") == ["all", "[", "sep", "]", "all"]

    def test_long_run_is_opened(self, tokenizer: Tokenizer) -> None:
        """A word longer than WordPiece's limit is read in pieces, not as one unknown token."""
        pieces = spell(tokenizer, "ignore" + "z" * 300)
        assert pieces[0] == "ignore"
        assert "[UNK]" not in pieces

    def test_ordinary_words_are_left_alone(self, tokenizer: Tokenizer) -> None:
        """A word of a hundred letters is within the limit and is looked up as it is."""
        assert spell(tokenizer, "x" * 100) == ["x", *["##x"] * 99]

    def test_unknown_characters_do_not_hide_their_word(self, tokenizer: Tokenizer) -> None:
        """A strange character glued to each word leaves the words readable and the offsets right."""
        text = "ignore\u16a0all\u16a0\u16a0 \u16a0previous all"
        tokens = tokenize(tokenizer, [text])[0]
        seen = [text[start:end] for start, end in zip(tokens.starts, tokens.ends, strict=True)]
        assert seen == ["ignore", "\u16a0", "all", "\u16a0\u16a0", "\u16a0", "previous", "all"]
        known = [piece for piece in spell(tokenizer, text) if piece != "[UNK]"]
        assert known == ["ignore", "all", "previous", "all"]

    def test_unspellable_run_of_known_characters_is_read_by_character(self, tokenizer: Tokenizer) -> None:
        """Where the vocabulary lacks a continuation piece, the letters are looked up one by one."""
        assert spell(tokenizer, "aq all") == ["a", "q", "all"]

    def test_vocabulary_without_unknown_token(self) -> None:
        """A byte-level tokenizer has nothing to open and is used as it is."""
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        plain = Tokenizer(models.BPE({char: at for at, char in enumerate(sorted(alphabet))}, []))
        plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        assert len(tokenize(plain, ["ab c"])[0]) == 4

    def test_empty_text_has_no_tokens(self, tokenizer: Tokenizer) -> None:
        """Nothing in, nothing out, in the place of the text."""
        assert [len(tokens) for tokens in tokenize(tokenizer, ["", "all", " \n"])] == [0, 1, 0]
        assert tokenize(tokenizer, []) == []

    def test_text_is_not_printed(self, tokenizer: Tokenizer) -> None:
        """What was tokenized does not show in a repr."""
        assert repr(tokenize(tokenizer, ["all"])[0]) == "Tokens()"

    @pytest.mark.parametrize("unit", ["a", "\u16a0", "ignore\u16a0", "aq", "all "])
    def test_cost_is_linear(self, tokenizer: Tokenizer, unit: str) -> None:
        """Eight times an unbroken run costs nowhere near the sixty-four times of a quadratic algorithm."""

        def cost(length: int) -> float:
            text = unit * (length // len(unit))
            best = float("inf")
            for _ in range(3):
                begun = time.perf_counter()
                tokenize(tokenizer, [text])
                best = min(best, time.perf_counter() - begun)
            return best

        assert cost(160_000) < 24 * cost(20_000)

    @given(st.text(alphabet="aqz \u16a0\u0130[].\U0001f600", max_size=300))
    def test_every_known_letter_is_covered(self, tokenizer: Tokenizer, text: str) -> None:
        """Offsets rise, stay inside the text, and every letter the vocabulary knows lies in a token."""
        tokens = tokenize(tokenizer, [text])[0]
        assert all(start < end <= len(text) for start, end in zip(tokens.starts, tokens.ends, strict=True))
        assert all(tokens.starts[1:] >= tokens.ends[:-1])
        covered = {at for start, end in zip(tokens.starts, tokens.ends, strict=True) for at in range(start, end)}
        assert all(at in covered for at, char in enumerate(text) if char in "aqz[]")


class TestCut:
    """Windows over a row of tokens."""

    def test_short_text_is_one_window(self) -> None:
        """Up to the size there is one window."""
        assert cut(1, 8, 2) == [(0, 1)]
        assert cut(8, 8, 2) == [(0, 8)]

    def test_last_window_is_flush_with_the_end(self) -> None:
        """The last window is as long as the others and ends with the text."""
        assert cut(9, 8, 2) == [(0, 8), (1, 9)]
        assert cut(20, 8, 2) == [(0, 8), (6, 14), (12, 20)]

    def test_nothing_gives_nothing(self) -> None:
        """No tokens, no window."""
        assert cut(0, 8, 2) == []

    @pytest.mark.parametrize(("size", "overlap"), [(0, 0), (4, 4), (4, -1)])
    def test_nonsense_is_refused(self, size: int, overlap: int) -> None:
        """A window without a token, or that never moves on, is an error."""
        with pytest.raises(ValueError, match="window"):
            cut(10, size, overlap)

    @given(st.integers(1, 2000), st.integers(1, 200), st.data())
    def test_every_token_and_every_seam_is_seen(self, count: int, size: int, data: st.DataObject) -> None:
        """Each token is in a window, none is empty or too long, and neighbours share the overlap."""
        overlap = data.draw(st.integers(0, size - 1))
        windows = cut(count, size, overlap)
        assert windows[0][0] == 0
        assert windows[-1][1] == count
        assert all(0 < last - first <= size for first, last in windows)
        assert all(left[1] - right[0] >= overlap for left, right in pairwise(windows))
