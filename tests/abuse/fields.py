"""What every POST route reads of a form: the names of its fields, found in its code."""

import ast
import inspect
import sys
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
    "/moderation/petitions/{petition_id}/decision": ["remark-1"],
    "/moderation/commentaires/{comment_id}/indices": ["capitals"],
    "/administration/charte": ["title-1", "body-1", "breaks-1", "ok-1", "applies-1", "retired-1"],
    "/organisation/petitions/{slug}/papier/saisir": ["sheet", "code-1", "n-1", "abroad"],
    "/organisation/petitions/{slug}/remise": ["to-0"],
    "/lancer": ["title"],
    "/lancer/{address}/{name}": ["name-1", "role-1"],
    "/administration/fraude/{slug}/lots": ["ligne-0123456789abcdef0123456789abcdef"],
}
# What a form class makes of other fields.
OWN = {"effects", "items", "places", "remarks", "retired", "texts", "typed", "verdicts"}


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
    """By a function or a form class, by those of its kind that it mentions, and by whom it hands the fields to."""
    module = getattr(what, "__module__", "")
    if not depth or not module.startswith("app."):
        return ()
    tree, known = ast.parse(textwrap.dedent(inspect.getsource(what))), vars(sys.modules[module])
    names = list(what.model_fields) if inspect.isclass(what) and issubclass(what, BaseModel) else []
    names += _named(tree, known)
    if inspect.isfunction(what):
        handed = [_value(call.func, known) for call in ast.walk(tree) if isinstance(call, ast.Call) and _hands(call)]
        mentioned = [_value(node, known) for node in ast.walk(tree) if isinstance(node, ast.Name)]
        for found in [*handed, *filter(_knows_forms, mentioned)]:
            if inspect.isfunction(found) or inspect.isclass(found):
                names += _read_by(inspect.unwrap(found), depth - 1)
    return tuple(dict.fromkeys(names))


def _hands(call: ast.Call) -> bool:
    return any(isinstance(argument, ast.Name) and argument.id in TYPED for argument in call.args)


def _knows_forms(what: Any) -> bool:
    return bool(KNOWING & set(getattr(what, "__module__", "").split(".")))


def _named(tree: ast.AST, known: dict[str, Any]) -> Iterator[str]:
    """``values.get("x")``, ``values["x"]``, ``"x" in values``; ``values.get(n) for n in ("x", "y")``."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="get"), args=[key, *_]):
                found = [_text(key, known)]
            case ast.Call(func=ast.Attribute(value=ast.Await(), attr="get"), args=[key, *_]):
                name, found = "values", [_text(key, known)]
            case ast.Subscript(value=ast.Name(id=name), slice=key):
                found = [_text(key, known)]
            case ast.Compare(left=key, ops=[ast.In()], comparators=[ast.Name(id=name)]):
                found = [_text(key, known)]
            case ast.comprehension(iter=ast.Tuple(elts=elements)) if "values" in ast.dump(tree):
                name, found = "values", [_text(element, known) for element in elements]
            case _:
                continue
        yield from filter(None, found if name in TYPED else ())


def _text(node: ast.expr, known: dict[str, Any]) -> str:
    """``"x"``, ``X`` or ``module.X``; "" for what is only known while the code runs."""
    value = node.value if isinstance(node, ast.Constant) else _value(node, known)
    return value if isinstance(value, str) else ""


def _value(node: ast.expr, known: dict[str, Any]) -> Any:
    match node:
        case ast.Name(id=name):
            return known.get(name)
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            return getattr(known.get(owner), name, None)
    return None
