// Shares the petition the device's own way where there is one, and copies its address. The style sheet shows the
// buttons where scripts run.
const shared = document.querySelector("[data-share]");
const item = document.querySelector("[data-copy]");
const button = item?.querySelector("button");
const status = document.querySelector("[data-copy-status]");

if (shared && navigator.share) {
  shared.hidden = false;
  shared.querySelector("button").addEventListener("click", async ({ currentTarget: { dataset } }) => {
    try {
      await navigator.share({ title: dataset.shareTitle, url: dataset.shareUrl });
    } catch {
      // they changed their mind
    }
  });
}

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
