// Copies the address of the petition. Without JavaScript the button is not there.
const item = document.querySelector("[data-copy]");
const button = item?.querySelector("button");
const status = document.querySelector("[data-copy-status]");

if (button && navigator.clipboard) {
  const words = button.textContent;
  item.hidden = false;
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
