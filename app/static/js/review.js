// A click on a block opens room for a remark on it; without this module its "+" does the same.
const form = document.querySelector("#decision");
const rooms = [...document.querySelectorAll("textarea[name^=remark-]")];

function open(details) {
  details.open = true;
  details.querySelector("textarea").focus();
}

for (const block of document.querySelectorAll("[data-block]")) {
  const words = block.querySelector(".words");
  words.classList.add("takes");
  words.addEventListener("click", (event) => {
    // Somebody who selects a passage, or follows a link, is not asking for this.
    if (event.target.closest("a") || String(getSelection())) return;
    open(block.querySelector(".remark"));
  });
}

for (const details of document.querySelectorAll("details.remark")) {
  const text = details.querySelector("textarea");
  details.querySelector("summary").addEventListener("click", () => setTimeout(() => details.open && text.focus()));
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || text.value.trim()) return;
    details.open = false;
    details.querySelector("summary").focus();
  });
}

function count() {
  const n = rooms.filter((room) => room.value.trim()).length;
  for (const place of document.querySelectorAll("[data-count-remarks]")) place.textContent = n ? `(${n})` : "";
}
document.addEventListener("input", count);
count();

// What is selected in the text is the passage in question, unless one is typed already.
const refusal = document.querySelector("#refuser");
refusal.addEventListener("toggle", () => {
  const chosen = String(getSelection()).trim();
  if (refusal.open && chosen && !form.passage.value) form.passage.value = chosen;
});
document.querySelector("[data-opens]")?.addEventListener("click", () => (refusal.open = true));

// Fields left empty say nothing.
form.addEventListener("submit", () => rooms.filter((room) => !room.value.trim()).forEach((room) => (room.disabled = true)));
addEventListener("pageshow", () => rooms.forEach((room) => (room.disabled = false)));
