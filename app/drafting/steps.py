"""The six steps of a draft: what each asks, which fields it holds, what it still lacks."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from app.drafting import forms
from app.errors import Invalid
from app.web.forms import PostedForm, validated


@dataclass(frozen=True)
class Step:
    """What it asks; ``page`` is its template."""

    title: str
    fields: re.Pattern[str]
    read: Callable[[Mapping[str, Any]], object]
    page: str

    @property
    def path(self) -> str:
        """The end of its address, and its name in ``Draft.saves``."""
        return PurePath(self.page).stem

    def held(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Those of *values* that belong to it."""
        return {name: value for name, value in values.items() if self.fields.fullmatch(name)}

    def lacking(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Field → what is missing or wrong; empty when it may be proposed."""
        try:
            self.read(self.held(values))
        except Invalid as invalid:
            return invalid.errors
        return {}


def _of(model: type[PostedForm]) -> Callable[[Mapping[str, Any]], object]:
    return lambda values: validated(model, dict(values))


def _fields(model: type[PostedForm], *others: str) -> re.Pattern[str]:
    return re.compile("|".join([*model.model_fields, *others]), re.ASCII)


def _rows(*fields: str) -> re.Pattern[str]:
    return re.compile(rf"({'|'.join(fields)})-[1-9][0-9]?")


# The boxes of themes.
THEMES = r"theme-\d{1,6}"
STEPS = (
    Step("Votre demande", re.compile("title"), _of(forms.DemandForm), page="drafting/demande.html"),
    Step("À qui", _rows(*forms.RECIPIENT), forms.recipients, page="drafting/destinataires.html"),
    Step("Votre histoire", re.compile("text"), _of(forms.StoryForm), page="drafting/histoire.html"),
    Step("L’image", _fields(forms.PictureForm), _of(forms.PictureForm), page="drafting/image.html"),
    Step("Sources", _rows(*forms.SOURCE), forms.sources, page="drafting/sources.html"),
    Step("Réglages", _fields(forms.TermsForm, THEMES), _of(forms.TermsForm), page="drafting/reglages.html"),
)
BY_PATH = {step.path: step for step in STEPS}


def after(step: Step) -> str:
    """Where one goes from it."""
    rest = STEPS[STEPS.index(step) + 1 :]
    return rest[0].path if rest else "relire"


def lacking(values: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Step → field → what it lacks, of those that lack something."""
    return {step.path: errors for step in STEPS if (errors := step.lacking(values))}
