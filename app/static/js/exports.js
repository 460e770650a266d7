// The answer to the button is a file and the page stays: it is read again until its line in the journal is whole.
const button = document.querySelector("[data-export]");
const PARTS = ["[data-export-state]", "[data-export-journal]"];

button?.addEventListener("submit", () => {
  const end = Date.now() + 3_600_000;
  let wait = 500;

  const look = async () => {
    let whole = false;
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      const found = new DOMParser().parseFromString(await answer.text(), "text/html");
      const waits = found.querySelector("[data-export]");
      for (const part of PARTS) {
        const [there, here] = [found.querySelector(part), document.querySelector(part)];
        if (there && !waits && !there.isEqualNode(here)) here.replaceChildren(...there.childNodes);
      }
      whole = !waits && !found.querySelector("[aria-current] [data-under-way]");
    } catch {
      // away for a moment: the next look may succeed
    }
    wait = Math.min(wait * 1.5, 10_000);
    if (!whole && Date.now() < end) setTimeout(look, wait);
  };
  setTimeout(look, wait);
});
