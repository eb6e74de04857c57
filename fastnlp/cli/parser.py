"""Commands and their options. What they run is imported when they run, so that `--help` is quick."""
# ruff: noqa: PLC0415

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any, TypeAlias

import click

from fastnlp._version import __version__

Command: TypeAlias = Callable[..., Any]


def options(*decorators: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Several options as one decorator, in the order in which `--help` shall list them."""
    return lambda command: reduce(lambda inner, decorate: decorate(inner), reversed(decorators), command)


PATH = click.Path(path_type=Path)

text_rules = options(
    click.option(
        "--rules",
        type=click.Choice(["keras", "bert"]),
        default="keras",
        help="How text becomes words: as KerasHub does, or as Hugging Face's and Google's BERT do.",
    ),
    click.option("--lowercase/--no-lowercase", default=False, help="Lower-case the text."),
    click.option(
        "--strip-accents/--no-strip-accents",
        default=None,
        help="Remove accents. By default, 'bert' does where it lower-cases, 'keras' does not.",
    ),
    click.option("--split/--no-split", default=True, help="Split at white space and punctuation."),
    click.option("--split-on-cjk/--no-split-on-cjk", default=True, help="Set CJK ideographs apart."),
)
suffix_indicator = click.option(
    "--suffix-indicator", default="##", metavar="TEXT", help="What begins the tokens inside a word."
)
reading = options(
    click.option(
        "--document",
        type=click.Choice(["line", "file"]),
        default="line",
        help="What a document is in a text file: every line, an empty one too, or the file.",
    ),
    click.option("--field", default="text", metavar="NAME", help="The field that holds the text in JSON Lines."),
    click.option(
        "--errors",
        type=click.Choice(["replace", "strict"]),
        default="replace",
        help="What invalid UTF-8 does: stand for U+FFFD, or end the command.",
    ),
)
COUNT = click.IntRange(min=1)
learner = options(
    click.option(
        "--reserved-token",
        "reserved_tokens",
        multiple=True,
        default=["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"],
        metavar="TOKEN",
        help="What the vocabulary begins with; may be repeated.",
    ),
    click.option(
        "--algorithm",
        type=click.Choice(["subtract_all", "subtract_kept"]),
        default="subtract_all",
        help="As the library of tensorflow-text and KerasHub learn, or as the guide of tensorflow-text describes it: "
        "then beginnings of words are learned too.",
    ),
    click.option("--upper-threshold", type=COUNT, default=10_000_000, help="Largest threshold on counts to try."),
    click.option("--lower-threshold", type=COUNT, default=10, help="Smallest threshold on counts to try."),
    click.option("--num-iterations", type=COUNT, default=4, help="How many times words are cut."),
    click.option("--max-input-tokens", type=COUNT, default=5_000_000, help="Learn from so many different words."),
    click.option("--max-token-length", type=COUNT, default=50, help="Leave out words with more characters."),
    click.option("--max-unique-characters", type=COUNT, default=1000, help="Leave out words with rarer characters."),
    click.option(
        "--slack-ratio",
        type=click.FloatRange(0, 1),
        default=0.05,
        help="Share of the size that may be missing when the search ends.",
    ),
)
threads = click.option(
    "--threads", "num_threads", type=click.IntRange(min=1), metavar="N", help="Threads to use; one a core by default."
)
counting = options(
    threads,
    click.option(
        "--max-memory",
        "max_megabytes",
        type=click.IntRange(min=1),
        default=1024,
        metavar="MB",
        help="Memory to count in; counts that would take more lie in temporary files.",
    ),
)
quiet = click.option("--quiet", is_flag=True, help="Show no progress.")


@click.group(context_settings={"show_default": True, "help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
def program() -> None:
    """Raw text to what Keras models train on, as fast as the machine can."""


@program.command()
@click.argument("inputs", metavar="[INPUT]...", nargs=-1, type=PATH)
@click.option("--size", "vocabulary_size", type=click.IntRange(min=1), default=4000, help="Largest number of tokens.")
@click.option("--lowercase", is_flag=True, help="Lower-case the text.")
@click.option("--out", type=PATH, metavar="DIR", help="Keep the token store in this new folder.")
def demo(**arguments: Any) -> None:
    """Learn a vocabulary, build a token store, and read it.

    From INPUT, files or folders of .txt and .jsonl, or from the documentation that Python carries.
    """
    from fastnlp.cli.demo import run

    run(**arguments)


@program.group()
def vocab() -> None:
    """Vocabularies."""


@vocab.command("count")
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True, type=PATH)
@click.option("--out", type=PATH, metavar="FILE", required=True, help="The counts file to write, named *.parquet.")
@text_rules
@reading
@counting
@quiet
def vocab_count(**arguments: Any) -> None:
    """Count the words of text.

    INPUT: files or folders, read as `fastnlp corpus build` does.

    The counts file is Parquet, with the columns word and count. `fastnlp vocab learn` learns vocabularies from it.
    """
    from fastnlp.cli.vocab import count

    count(**arguments)


@vocab.command("learn")
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True, type=PATH)
@click.option(
    "--size",
    "vocabulary_sizes",
    type=click.IntRange(min=1),
    multiple=True,
    required=True,
    help="Largest number of tokens; may be repeated.",
)
@click.option(
    "--out",
    type=PATH,
    metavar="FILE",
    required=True,
    help="The file to write, one token a line. {size} in its name stands for the size asked for.",
)
@text_rules
@suffix_indicator
@learner
@click.option(
    "--held-out", type=PATH, metavar="FILE", help="Report how the vocabulary fits this text, or these counts, too."
)
@reading
@counting
@quiet
def vocab_learn(**arguments: Any) -> None:
    """Learn a WordPiece vocabulary from text, or from word counts, and report how it fits.

    INPUT: files or folders, read as `fastnlp corpus build` does; or counts files, named *.parquet, which are added up.
    """
    from fastnlp.cli.vocab import learn

    learn(**arguments)


@program.group()
def corpus() -> None:
    """Token stores."""


@corpus.command("build")
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True, type=PATH)
@click.option("--vocabulary", type=PATH, metavar="FILE", required=True, help="One token a line.")
@click.option("--out", type=PATH, metavar="DIR", required=True, help="The folder to make.")
@text_rules
@suffix_indicator
@click.option("--oov-token", default="[UNK]", metavar="TOKEN", help="What stands for a word that cannot be spelled.")
@click.option(
    "--special-token",
    "special_tokens",
    multiple=True,
    metavar="TOKEN",
    help="Find this token in the text and keep it whole; may be repeated.",
)
@reading
@threads
@quiet
def corpus_build(**arguments: Any) -> None:
    """Encode text into a memory-mapped token store.

    INPUT: files named *.txt or *.jsonl, packed (.gz, .xz) or not, and folders, which are searched for them.
    """
    from fastnlp.cli.corpus import build

    build(**arguments)


@corpus.command("show")
@click.argument("path", metavar="DIR", type=PATH)
@click.option(
    "--document", "documents", type=int, multiple=True, metavar="I", help="Show this document; may be repeated."
)
def corpus_show(**arguments: Any) -> None:
    """Show what a token store holds."""
    from fastnlp.cli.corpus import show

    show(**arguments)


@program.command()
@click.argument("inputs", metavar="[INPUT]...", nargs=-1, type=PATH)
@click.option("--vocabulary", type=PATH, metavar="FILE", help="One token a line; learned from the text by default.")
@click.option(
    "--rules",
    type=click.Choice(["keras", "bert"]),
    default="bert",
    help="How text becomes words in all but the comparison, where every peer has its own rules.",
)
@click.option("--lowercase/--no-lowercase", default=True, help="Lower-case the text.")
@threads
@click.option(
    "--megabytes", type=click.FloatRange(0.001), default=16, metavar="N", help="Take so much of the text at most."
)
@click.option("--target", metavar="NAME", help="The CPU target, as `fastnlp info` names them; the best by default.")
@click.option("--json", "json_file", type=PATH, metavar="FILE", help="Write all figures to this file.")
@click.option("--chart", "chart_file", type=PATH, metavar="FILE", help="Draw the speeds into this PNG.")
def bench(**arguments: Any) -> None:
    """Measure every step of encoding, every target, and the peers that are installed.

    On INPUT, files or folders of .txt and .jsonl, or on the documentation that Python carries.
    """
    from fastnlp.cli.bench import run

    run(**arguments)


@program.command()
@click.argument("number", type=click.IntRange(1, 6))
@click.option(
    "--data",
    type=PATH,
    metavar="PATH",
    help="A folder with the reviews, as imdb-train.jsonl.xz and imdb-test.jsonl.xz or as aclImdb_v1.tar.gz, packed or "
    "unpacked. By default the archive is downloaded.",
)
@click.option(
    "--preset",
    metavar="PRESET",
    help="A folder, a handle of Kaggle or Hugging Face, or a known name; by default the guide's.",
)
@click.option(
    "--vocabulary", type=PATH, metavar="FILE", help="In 5: a vocabulary in place of the preset's; one token a line."
)
@click.option(
    "--text",
    type=PATH,
    metavar="PATH",
    multiple=True,
    help="In 5: train on these files or folders, read as `fastnlp corpus build` does, in place of the reviews; may be "
    "repeated.",
)
@click.option("--epochs", type=COUNT, help="How often to go through the examples.")
@click.option("--batch-size", type=COUNT, help="Examples a step.")
@click.option("--sequence-length", type=COUNT, help="Tokens an example.")
@click.option("--learning-rate", type=click.FloatRange(0, min_open=True), help="The optimizer's, at its highest.")
@click.option(
    "--word2vec-epochs",
    type=COUNT,
    help="In 5: first learn token embeddings by so many epochs of word2vec; needs gensim.",
)
@click.option("--limit", type=COUNT, metavar="N", help="Train and test on so many examples at most.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Of weights, order, dropout and masks; 0 by default.")
@click.option("--out", type=PATH, metavar="DIR", help="Save the model in this new folder.")
@click.option("--backend", type=click.Choice(["tensorflow", "jax", "torch"]), help="Keras's backend.")
@click.option(
    "--dtype", type=click.Choice(["float32", "mixed_float16", "mixed_bfloat16"]), help="Keras's dtype policy."
)
@quiet
def example(**arguments: Any) -> None:
    """Run a workflow of KerasNLP's getting-started guide on IMDB's film reviews.

    \b
    1  evaluate a pretrained classifier
    2  fine-tune a pretrained backbone
    3  fine-tune with preprocessing of one's own
    4  train a model of one's own on a frozen backbone
    5  pretrain a backbone with masked language modelling
    6  build and train a transformer from scratch

    They are scripts to read and to change, in fastnlp/examples. What is not asked for is as in the guide.
    """
    from fastnlp.cli.example import run

    run(**arguments)


@program.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def info(**arguments: Any) -> None:
    """Show what this installation is made of."""
    from fastnlp.cli.info import show

    show(**arguments)
