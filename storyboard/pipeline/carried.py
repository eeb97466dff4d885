"""The program in one file, `pipeline.py` of a pipeline folder, so that diffusers alone can load and draw with it.

`DiffusionPipeline.from_pretrained(FOLDER, trust_remote_code=True)` copies that one file elsewhere and runs it. So the
file contains the source of every module that drawing needs. It is generated from the modules whenever a folder is
saved, and nobody edits it. `StoryPipeline.from_pretrained` never runs it. The folder's index names it in a form that
diffusers also accepts from the Hub. Knows modules, but not what is in them.
"""

from __future__ import annotations

import ast
import importlib.util
import json
from collections.abc import Mapping
from importlib.abc import InspectLoader
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from storyboard.disk.durable import write_whole
from storyboard.models.folder import INDEX

FILE = "pipeline.py"
DRAWS = "storyboard.pipeline"
TOP = "storyboard"
CLASS = "StoryPipeline"
# For every list in the index that begins with a word, diffusers checks, for the Hub only, that the word is a library it
# knows or a file in the folder of that part.
KNOWN = "diffusers"
LIBRARIES = (KNOWN, "transformers")

HEAD = '''"""{name}, for `DiffusionPipeline.from_pretrained(FOLDER, trust_remote_code=True)`. MIT licence.

Written by `{name}.save_pretrained`, not by hand: the modules of storygpt-v-storyboard that draw, each as it is in
its file, with "|" before every line. Where the program is installed, that is used instead.
"""

import importlib
import importlib.abc
import importlib.util
import sys

PACKAGES = {packages}
SOURCES = {{}}
'''
TAIL = '''
class Carried(importlib.abc.MetaPathFinder, importlib.abc.ExecutionLoader):
    """Imports the modules below "storyboard" from SOURCES."""

    def find_spec(self, name, path=None, target=None):
        if name in SOURCES:
            return importlib.util.spec_from_loader(name, self, is_package=self.is_package(name))
        return None

    def is_package(self, name):
        return name in PACKAGES

    def get_filename(self, name):
        return f"<{{name}} in {{__file__}}>"

    def get_source(self, name):
        return "\\n".join(line[1:] for line in SOURCES[name].split("\\n"))


if importlib.util.find_spec("{top}") is None:
    sys.meta_path.insert(0, Carried())
{name} = importlib.import_module("{draws}").{name}
'''


def write_code(folder: Path) -> None:
    """Writes FILE into a saved pipeline folder, and notes in the folder's index that FILE has the pipeline's class."""
    write_whole(folder / FILE, code().encode("utf-8"))
    index = with_code(json.loads((folder / INDEX).read_text(encoding="utf-8")))
    write_whole(folder / INDEX, (json.dumps(index, indent=2, sort_keys=True) + "\n").encode("utf-8"))


def with_code(index: Mapping[str, Any]) -> dict[str, Any]:
    """Returns an index that names FILE as the place of the pipeline's class. diffusers accepts it from the Hub too."""
    told = {name: _for_the_hub(value) for name, value in without_code(index).items()}
    return {**told, "_class_name": [Path(FILE).stem, CLASS]}


def without_code(index: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the index as diffusers itself writes it: parts by their modules, the pipeline by its class."""
    told = {name: _as_it_was(value) for name, value in index.items()}
    if isinstance(named := index.get("_class_name"), list):
        told["_class_name"] = named[-1]
    return told


def _for_the_hub(value: Any) -> Any:
    match value:
        case [str(module), str(kind)] if module.startswith(f"{TOP}."):
            return [KNOWN, f"{module}.{kind}"]
        case [str(), *_] if value[0] not in LIBRARIES:  # a setting whose value is a list of words
            return [value]
    return value


def _as_it_was(value: Any) -> Any:
    match value:
        case [str(), str(kind)] if kind.startswith(f"{TOP}."):
            module, _, name = kind.rpartition(".")
            return [module, name]
        case [[str(), *_] as words]:
            return words
    return value


def code() -> str:
    """Returns the text of FILE."""
    sources = sources_of(DRAWS)
    packages = sorted(
        name for name in sources if (spec := _spec(name)) and spec.submodule_search_locations is not None
    )
    names = {"name": CLASS, "draws": DRAWS, "top": TOP}
    parts = [HEAD.format(packages=packages, **names)]
    for name, source in sorted(sources.items()):
        shown = source.replace("\\", "\\\\").replace("'''", "\\'\\'\\'")
        lines = "\n".join(f"|{line}" for line in shown.split("\n"))
        parts.append(f"SOURCES[{name!r}] = '''{lines}'''\n")
    return "\n".join([*parts, TAIL.format(**names)])


def sources_of(name: str) -> dict[str, str]:
    """Returns, by name, the source of a module of this program and of all its modules that this one needs."""
    found: dict[str, str] = {}
    waiting = [name]
    while waiting:
        one = waiting.pop()
        spec = None if one in found else _spec(one)
        if spec is None or not isinstance(spec.loader, InspectLoader):
            continue
        found[one] = spec.loader.get_source(one) or ""
        waiting.extend([one.rpartition(".")[0], *_imported(found[one], spec.parent or "")])
    return found


def _imported(source: str, package: str) -> list[str]:
    """Returns the full names of what a source in `package` imports: modules, and names in them, which may be modules
    too.
    """
    named: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            named += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            named += [module, *(f"{module}.{alias.name}" for alias in node.names)]
    return named


def _spec(name: str) -> ModuleSpec | None:
    """Returns the spec of a module of this program, or None if the name is not one of its modules."""
    if name.partition(".")[0] != TOP:
        return None
    try:
        return importlib.util.find_spec(name)
    except ModuleNotFoundError:  # the name of something inside a module
        return None
