"""The six steps of a draft: what each asks, which fields it holds, what it still lacks."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.drafting import forms
from app.errors import Invalid
from app.web.forms import PostedForm, validated


@dataclass(frozen=True)
class Step:
    """``path`` is the end of its address, and its name in ``Draft.saves``; ``page`` its template."""

    path: str
    title: str
    page: str
    fields: re.Pattern[str]
    read: Callable[[Mapping[str, Any]], object]

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
    Step("demande", "Votre demande", "drafting/demande.html", re.compile("title"), _of(forms.DemandForm)),
    Step("destinataires", "À qui", "drafting/destinataires.html", _rows(*forms.RECIPIENT), forms.recipients),
    Step("histoire", "Votre histoire", "drafting/histoire.html", re.compile("text"), _of(forms.StoryForm)),
    Step("image", "L’image", "drafting/image.html", _fields(forms.PictureForm), _of(forms.PictureForm)),
    Step("sources", "Sources", "drafting/sources.html", _rows(*forms.SOURCE), forms.sources),
    Step(
        "reglages",
        "Réglages",
        "drafting/reglages.html",
        _fields(forms.TermsForm, r"theme-\d{1,6}"),
        _of(forms.TermsForm),
    ),
)
BY_PATH = {step.path: step for step in STEPS}


def after(step: Step) -> str:
    """Where one goes from it."""
    rest = STEPS[STEPS.index(step) + 1 :]
    return rest[0].path if rest else "relire"


def lacking(values: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Step → field → what it lacks, of those that lack something."""
    return {step.path: errors for step in STEPS if (errors := step.lacking(values))}
