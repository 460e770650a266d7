// The answer to an export is a file and the page stays: its journal is read again until the new line is whole.
const form = document.querySelector("[data-export]");
const journal = (page) => page.querySelector("[data-export-journal]");

form?.addEventListener("submit", () => {
  const before = journal(document).cloneNode(true);
  const end = Date.now() + 600_000;
  let wait = 500;

  const look = async () => {
    let whole = false;
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      const found = journal(new DOMParser().parseFromString(await answer.text(), "text/html"));
      if (found && !found.isEqualNode(before)) {
        whole = !found.querySelector("[data-under-way]");
        journal(document).replaceWith(found);
      }
    } catch {
      // away for a moment: the next look may succeed
    }
    wait = Math.min(wait * 1.5, 10_000);
    if (!whole && Date.now() < end) setTimeout(look, wait);
  };
  setTimeout(look, wait);
});
