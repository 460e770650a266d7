"""YAML read as people write it: every value is a text, the one that stands in the file.

YAML alone would read ``05000`` as 2560, ``1:30`` as 90, ``yes`` as true, and drop ``#climat`` and
``&Stop`` from a title. Lists, fields, quoted values and blocks are YAML's; the rest is taken as typed.
"""

import re
from typing import Any

import yaml

Location = tuple[str | int, ...]
# A comment begins with a space; a word does not.
_COMMENT = re.compile(r"(?:^|[ \t])#(?=[ \t]|$).*")
_FIELD = re.compile(r"[ \t]*(?:- +)*([\w-]+)[ \t]*:(?:[ \t]|$)")


class Unreadable(Exception):
    """``line`` counts from one in the header; ``field`` may be unknown; ``str()`` is half a French sentence."""

    def __init__(self, line: int, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.line = line
        self.field = field


class _Loader(yaml.BaseLoader):
    """Nothing refers to anything: ``*`` in a file is emphasis that was forgotten."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(problem_mark=self.peek_event().start_mark)  # type: ignore[no-untyped-call]
        return super().compose_node(parent, index)


class FrontMatter:
    """``values`` is made of dicts, lists and texts; :meth:`line` tells where each stands."""

    def __init__(self, header: str) -> None:
        """Raises Unreadable."""
        self.header = header
        self.lines: dict[Location, int] = {}
        try:
            node = yaml.compose(header, Loader=_Loader)
        except yaml.MarkedYAMLError as error:
            context = error.context or ""
            begun = error.context_mark if context.startswith("while scanning") else None
            mark = begun or error.problem_mark
            raise self._unreadable(mark.index if mark else 0, "quoted" in context) from None
        except (yaml.YAMLError, ValueError, RecursionError):
            raise self._unreadable(0, False) from None
        if not isinstance(node, yaml.MappingNode):
            raise Unreadable(1, "", "des champs « nom : valeur » sont attendus")
        self.values: dict[str, Any] = self._read(node, ())

    def line(self, location: Location) -> int:
        """Of the deepest part of *location* that is in the file."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)

    def _unreadable(self, index: int, quoted: bool) -> Unreadable:
        line = self._line_of(index)
        typed = self.header.split("\n")[line - 1]
        field = _FIELD.match(typed)
        if typed.startswith("\t"):
            sentence = "des espaces sont attendus en début de ligne, pas une tabulation"
        elif quoted or '"' in typed:
            sentence = "des guillemets manquent ou sont de trop, ici ou plus haut"
        elif field:
            sentence = "mettez cette valeur entre guillemets"
        else:
            sentence = "« champ : valeur » est attendu"
        return Unreadable(line, field[1] if field else "", sentence)

    def _line_of(self, index: int) -> int:
        return min(self.header.count("\n", 0, index), self.header.rstrip("\n").count("\n")) + 1

    def _read(self, node: yaml.Node, at: Location, flow: bool = False) -> Any:
        self.lines.setdefault(at, self._line_of(node.start_mark.index))
        if isinstance(node, yaml.SequenceNode):
            return [self._read(item, (*at, n), bool(node.flow_style)) for n, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._fields(node, at)
        return self._typed(node, flow)

    def _fields(self, node: yaml.MappingNode, at: Location) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            line = self._line_of(key.start_mark.index)
            if not isinstance(key, yaml.ScalarNode):
                raise Unreadable(line, "", "« champ : valeur » est attendu")
            where = (*at, key.value)
            if where in self.lines:
                raise Unreadable(line, key.value, f"ce champ est déjà à la ligne {self.lines[where] + 1}")
            self.lines[where] = line
            read = self._read(value, where, bool(node.flow_style))
            if read != "" or value.style is not None:  # nothing after the colon: as if it was not there
                found[key.value] = read
        return found

    def _typed(self, node: yaml.Node, flow: bool) -> str:
        """A quoted or block value as YAML reads it; a plain one as it stands, up to its comment."""
        start, end = node.start_mark.index, node.end_mark.index
        plain = self.header[start:end].strip()
        if not isinstance(node, yaml.ScalarNode) or node.style is not None or "\n" in plain:
            return str(node.value)
        return plain if flow else _COMMENT.sub("", self.header[start:].partition("\n")[0]).strip()
