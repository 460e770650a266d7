"""Lines for an organiser to copy into a page of another site."""

from markupsafe import Markup

from app.petitions.public import View

_FRAME = Markup('<iframe {}src="{}" title="{}" width="{}" height="{}" loading="lazy" style="{}"></iframe>')
# The frame says how high it is, and this listens; it is theirs, so that no script of ours runs in their page.
_LISTENS = """
<script>
addEventListener("message", function (event) {
  var frame = document.getElementById("signons");
  if (event.source === frame.contentWindow && event.origin === "%(origin)s" && event.data.signons)
    frame.style.height = event.data.signons.height + "px";
});
</script>"""


def form(view: View, origin: str) -> str:
    address = f"{origin}/widget/{view.slug}"
    frame = _FRAME.format(Markup('id="signons" '), address, view.title, "100%", 700, "border:0;max-width:30rem")
    return str(frame) + _LISTENS % {"origin": origin}


def counter(view: View, origin: str) -> str:
    return str(_FRAME.format("", f"{origin}/widget/{view.slug}/compteur", view.title, 360, 300, "border:0"))


def badge(view: View) -> str:
    link = Markup('<a href="{0}?s=cadre"><img src="{0}/badge.svg" alt="{1}" height="28"></a>')
    return str(link.format(view.url, view.title))
