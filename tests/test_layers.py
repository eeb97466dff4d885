"""The rooms of `storyboard/` and `training/`: imports only go to floors below, and an import runs nothing else."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HOUSES = {
    house: {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sorted((ROOT / house).rglob("*.py"))
    }
    for house in ("storyboard", "training")
}
MODULES = HOUSES["storyboard"]
EVERY_MODULE = {name: path for modules in HOUSES.values() for name, path in modules.items()}

# The floors of each house, from the lowest, each with its rooms. A module imports from its own room and floors below.
FLOORS = {
    "storyboard": (
        ("errors",),
        ("disk", "text", "people"),
        ("renderer",),
        ("models", "story"),
        ("pipeline", "library", "exports"),
        ("studio",),
        ("commands", "served"),
        ("ui",),
        ("__main__",),
    ),
    "training": (
        ("configs", "loop", "maple_lane"),
        ("data",),
        ("examples", "released"),
        ("train_char_ldm", "align_llm", "story_ldm", "ar_ldm", "story_dalle"),
        ("pretrain",),
        ("evaluate",),
        ("assemble", "disassemble", "import_weights", "masks", "cache_conditions"),
    ),
}
# Old places of commands whose modules moved up. They only point to the new place, and nothing imports them.
DOORS = {"training.data.conditions"}
STUDY_PAGE = ROOT / "training" / "evaluate" / "study" / "page.py"
MOST_ENTRIES = {"storyboard": 15, "training": 19}
FILES_ONLY = {"accelerate"}  # launch configs, not modules
TORCHLESS = ("errors", "disk", "text", "renderer", "story", "library", "studio")
PEOPLE_MAY_USE = ("storyboard.people", "storyboard.errors", "numpy", "PIL")
MODELS_MAY_USE = ("storyboard.models", "storyboard.text", "storyboard.disk", "storyboard.errors")
PURE_CALLS = {
    "items",
    "join",
    "sorted",
    "values",
    "compile",
    "frozenset",
    "split",
    "getLogger",
    "Path",
    "resolve",
    "Color",
    "TypeVar",
    "Struct",
    *("ContextVar", "BoundedSemaphore", "Lock", "OrderedDict"),  # these are still empty
    "format",
    "get_args",
    *("a_text", "names_in", "optional", "_verb"),  # the checks and verbs of studio/verbs.py
    *("Argument", "Verb", "a_file", "edit", "edit_of_a_frame", "edit_told_in_short", "_drawing", "_in_bulk"),
    "cos",
    "sin",
    "range",
    "dict",
    "zip",
    "rgb",
    "Style",
    "Hat",
    "Top",
    "tuple",
    "fromkeys",
    "MappingProxyType",
    "_union",
}  # these only make a value


def imports(path: Path, package: str) -> set[str]:
    """Returns every module that a file imports anywhere, as absolute names. `from a import b` gives "a" and "a.b"."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parent = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parent, base] if base else parent)
            found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return found


def imports_of(name: str) -> set[str]:
    path = EVERY_MODULE[name]
    return imports(path, name if path.name == "__init__.py" else name.rpartition(".")[0])


def under(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def room(name: str) -> str:
    """Returns the room of a module of `storyboard`; "" for the package itself."""
    return name.partition(".")[2].partition(".")[0]


def floor(name: str) -> int:
    floors = FLOORS[name.partition(".")[0]]
    found = [number for number, rooms in enumerate(floors) if room(name) in rooms]
    assert found, f"{name} has no place in FLOORS; give its room one"
    return found[0]


def inside(name: str) -> set[str]:
    """Returns the modules of its own house that a module imports."""
    house = name.partition(".")[0]
    return {used for used in imports_of(name) & set(HOUSES[house]) if used != house}


@pytest.mark.parametrize("name", sorted(set(EVERY_MODULE) - set(HOUSES) - DOORS))
def test_imports_stay_in_their_room_or_go_to_a_floor_below(name):
    assert not {used for used in inside(name) if room(used) != room(name) and floor(used) >= floor(name)}
    assert not inside(name) & DOORS


@pytest.mark.parametrize("house", HOUSES)
def test_no_module_imports_itself_by_way_of_others(house):
    left = {name: inside(name) - {name} for name, path in HOUSES[house].items() if path.name != "__init__.py"}
    while free := [name for name, used in left.items() if not used & left.keys()]:
        for name in free:
            del left[name]
    assert not left


@pytest.mark.parametrize("house", HOUSES)
def test_the_house_is_drawn_by_its_folder(house):
    entries = {path.stem for path in (ROOT / house).iterdir() if path.name != "__pycache__"}
    rooms = {one for rooms in FLOORS[house] for one in rooms}
    assert entries - {"__init__"} - FILES_ONLY == rooms
    assert len(entries - {"__init__"}) <= MOST_ENTRIES[house]


@pytest.mark.parametrize("name", [name for name in MODULES if room(name) in TORCHLESS])
def test_the_story_layer_knows_no_model_library_and_no_page(name):
    foreign = (
        "torch",
        "gradio",
        "diffusers",
        "transformers",
        "numpy",
        "storyboard.models",
        "storyboard.pipeline",
    )
    assert not {used for used in imports_of(name) for one in foreign if under(used, one)}


@pytest.mark.parametrize("name", [name for name in MODULES if under(name, "storyboard.models")])
def test_models_know_no_story_and_no_page(name):
    used = {one for one in imports_of(name) if under(one, "storyboard") and one != "storyboard"}
    assert not {one for one in used if not any(under(one, allowed) for allowed in MODELS_MAY_USE)}
    assert not {one for one in imports_of(name) if under(one, "gradio")}


@pytest.mark.parametrize("name", [name for name in MODULES if under(name, "storyboard.people")])
def test_people_are_drawn_without_any_model_story_or_page(name):
    used = {
        one
        for one in imports_of(name)
        if one.partition(".")[0] not in sys.stdlib_module_names | {"storyboard"}
    }
    used |= {one for one in imports_of(name) if one.startswith("storyboard.")}
    assert not {one for one in used if not any(under(one, allowed) for allowed in PEOPLE_MAY_USE)}


@pytest.mark.parametrize("name", [name for name in MODULES if not under(name, "storyboard.ui")])
def test_nothing_knows_the_page_or_the_training(name):
    """The exception is the front door of the command line, which opens the page on request."""
    outside = ("storyboard.ui", "gradio", "training", "tests", "app")
    allowed = "storyboard.ui.serve" if name == "storyboard.__main__" else name
    used = {one for one in imports_of(name) if not under(one, allowed)}
    assert not {one for one in used for package in outside if under(one, package)}


def test_the_page_knows_no_training():
    for name in (name for name in MODULES if under(name, "storyboard.ui")):
        assert not {used for used in imports_of(name) if under(used, "training") or under(used, "tests")}


def test_the_training_knows_no_page():
    """The exception is the page of the human study, which is no page of the storyboard."""
    for path in (ROOT / "training").rglob("*.py"):
        package = ".".join(path.relative_to(ROOT).parent.parts)
        pages = {one for one in imports(path, package) if under(one, "storyboard.ui") or under(one, "gradio")}
        assert pages == ({"gradio"} if path == STUDY_PAGE else set())


def does_work(statement: ast.stmt) -> bool:
    """Returns whether a top-level statement does more than define, import or name a constant."""
    if isinstance(
        statement, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    ):
        return False
    if isinstance(statement, ast.Expr):
        return not isinstance(statement.value, ast.Constant)
    if isinstance(statement, ast.If):
        return ast.unparse(statement.test) not in ("__name__ == '__main__'", "TYPE_CHECKING")
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        calls = [node.func for node in ast.walk(statement) if isinstance(node, ast.Call)]
        names = {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "?") for call in calls}
        return not names <= PURE_CALLS
    return True


@pytest.mark.parametrize("name", MODULES)
def test_importing_a_module_does_no_work(name):
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    assert [ast.unparse(statement) for statement in tree.body if does_work(statement)] == []
