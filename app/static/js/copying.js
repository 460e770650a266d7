// Buttons that copy a link or a code; without a clipboard they stay away, and the text can be selected.
const status = document.querySelector("[data-copied]");

for (const button of document.querySelectorAll("[data-copy-from]")) {
  if (!navigator.clipboard) {
    button.remove();
    continue;
  }
  const source = document.getElementById(button.dataset.copyFrom);
  const words = button.firstChild;
  const before = words.textContent;
  button.addEventListener("click", async () => {
    let message = button.dataset.done;
    try {
      await navigator.clipboard.writeText(source.value ?? source.textContent);
    } catch {
      message = button.dataset.failed;
    }
    words.textContent = message;
    status.textContent = message;
    setTimeout(() => {
      words.textContent = before;
      status.textContent = "";
    }, 4000);
  });
}
