"""What tasks and implementations are called, in benchmarks and in reports."""

ENCODE = "Encode a list of str"
ENCODE_LINES = "Encode the lines of a file"
ENCODE_WITH_OFFSETS = "Encode a list of str, with offsets"
ENCODE_DATASET = "Encode in tf.data"
ENCODE_TOKENS_DATASET = "Encode to tokens in tf.data"
DECODE = "Decode to a list of str"
DECODE_DATASET = "Decode in tf.data"
TOKENS = "Ids to tokens"
LEARN = "Learn a vocabulary from word counts"
LEARN_FROM_TEXT = "Learn a vocabulary from a list of str"

# The part after the first space says which part of an implementation, or how it is used.
FASTNLP = "fastnlp"
FASTNLP_COLD = "fastnlp cold cache"
FASTNLP_SUBTRACT_KEPT = "fastnlp subtract_kept"
REFERENCE = "fastnlp reference in Python"
FAST_BERT = "tensorflow-text FastBertTokenizer"
TENSORFLOW_TEXT_LEARN = "tensorflow-text wordpiece_tokenizer_learner_lib"
KERAS_HUB = "KerasHub WordPieceTokenizer"
KERAS_HUB_LEARN = "KerasHub compute_word_piece_vocabulary"
NANOTOKEN_WARM = "nanotoken warm cache"
NANOTOKEN_COLD = "nanotoken cold cache"
NANOTOKEN_DECODE = "nanotoken decode_batch"
TOKENIZERS_ENCODE = "tokenizers encode_batch"
TOKENIZERS_DECODE = "tokenizers decode_batch"
TOKENIZERS_TOKENS = "tokenizers id_to_token"
TOKENIZERS_WORD_PIECE = "tokenizers WordPieceTrainer"
TOKENIZERS_BPE = "tokenizers BpeTrainer"

OWN = {FASTNLP, FASTNLP_COLD, FASTNLP_SUBTRACT_KEPT}
COLD = {FASTNLP_COLD, NANOTOKEN_COLD}
