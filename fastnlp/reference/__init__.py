"""The definition of every kernel, in pure Python from the standard library: written to be read, never optimised."""
