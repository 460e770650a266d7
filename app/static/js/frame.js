// In the frame of another site's page: says how high it is to whoever holds it, and keeps its count fresh.
const frame = document.querySelector("[data-frame]");
const sites = frame.dataset.sites?.split(" ").filter(Boolean) ?? [];
// Where a browser does not say in whose page it is, each site that was named is told; the others hear nothing.
const parents = location.ancestorOrigins?.length ? [location.ancestorOrigins[0]] : sites.length ? sites : ["*"];

if (parent !== window) {
  const tell = () => {
    const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
    for (const origin of parents) parent.postMessage({ signons: { height } }, origin);
  };
  new ResizeObserver(tell).observe(document.documentElement);
  addEventListener("load", tell);
}

// What was sent is answered at the top of the frame, which may be out of sight by then.
document.querySelector("#erreurs, [data-arrived]")?.focus();

const lang = document.documentElement.lang;
const format = (n) => new Intl.NumberFormat(lang).format(n);
const plurals = new Intl.PluralRules(lang);
const all = (name) => frame.querySelectorAll(`[data-live-${name}]`);
const EVERY = 10_000;
let last = Date.now();

// The server's rule: 100, 200, 500, 1 000… then the author's goal.
function currentStep(count, goal) {
  for (let power = 100; power < goal; power *= 10) {
    for (const step of [power, 2 * power, 5 * power]) if (count < step && step < goal) return step;
  }
  return goal;
}

function paint({ count, goal }) {
  const step = currentStep(count, goal);
  for (const node of all("count")) node.textContent = format(count);
  for (const node of all("word")) node.textContent = node.dataset[plurals.select(count) === "one" ? "one" : "many"];
  for (const node of all("step")) node.textContent = format(step);
  for (const node of all("gauge")) node.value = Math.min(100, Math.floor((100 * count) / step));
}

// Asked for, not listened to: frames that thousands have open take no place of the petition's own readers.
async function refresh() {
  if (document.hidden || Date.now() - last < EVERY) return;
  last = Date.now();
  try {
    const answer = await fetch(frame.dataset.frame);
    if (answer.ok) paint(await answer.json());
  } catch {
    // the next time
  }
}

if (frame.dataset.frame) {
  setInterval(refresh, 1000);
  document.addEventListener("visibilitychange", refresh);
}
