"""The papers that ship with the platform: Markdown under ``docs/``, shown to administrators."""

from pathlib import Path

from app.petitions import markdown
from app.templating import ROOT

FOLDER = ROOT / "docs"
PAPERS = {
    "registre-des-traitements": "Registre des traitements (RGPD, art. 30)",
    "analyse-d-impact": "Analyse d’impact (RGPD, art. 35)",
    "violations-registre-et-conduite": "Violations de données : registre et conduite à tenir (72 h)",
    "accord-organisateur-plateforme": "Accord entre organisateur et plateforme (RGPD, art. 26)",
}


def html_of(name: str) -> str | None:
    """The paper as safe HTML; None for anything that is not one of them."""
    if name not in PAPERS:
        return None
    html = markdown.render_document(Path(FOLDER / f"{name}.md").read_text(encoding="utf-8"))
    for other in PAPERS:  # they link to each other as files do
        html = html.replace(f'href="{other}.md"', f'href="{other}"')
    return html.replace("<th></th>", "<td></td>")  # a corner heads nothing
