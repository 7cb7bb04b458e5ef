"""The directions of the house: which room imports which, read from the sources, not run.

A room is a folder or a module of ``dashboard``; ``uploads/inside`` is one of its own.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]

_ARRAYS = {"inference"}  # for its names of arrays, if for nothing else
_DRAWN = {"charts", "overlays", "channel_pictures"}
_COMPUTING = {
    *("attribution", "faithfulness", "stress", "limits", "features"),
    *("sequences", "generation", "families", "learning"),
}
_ASKING = {"widgets", "figures", "state", "cache", "parsing"}

# room: the rooms that it may import. There is no circle in it, and so none in the house.
ALLOWED: dict[str, set[str]] = {
    "app": {"views", *_ASKING, "inference"},
    "views": {*_ASKING, "explanation", *_COMPUTING, *_DRAWN, "uploads", "inference"},
    "widgets": {
        "figures",
        "state",
        "cache",
        "parsing",
        "explanation",
        *_DRAWN,
        "uploads",
        "inference",
    },
    "figures": {"state", "parsing", *_DRAWN, "inference"},
    "state": set(),
    "parsing": set(),
    "cache": {"state", "explanation", *_COMPUTING, "uploads", "inference"},
    "explanation": {*_COMPUTING, *_DRAWN, "inference"},
    "limits": {"attribution", "faithfulness", "stress", *_DRAWN, "inference"},
    "families": {"generation", "inference"},
    "generation": {"attribution", *_DRAWN, "inference"},
    "features": {"channel_pictures", "inference"},
    "charts": {"faithfulness", "inference"},
    "channel_pictures": {"overlays", "inference"},
    "overlays": _ARRAYS,
    "faithfulness": {"attribution", "inference"},
    "attribution": _ARRAYS,
    "stress": _ARRAYS,
    "sequences": _ARRAYS,
    "learning": _ARRAYS,
    "uploads": _ARRAYS,  # and the guest's side by starting it, not by importing it
    "uploads.inside": {"uploads", "inference"},
    "inference": set(),
}
# A page imports no other page, but this one explains a picture as that one does.
ALLOWED_PAGES = {("own_model", "explain")}

# library: the rooms that may import it; torch and those after it in functions only.
LIBRARIES = {
    "streamlit": {"app", "state", "cache", "views", "widgets", "figures"},
    "onnxruntime": {"inference", "limits", "uploads.inside"},
    "onnx": {"inference", "limits", "uploads.inside"},
    "torch": {"attribution"},
    "captum": {"attribution"},
    "sklearn": set(),
    "skimage": {"attribution"},
    "scipy": {"attribution", "stress"},
}
ON_FIRST_USE = {"torch", "captum", "sklearn", "skimage", "scipy"}
# The one thing of the dashboard that a training script runs.
# What export writes and the dashboard reads: they import neither side.
SHARED = ("export.card.", "export.evidence.")
PAGES_SAMPLER = ("export.train.diffusion", "dashboard.generation.sampler")
# It is made of torch's classes, so it is itself imported in functions only.
BRIDGE = "dashboard.attribution.bridge"


@dataclass(frozen=True)
class Import:
    """``module`` imports ``name`` (a module, or a thing in it); ``is_late``: in a function."""

    module: str
    name: str
    is_late: bool

    @property
    def top(self) -> str:
        """The package that is imported."""
        return self.name.split(".", 1)[0]


def _walk(node: ast.AST, is_late: bool) -> Iterator[tuple[ast.AST, bool]]:
    for child in ast.iter_child_nodes(node):
        late = is_late or isinstance(child, ast.FunctionDef)
        yield child, late
        yield from _walk(child, late)


@cache
def list_imports(folder: str) -> tuple[Import, ...]:
    found = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        for node, is_late in _walk(ast.parse(path.read_text(encoding="utf-8")), False):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert not node.level, f"{module}: the house's imports are absolute"
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            found += [Import(module, name, is_late) for name in names]
    return tuple(found)


def name_room(name: str) -> str:
    """Return the room of a module of ``dashboard`` (or of a thing in it)."""
    parts = name.split(".")
    if parts[1:3] == ["uploads", "inside"]:
        return "uploads.inside"
    return parts[1] if len(parts) > 1 else "dashboard"


def name_page(name: str) -> str | None:
    """Return the page whose folder a module (or a thing in it) lies in, or None."""
    parts = name.split(".")
    is_page = parts[:2] == ["dashboard", "views"] and (ROOT / Path(*parts[:3])).is_dir()
    return parts[2] if len(parts) > 2 and is_page else None


def tell(breaches: list[Import]) -> str:
    return "\n".join(f"{each.module} imports {each.name}" for each in breaches)


def test_the_table_has_no_circle_and_names_every_room() -> None:
    TopologicalSorter(ALLOWED).prepare()  # raises CycleError
    rooms = {name_room(each.module) for each in list_imports("dashboard")}
    assert rooms - {"dashboard"} == ALLOWED.keys()


def test_rooms_import_only_what_the_table_allows() -> None:
    breaches = [
        each
        for each in list_imports("dashboard")
        if each.top == "dashboard"
        and name_room(each.name) not in {name_room(each.module), *ALLOWED[name_room(each.module)]}
    ]
    assert not breaches, tell(breaches)


def test_a_page_imports_no_other_page() -> None:
    pages = [
        (each, name_page(each.module), name_page(each.name)) for each in list_imports("dashboard")
    ]
    breaches = [
        each
        for each, own, other in pages
        if own and other and own != other and (own, other) not in ALLOWED_PAGES
    ]
    assert not breaches, tell(breaches)


def test_only_the_registry_imports_pages() -> None:
    breaches = [
        each
        for each in list_imports("dashboard")
        if name_page(each.name) and not name_page(each.module) and each.module != "dashboard.views"
    ]
    assert not breaches, tell(breaches)


def test_libraries_stay_in_their_rooms() -> None:
    breaches = [
        each
        for each in list_imports("dashboard")
        if each.top in LIBRARIES and name_room(each.module) not in LIBRARIES[each.top]
    ]
    assert not breaches, tell(breaches)


def test_heavy_libraries_are_imported_on_first_use() -> None:
    breaches = [
        each
        for each in list_imports("dashboard")
        if not each.is_late
        and each.module != BRIDGE
        and (each.top in ON_FIRST_USE or each.name.startswith(f"{BRIDGE}."))
    ]
    assert not breaches, tell(breaches)


def test_the_dashboard_uses_of_export_what_reads_no_data_and_loads_no_torch() -> None:
    breaches = [
        each
        for each in list_imports("dashboard")
        if each.top == "models"
        or (each.top == "export" and not each.name.startswith(("export.autodiff.", *SHARED)))
    ]
    assert not breaches, tell(breaches)
    shared = [each for each in list_imports("export") if f"{each.module}." in SHARED]
    assert {each.top for each in shared} <= {"msgspec", *sys.stdlib_module_names}, tell(shared)


def test_autodiff_stands_alone_and_export_asks_the_dashboard_only_to_measure_it() -> None:
    breaches = [
        each
        for each in list_imports("export")
        if (
            each.top == "dashboard"
            and not each.module.startswith("export.benchmark")
            # A card's figures are of pictures that the page's own sampler made.
            and (each.module, each.name.rsplit(".", 1)[0]) != PAGES_SAMPLER
        )
        or each.top == "streamlit"
        or (
            each.module.startswith("export.autodiff")
            and (each.top in {"models", "torch"} or not each.name.startswith("export.autodiff"))
            and each.top in {"models", "torch", "export"}
        )
    ]
    assert not breaches, tell(breaches)


def test_models_import_torch_only() -> None:
    allowed = {"torch", "models", *sys.stdlib_module_names}
    breaches = [each for each in list_imports("models") if each.top not in allowed]
    assert not breaches, tell(breaches)


def test_choose_computes_and_select_draws() -> None:
    for path in sorted((ROOT / "dashboard").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef):
                continue
            names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
            verb = node.name.lstrip("_").split("_")[0]
            assert verb != "choose" or not names & {"st", "state"}, (path, node.name)
            assert verb != "select" or {"views", "widgets"} & {*path.parts}, (path, node.name)
