"""What docs/differences.md says of behaviour, beside its lists of code points: of the oracles, and of us."""

from __future__ import annotations

import pytest

from fastnlp.ops import WordPiece
from fastnlp.tokenizers import WordPieceTokenizer

BYTES_OF_NO_CHARACTER = [b"a\xff", b"\xe2\x82", b"\xf0\x80", b"a.\xff"]


class TestKerasHub:
    @pytest.fixture
    def tokenizer(self):
        """KerasHub's tokenizer, on its path through TensorFlow; gives tokens."""
        pytest.importorskip("tensorflow_text")
        keras_hub = pytest.importorskip("keras_hub")

        def make(vocabulary, **options):
            return keras_hub.tokenizers.WordPieceTokenizer(
                vocabulary, dtype="string", _allow_python_workflow=False, **options
            )

        return make

    @staticmethod
    def ours(vocabulary, texts, **options):
        encoder = WordPiece(vocabulary, **options)
        return [[encoder.vocabulary[token_id] for token_id in row] for row in encoder.encode(texts).to_list()]

    def test_nul(self, tokenizer):
        vocabulary, texts = ["[UNK]", "a", "b"], ["a\0b", "\0a", "a \0 b"]
        assert tokenizer(vocabulary)(texts) == [["a"], [], ["a"]]
        assert self.ours(vocabulary, texts) == [["a", "b"], ["a"], ["a", "b"]]

    def test_nul_in_the_vocabulary(self, tokenizer):
        vocabulary = ["[UNK]", "\0a"]
        with pytest.raises(RuntimeError, match="zero-length key"):
            tokenizer(vocabulary)
        assert self.ours(vocabulary, ["\0a"], split=False) == [["\0a"]]

    def test_long_tokens(self, tokenizer):
        vocabulary = ["[UNK]", "a" * 257]
        with pytest.raises(RuntimeError, match="exceeds the max supported"):
            tokenizer(vocabulary)
        assert WordPiece(vocabulary).decode([1]) == "a" * 257

    @pytest.mark.parametrize("lowercase", [False, True])
    @pytest.mark.parametrize("strip_accents", [False, True])
    def test_invalid_utf8(self, tokenizer, lowercase, strip_accents):
        vocabulary = ["[UNK]", "a", "##a", "\ufffd", "##\ufffd", "."]
        options = {"lowercase": lowercase, "strip_accents": strip_accents}
        found = tokenizer(vocabulary, **options)(BYTES_OF_NO_CHARACTER)
        assert found == [["[UNK]"], ["[UNK]"], ["[UNK]"], ["a", ".", "[UNK]"]]
        expected = [["a", "##\ufffd"], ["\ufffd"], ["\ufffd", "##\ufffd"], ["a", ".", "\ufffd"]]
        assert self.ours(vocabulary, BYTES_OF_NO_CHARACTER, **options) == expected

    def test_lone_surrogates(self, tokenizer):
        vocabulary = ["[UNK]", "a", "##\ufffd"]
        with pytest.raises(ValueError, match="unicode string"):
            tokenizer(vocabulary)(["a\ud800"])
        assert self.ours(vocabulary, ["a\ud800"]) == [["a", "##\ufffd", "##\ufffd", "##\ufffd"]]

    def test_special_tokens_that_begin_alike(self, tokenizer):
        vocabulary = ["[UNK]", "[A]", "[A][B]", "[", "B", "]"]
        for special_tokens, found in (
            (["[A]", "[A][B]"], ["[A]", "[", "B", "]"]),
            (["[A][B]", "[A]"], ["[A][B]"]),
        ):
            options = {"special_tokens": special_tokens, "special_tokens_in_strings": True}
            assert tokenizer(vocabulary, **options)(["[A][B]"]) == [found]
            assert self.ours(vocabulary, ["[A][B]"], **options) == [["[A][B]"]]

    def test_special_tokens_with_ideographs(self, tokenizer):
        vocabulary = ["[UNK]", "[中]", "[", "中", "]"]
        options = {"special_tokens": ["[中]"], "special_tokens_in_strings": True}
        assert tokenizer(vocabulary, **options)(["[中]"]) == [["[", "中", "]"]]
        assert tokenizer(vocabulary, split_on_cjk=False, **options)(["[中]"]) == [["[中]"]]
        assert self.ours(vocabulary, ["[中]"], **options) == [["[中]"]]

    def test_special_tokens_with_spaces(self, tokenizer):
        vocabulary = ["[UNK]", " ", "a", "中"]
        options = {"special_tokens": [" "], "special_tokens_in_strings": True}
        assert tokenizer(vocabulary, **options)(["a a中"]) == [["a", " ", "a", " ", "中", " "]]
        assert self.ours(vocabulary, ["a a中"], **options) == [["a", " ", "a", "中"]]

    def test_special_tokens_without_split(self, tokenizer):
        options = {"split": False, "special_tokens": ["[A]"], "special_tokens_in_strings": True}
        assert tokenizer(["[UNK]", "a"], **options)(["a"]) == ["a"]
        with pytest.raises(ValueError, match="needs `split=True`"):
            WordPiece(["[UNK]", "a"], **options)

    def test_empty_tokens(self, tokenizer):
        vocabulary = ["[UNK]", "", "a"]
        assert tokenizer(vocabulary)(["a"]) == [["a"]]
        with pytest.raises(ValueError, match="must not be empty"):
            WordPiece(vocabulary)

    def test_vocabulary_of_the_suffix_indicator(self, tokenizer):
        with pytest.raises(RuntimeError, match="No valid vocab tokens"):
            tokenizer(["##"], oov_token="##")
        assert self.ours(["##"], ["a"], oov_token="##") == [["##"]]

    def test_vocabulary_files(self, tokenizer, tmp_path):
        path = tmp_path / "vocabulary.txt"
        path.write_bytes("[UNK]\na \nb\u3000\n##\u2028\nc\rd\ne\r\nf\n".encode())
        assert tokenizer(str(path)).get_vocabulary() == ["[UNK]", "a", "b", "##", "c", "d", "e", "f"]
        assert WordPiece(path).vocabulary == ("[UNK]", "a ", "b\u3000", "##\u2028", "c\rd", "e", "f")

    def test_config(self, tokenizer):
        vocabulary = ["[UNK]", "a"]
        assert "split_on_cjk" not in tokenizer(vocabulary, split_on_cjk=False).get_config()
        assert WordPieceTokenizer(vocabulary, split_on_cjk=False).get_config()["split_on_cjk"] is False

    def test_ids_that_are_not_in_the_vocabulary(self):
        # KerasHub's process ends with a segmentation fault.
        for token_id in (-1, 2, 1_000_000):
            with pytest.raises(ValueError, match=rf"in \[0, 1\]; received {token_id} in row 0, position 1"):
                WordPiece(["[UNK]", "a"]).decode([1, token_id])


class TestHuggingFace:
    @pytest.fixture
    def tokenizers(self):
        return pytest.importorskip("tokenizers")

    def test_vocabulary_files(self, tokenizers, tmp_path):
        path = tmp_path / "vocabulary.txt"
        path.write_bytes("[UNK]\na \nb\u3000\n##\u2028\nc\rd\ne\r\nf\n".encode())
        found = tokenizers.models.WordPiece.read_file(str(path))
        assert sorted(found, key=found.__getitem__) == ["[UNK]", "a", "b", "##", "c\rd", "e", "f"]
        assert WordPiece(path).vocabulary == ("[UNK]", "a ", "b\u3000", "##\u2028", "c\rd", "e", "f")

    def test_empty_tokens(self, oracle):
        vocabulary = ["[UNK]", "", "a"]
        assert oracle("bert", vocabulary).encode(["a"]).to_list() == [[2]]
        with pytest.raises(ValueError, match="must not be empty"):
            WordPiece(vocabulary, rules="bert")

    def test_decode(self, oracle):
        vocabulary = ["[UNK]", "[A]", "a", "##b", "."]
        options = {"special_tokens": ["[A]"], "special_tokens_in_strings": True}
        theirs = oracle("bert", vocabulary, **options)
        theirs.tokenizer.decoder = theirs.tokenizers.decoders.WordPiece()
        assert theirs.tokenizer.decode([1, 2, 3, 4, 5]) == "ab."
        ours = WordPiece(vocabulary, rules="bert", **options)
        assert ours.decode([1, 2, 3, 4]) == "[A] ab ."
        with pytest.raises(ValueError, match="received 5"):
            ours.decode([1, 2, 3, 4, 5])

    def test_special_tokens_without_split(self, oracle):
        options = {"split": False, "special_tokens": ["[A]"], "special_tokens_in_strings": True}
        assert oracle("bert", ["[UNK]", "[A]", "a"], **options).encode(["a[A]a"]).to_list() == [[2, 1, 2]]
        with pytest.raises(ValueError, match="needs `split=True`"):
            WordPiece(["[UNK]", "[A]", "a"], rules="bert", **options)

    def test_duplicate_tokens(self, tokenizers, tmp_path):
        path = tmp_path / "vocabulary.txt"
        path.write_text("[UNK]\na\nb\na\n")
        assert tokenizers.models.WordPiece.read_file(str(path)) == {"[UNK]": 0, "a": 3, "b": 2}
        with pytest.raises(ValueError, match="line 4: 'a' is there already, as line 2"):
            WordPiece(path)

    def test_lone_surrogates(self, oracle):
        vocabulary = ["[UNK]", "a", "##\ufffd"]
        with pytest.raises(TypeError):
            oracle("bert", vocabulary).encode(["a\ud800"])
        assert WordPiece(vocabulary, rules="bert").encode(["a\ud800"]).to_list() == [[1]]

    def test_special_tokens_that_are_not_in_the_vocabulary(self, oracle):
        options = {"special_tokens": ["[A]"], "special_tokens_in_strings": True}
        assert oracle("bert", ["[UNK]", "a"], **options).encode(["[A]"]).to_list() == [[2]]
        with pytest.raises(ValueError, match="must be in the vocabulary"):
            WordPiece(["[UNK]", "a"], rules="bert", **options)
