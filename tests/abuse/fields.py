"""What every POST route reads of a form: the names of its fields, found in its code."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel

from app.web.crowd import Door

# What the code calls that which was typed.
TYPED = {"values", "fields"}
# The modules that know forms: verbs take plain values.
KNOWING = {"routes", "forms", "dependencies"}
# Names that are made while the page is: of a row's number, of what was found in a text.
MADE = {
    "/moderation/lot": ["item-1", "passage-1"],
    "/moderation/petitions/{petition_id}/decision": ["line-1", "remark-1"],
    "/moderation/commentaires/{comment_id}/indices": ["capitals"],
    "/administration/charte": ["title-1", "body-1", "breaks-1", "ok-1", "applies-1", "retired-1"],
    "/administration/fraude/{slug}/lots": ["ligne-0123456789abcdef0123456789abcdef"],
}
# What a form class makes of other fields.
OWN = {"effects", "items", "remarks"}


def fields_of(route: APIRoute | Door) -> list[str]:
    """The names that this route reads of a form, in the order of its code."""
    names = dict.fromkeys(MADE.get(route.path, []))
    for function in [route.endpoint, *(_called(route.dependant) if isinstance(route, APIRoute) else [])]:
        names |= dict.fromkeys(_read_by(inspect.unwrap(function)))
    return [name for name in names if name not in OWN]


def _called(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    for inner in dependant.dependencies:
        if inner.call is not None:
            yield inner.call
        yield from _called(inner)


@cache
def _read_by(what: Any, depth: int = 4) -> tuple[str, ...]:
    """By a function or a form class, and by those of its kind that it mentions."""
    module = getattr(what, "__module__", "")
    if not depth or not module.startswith("app.") or not KNOWING & set(module.split(".")):
        return ()
    tree = ast.parse(textwrap.dedent(inspect.getsource(what)))
    names = list(what.model_fields) if inspect.isclass(what) and issubclass(what, BaseModel) else []
    names += _named(tree)
    if inspect.isfunction(what):
        for name in sorted({node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}):
            known = what.__globals__.get(name)
            if inspect.isfunction(known) or inspect.isclass(known):
                names += _read_by(inspect.unwrap(known), depth - 1)
    return tuple(dict.fromkeys(names))


def _named(tree: ast.AST) -> Iterator[str]:
    """``values.get("x")``, ``values["x"]``, ``"x" in values``; ``values.get(n) for n in ("x", "y")``."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="get"), args=[ast.Constant(value=str(x)), *_]
            ):
                found = [x]
            case ast.Call(func=ast.Attribute(value=ast.Await(), attr="get"), args=[ast.Constant(value=str(x)), *_]):
                name, found = "values", [x]
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(x))):
                found = [x]
            case ast.Compare(left=ast.Constant(value=str(x)), ops=[ast.In()], comparators=[ast.Name(id=name)]):
                found = [x]
            case ast.comprehension(iter=ast.Tuple(elts=elements)) if "values" in ast.dump(tree):
                name, found = "values", [str(e.value) for e in elements if isinstance(e, ast.Constant)]
            case _:
                continue
        yield from found if name in TYPED else ()
