// Copies the address of the petition. The style sheet shows the button where scripts run.
const item = document.querySelector("[data-copy]");
const button = item?.querySelector("button");
const status = document.querySelector("[data-copy-status]");

if (!navigator.clipboard) item?.remove();
else if (button) {
  const words = button.textContent;
  button.addEventListener("click", async () => {
    let message = button.dataset.done;
    try {
      await navigator.clipboard.writeText(button.dataset.copyUrl);
    } catch {
      message = button.dataset.failed;
    }
    button.textContent = message;
    status.textContent = message;
    setTimeout(() => {
      button.textContent = words;
      status.textContent = "";
    }, 4000);
  });
}
