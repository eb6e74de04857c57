"""Presets: folders that hold a model, its tokenizer and its preprocessing, here or on a hub.

`from_preset()` and `save_to_preset()` of tokenizers, preprocessors, backbones
and tasks are built from this. The format is KerasHub's, read and written;
that of Hugging Face's transformers is read by the models that know it.
"""
