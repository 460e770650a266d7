// Keeps the count and the list fresh. Nothing moves under the reader's eyes: new lines wait behind
// a button, the number changes at most once a second and is spoken at most once a minute.
const page = document.querySelector("[data-stream]");
const url = page?.dataset.stream;
const lang = document.documentElement.lang;
const format = (n) => new Intl.NumberFormat(lang).format(n);
const all = (name) => document.querySelectorAll(`[data-live-${name}]`);
const one = (name) => document.querySelector(`[data-live-${name}]`);
const still = matchMedia("(prefers-reduced-motion: reduce)");

let shown = Number((one("count")?.textContent ?? "0").replace(/\D/g, ""));
let latest = { count: shown, goal: 0 };
let lastPaint = 0;
let paintTimer = 0;
let lastSpoken = Date.now();
let spokenCount = shown;

// The server's rule: 100, 200, 500, 1 000… then the author's goal.
function currentStep(count, goal) {
  for (let power = 100; power < goal; power *= 10) {
    for (const step of [power, 2 * power, 5 * power]) if (count < step && step < goal) return step;
  }
  return goal;
}

// French counts 0 and 1 alike, English does not.
const plurals = new Intl.PluralRules(lang);
const worded = ({ dataset }, n) => (plurals.select(n) === "one" ? dataset.one : dataset.many);

function write(count) {
  for (const node of all("count")) node.textContent = format(count);
  for (const node of all("word")) node.textContent = worded(node, count);
}

function paint() {
  paintTimer = 0;
  lastPaint = Date.now();
  const from = shown;
  const { count, goal } = latest;
  shown = count;
  if (goal > 0) {
    const step = currentStep(count, goal);
    for (const node of all("step")) node.textContent = format(step);
    for (const node of all("gauge")) node.value = Math.min(100, Math.floor((100 * count) / step));
  }
  if (still.matches || document.hidden || Math.abs(count - from) < 2) return write(count);
  const start = performance.now();
  const frame = (time) => {
    const part = Math.min(1, Math.max(0, (time - start) / 600));
    write(Math.round(from + (count - from) * (1 - (1 - part) ** 3)));
    if (part < 1 && shown === count) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

function onCount(event) {
  const before = latest.count;
  latest = JSON.parse(event.data);
  // The first word of a connection: what came while nobody listened, as in a phone's pocket, has no line here.
  if (justOpened && latest.count > before) {
    missed += latest.count - before;
    offer();
  }
  justOpened = false;
  if (latest.count === shown || paintTimer) return;
  paintTimer = setTimeout(paint, Math.max(0, 1000 - (Date.now() - lastPaint)));
}

function speak() {
  const status = one("status");
  if (!status || shown === spokenCount || Date.now() - lastSpoken < 60_000) return;
  lastSpoken = Date.now();
  spokenCount = shown;
  status.textContent = worded(status, shown).replace("{n}", format(shown));
}

const list = one("list");
const more = one("more");
let waiting = [];
let missed = 0;
let justOpened = false;

function row({ elapsed, postal_code, name }) {
  const line = document.createElement("tr");
  line.className = "new";
  for (const text of [elapsed, postal_code || "—"]) line.insertCell().textContent = text;
  line.insertCell().appendChild(document.createElement("bdi")).textContent = name;
  return line;
}

function offer() {
  if (!list || !more) return;
  const n = waiting.length + missed;
  more.textContent = worded(more, n).replace("{n}", waiting.length === 100 ? "99+" : format(n));
  more.hidden = false;
}

function onSignature(event) {
  waiting = [JSON.parse(event.data), ...waiting].slice(0, 100);
  offer();
}

// The newest of the public list, as many as there are here; null when it does not come.
async function newest() {
  try {
    const answer = await fetch(url.replace(/direct$/, "signatures"));
    const rows = new DOMParser().parseFromString(await answer.text(), "text/html").querySelectorAll("tbody tr");
    return answer.ok && rows.length ? [...rows].slice(0, 10) : null;
  } catch {
    return null;
  }
}

more?.addEventListener("click", async () => {
  const lines = waiting.map(row);
  const gap = missed > 0;
  waiting = [];
  missed = 0;
  more.hidden = true;
  const whole = gap ? await newest() : null;
  if (whole) {
    list.replaceChildren(...whole);
  } else {
    list.querySelector("[data-live-empty]")?.remove();
    for (const old of list.querySelectorAll(".new")) old.classList.remove("new");
    list.prepend(...lines);
  }
  const title = document.getElementById("titre-signatures");
  title.tabIndex = -1;
  title.focus();
});

let source;
let retry = 0;
let delay = 2000;

function open() {
  if (source || document.hidden) return;
  source = new EventSource(url);
  source.onopen = () => {
    delay = 2000;
    justOpened = true;
    page.classList.add("is-live");
  };
  source.onerror = () => {
    page.classList.remove("is-live");
    // The browser reconnects by itself after a cut; after a refusal it gives up, so we try again, later and later.
    if (source?.readyState !== EventSource.CLOSED) return;
    close();
    retry = setTimeout(open, delay * (0.75 + Math.random() / 2));
    delay = Math.min(delay * 2, 120_000);
  };
  source.addEventListener("count", onCount);
  if (list && more) source.addEventListener("signature", onSignature);
}

function close() {
  clearTimeout(retry);
  source?.close();
  source = undefined;
  page.classList.remove("is-live");
}

if (url && "EventSource" in window) {
  open();
  setInterval(speak, 5000);
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
}

// The bar at the foot steps aside while a button to sign is on the screen, its count while another is.
function watch(nodes, rootMargin, told) {
  const seen = new Set();
  const observer = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) entry.isIntersecting ? seen.add(entry.target) : seen.delete(entry.target);
      told(document.body.classList, seen.size > 0);
    },
    { rootMargin },
  );
  for (const node of document.querySelectorAll(nodes)) observer.observe(node);
}

if ("IntersectionObserver" in window) {
  watch(".summary .button, #signer", "0px 0px -64px", (body, seen) => body.toggle("button-in-view", seen));
  watch(".summary .counter, #signer", "0px", (body, seen) => body.toggle("count-s-turn", !seen));
}
