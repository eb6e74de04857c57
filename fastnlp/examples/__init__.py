"""The six workflows of KerasNLP's getting-started guide, each a script to read, to run and to change.

`fastnlp example 2 --data FOLDER` runs the second one. They use what any user of the package has, and nothing else.
"""

from __future__ import annotations

MODULES = {
    1: "pretrained_classifier",
    2: "fine_tuning",
    3: "own_preprocessing",
    4: "custom_model",
    5: "pretraining",
    6: "from_scratch",
}
