"""Code for a fresh process in which packages look as if they were not installed."""

HIDE = """
import importlib.machinery
import sys

hidden = set()

class Finder(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in hidden else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(importlib.machinery.PathFinder)] = Finder

def imported(*packages):
    return [name for name in packages if name in sys.modules]
"""
