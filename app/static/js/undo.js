// How long an act can still be undone, by the server's clock: the page says when it was made, and until when.
const form = document.querySelector("[data-undo]");
const left = form.querySelector("[data-undo-left]");
const began = performance.now();
const seconds = Number(form.dataset.undo);

function tick() {
  const n = Math.ceil(seconds - (performance.now() - began) / 1000);
  if (n > 0) {
    left.textContent = left.dataset.words.replace("{n}", n);
    return;
  }
  clearInterval(timer);
  left.setAttribute("role", "status");
  left.textContent = left.dataset.over;
  left.previousElementSibling.remove();
  form.querySelector("button").parentElement.remove();
}
const timer = setInterval(tick, 1000);
tick();
