"""The house keeps its order: who imports whom, what is said about what is public, and what an import costs."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import networkx
import pytest

import netcourse
from netcourse import DockerLab

PACKAGE = Path(netcourse.__file__).parent
MODULES = {".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
           for path in PACKAGE.rglob("*.py")}
# who may not import whom
FORBIDDEN = [
    ("netcourse.simulation", "netcourse.real"), ("netcourse.real", "netcourse.simulation"),
    ("netcourse.simulation.linux", "netcourse.simulation.docker"),
    *((below, above) for below in ("netcourse.simulation", "netcourse.real", "netcourse.topology", "netcourse.journey",
                                   "netcourse.packets", "netcourse.difference", "netcourse.drawing")
      for above in ("netcourse.labs", "netcourse.checks", "netcourse.cli")),
    *((below, "netcourse.drawing") for below in ("netcourse.simulation", "netcourse.real", "netcourse.topology")),
]


def imports_of(name: str) -> Iterator[str]:
    """The modules of the package that a module imports when it is loaded: not those for types alone, or on demand."""
    for node in ast.parse(MODULES[name].read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("netcourse"):
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else node.module


def used_by(name: str) -> Iterator[str]:
    """The modules that it imports, when it is loaded or later; not those that it names for types alone."""
    tree = ast.parse(MODULES[name].read_text())
    tree.body = [n for n in tree.body if not (isinstance(n, ast.If) and "TYPE_CHECKING" in ast.dump(n.test))]
    return (node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module)


@pytest.mark.parametrize(("below", "above"), FORBIDDEN)
def test_imports_go_one_way(below: str, above: str) -> None:
    inside = [name for name in MODULES if f"{name}.".startswith(f"{below}.")]

    assert [(name, used) for name in inside for used in used_by(name) if f"{used}.".startswith(f"{above}.")] == []


def test_no_two_modules_need_each_other() -> None:
    graph = networkx.DiGraph((name, used) for name in MODULES for used in imports_of(name) if used != name)
    # a folder's own __init__ is loaded with each of its modules, and names them
    graph.remove_edges_from([(name, used) for name, used in graph.edges if name.startswith(f"{used}.")])

    assert list(networkx.simple_cycles(graph)) == []


def test_whatever_a_lab_offers_says_what_it_does() -> None:
    public = [member for name, member in inspect.getmembers(DockerLab) if not name.startswith("_")]

    assert [member for member in public if not inspect.getdoc(member)] == []


def test_each_module_says_what_lives_in_it() -> None:
    empty = [name for name, path in MODULES.items() if path.read_text().strip()
             and ast.get_docstring(ast.parse(path.read_text())) is None]

    assert empty == []


def test_importing_netcourse_loads_no_other_library() -> None:
    script = ("import sys, netcourse; "
              "print([m for m in ('docker', 'matplotlib', 'networkx', 'pyroute2', 'ipywidgets') if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
