"""What tasks and implementations are called, in benchmarks and in reports."""

ENCODE = "Encode a list of str"
ENCODE_LINES = "Encode the lines of a file"
ENCODE_WITH_OFFSETS = "Encode a list of str, with offsets"
ENCODE_DATASET = "Encode in tf.data"
ENCODE_TOKENS_DATASET = "Encode to tokens in tf.data"
DECODE = "Decode to a list of str"
DECODE_DATASET = "Decode in tf.data"
TOKENS = "Ids to tokens"
PACK_SEGMENTS = "Pack two segments into rows of {}"
PACK_START_END = "Pack one segment into rows of {}"
MASK_TOKENS = "Mask rows of 256 tokens, {}"
MASK_DATASET = "Mask rows of 256 tokens in tf.data"
PACK_DATASET = "Pack two segments into rows of {} in tf.data"

# The part after the first space says which part of an implementation, or how it is used.
FASTNLP = "fastnlp"
FASTNLP_COLD = "fastnlp cold cache"
REFERENCE = "fastnlp reference in Python"
FAST_BERT = "tensorflow-text FastBertTokenizer"
KERAS_HUB = "KerasHub WordPieceTokenizer"
KERAS_HUB_PACKER = "KerasHub MultiSegmentPacker"
KERAS_HUB_MASKER = "KerasHub MaskedLMMaskGenerator"
COPY = "memcpy of the same output"
NANOTOKEN_WARM = "nanotoken warm cache"
NANOTOKEN_COLD = "nanotoken cold cache"
NANOTOKEN_DECODE = "nanotoken decode_batch"
TOKENIZERS_ENCODE = "tokenizers encode_batch"
TOKENIZERS_DECODE = "tokenizers decode_batch"
TOKENIZERS_TOKENS = "tokenizers id_to_token"

OWN = {FASTNLP, FASTNLP_COLD}
COLD = {FASTNLP_COLD, NANOTOKEN_COLD}
