// The moderator's keys: one key a decision, the next item already loaded. Every key presses a button
// of the page; without this module the same buttons and links do the same.
const bench = () => document.querySelector("[data-bench]");
const find = (selector) => bench()?.querySelector(selector);
const links = () => [...bench().querySelectorAll("[data-item]")];
const loaded = new Map();
let refusing = false;

const say = (text) => (find("[data-said]").textContent = text);
const parse = (html) => new DOMParser().parseFromString(html, "text/html");
const current = () => links().find((link) => link.hasAttribute("aria-current"));
const living = (link) => link && !link.closest(".done") && "here" in link.dataset;

function load(url) {
  if (!loaded.has(url)) loaded.set(url, fetch(url, { headers: { accept: "text/html" } }).then((r) => (r.ok ? r.text() : "")));
  return loaded.get(url);
}

function neighbour(step) {
  const all = links();
  let at = all.indexOf(current());
  do at += step;
  while (all[at] && !living(all[at]));
  return all[at];
}

function preload() {
  const next = neighbour(1);
  if (next) load(next.href);
}

function show(html) {
  const page = parse(html);
  for (const name of [".context", ".decide", ".around"]) {
    const fresh = page.querySelector(name);
    const old = find(name);
    if (fresh) old ? old.replaceWith(fresh) : find(".panes").append(fresh);
    else old?.remove();
  }
}

// Opening tells the others, once one stays.
let staying;
function claim() {
  clearTimeout(staying);
  staying = setTimeout(() => {
    const form = document.querySelector("[data-claim]");
    if (form) fetch(form.action, { method: "POST", redirect: "manual" });
  }, 500);
}

async function open(link) {
  for (const other of links()) other.removeAttribute("aria-current");
  link.setAttribute("aria-current", "true");
  link.scrollIntoView({ block: "nearest" });
  history.replaceState(null, "", link.href);
  show(await load(link.href));
  loaded.delete(link.href);
  find("#titre-commentaire")?.focus({ preventScroll: true });
  claim();
  preload();
}

function whole(html, url) {
  const page = parse(html);
  document.querySelector("main").replaceWith(page.querySelector("main"));
  document.title = page.title;
  if (url) history.replaceState(null, "", url);
  loaded.clear();
  (find(".errors") ?? find("#titre-commentaire"))?.focus();
  claim();
  if (bench()) preload();
}

async function post(form, button) {
  const data = new URLSearchParams(new FormData(form, button));
  const url = button?.getAttribute("formaction") ?? form.getAttribute("action");
  return fetch(url, { method: "POST", body: data });
}

// A decision: the next item shows at once, the answer is checked behind.
async function decide(form, button) {
  const link = current();
  const next = neighbour(1) ?? neighbour(-1);
  const answer = post(form, button);
  link?.closest("li").classList.add("done");
  if (next) await open(next);
  const response = await answer;
  const html = await response.text();
  if (!response.ok) return whole(html);
  if (!next) return whole(html, bench().dataset.home);
  const undo = parse(html).querySelector('[data-key="u"]')?.closest("form");
  const old = find('[data-key="u"]')?.closest("form");
  if (undo) old ? old.replaceWith(undo) : find(".bench-head").append(undo);
  say(button?.textContent.trim() ?? "");
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  const button = event.submitter;
  if (!bench()?.contains(form) || button?.hasAttribute("formaction")) return;
  if (!form.matches("[data-publish], [data-refuse]")) return;
  event.preventDefault();
  // A refusal may be sent back with errors: it waits for its answer, unless it has all it needs.
  const ready = form.matches("[data-publish]") || (form.querySelector("select").value && form.passage.value.trim());
  if (ready) return decide(form, button);
  post(form, button).then(async (r) => whole(await r.text(), r.ok ? r.url : ""));
});

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-here]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link !== current()) open(link); // what is typed beside the open one stays
});

function quote(article) {
  const form = find("[data-refuse]");
  const chosen = String(getSelection()).trim();
  const hint = [...bench().querySelectorAll("[data-hint]")].find((h) => h.dataset.article === article);
  form.querySelector("select").value = article;
  if (chosen && find("#texte")?.textContent.includes(chosen)) form.passage.value = chosen;
  else form.passage.value = hint ? hint.dataset.passage : "";
  return form;
}

function refuse(article) {
  const form = quote(article);
  if (form.passage.value) form.requestSubmit(form.querySelector('[value="refuse"]:not([formaction])'));
  else form.passage.focus();
}

function mask() {
  const form = quote("6");
  if (form.passage.value) form.requestSubmit(find("[data-mask]"));
  else form.passage.focus();
}

function verdict(value) {
  find(`[data-hint] button[value="${value}"]`)?.click();
}

const acts = {
  j: () => neighbour(1) && open(neighbour(1)),
  k: () => neighbour(-1) && open(neighbour(-1)),
  r: () => (refusing = Boolean(find("[data-refuse]"))),
  m: () => find("[data-refuse]") && mask(),
  n: () => find("#champ-note")?.focus(),
  x: () => current()?.closest("li").querySelector("[type=checkbox]")?.click(),
  f: () => verdict("founded"),
  i: () => verdict("unfounded"),
  "?": () => (find("[data-help]").open = !find("[data-help]").open),
};

document.addEventListener("keydown", (event) => {
  if (bench()?.dataset.keys !== "on" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input:not([type=checkbox]), textarea, select")) return;
  if (refusing) {
    refusing = false;
    if (/^\d$/.test(event.key)) {
      event.preventDefault();
      return refuse(event.key === "0" ? "10" : event.key);
    }
  }
  const act = acts[event.key] ?? (/^[aecu]$/.test(event.key) && (() => find(`[data-key="${event.key}"]`)?.click()));
  if (!act) return;
  event.preventDefault();
  act();
});

// What is ticked for the batch, said beside its buttons.
const boxes = () => [...document.querySelectorAll('.pick [type="checkbox"]')];
function picked() {
  const said = find("[data-picked]");
  if (!said) return;
  const n = boxes().filter((box) => box.checked).length;
  said.textContent = n ? (n === 1 ? said.dataset.one : said.dataset.many).replace("{n}", n) : "";
  find("[data-pick-all]").hidden = false;
}
document.addEventListener("change", (event) => event.target.matches(".pick input") && picked());
document.addEventListener("reset", () => setTimeout(picked));
document.addEventListener("click", (event) => {
  if (!event.target.matches("[data-pick-all]")) return;
  for (const box of boxes()) box.checked = !box.closest(".done");
  picked();
});

claim();
for (const clock of document.querySelectorAll("[data-due]")) {
  const { due, now, left, late } = clock.dataset;
  const end = Date.parse(due) - Date.parse(now) + Date.now();
  const tick = () => {
    const s = Math.round((end - Date.now()) / 1000);
    const n = Math.abs(s);
    clock.textContent = (s < 0 ? late : left).replace("{m}", Math.floor(n / 60)).replace("{s}", n % 60);
  };
  tick();
  setInterval(tick, 1000);
}

if (bench()) {
  preload();
  picked();
  // The open item may be further down its list.
  const [list, here] = [find(".list"), current()].map((node) => node?.getBoundingClientRect());
  if (list && here && here.bottom > list.bottom) find(".list").scrollTop += here.top - list.top;
  let known;
  setInterval(async () => {
    const button = find("[data-new]");
    if (!button || document.hidden) return;
    const { home } = bench().dataset;
    const { waiting } = await (await fetch(`/moderation/compte.json${new URL(home, location).search}`)).json();
    const n = waiting - (known ??= waiting);
    button.hidden = n <= 0;
    button.textContent = (n === 1 ? button.dataset.one : button.dataset.many).replace("{n}", n);
    button.onclick = () => location.assign(home);
  }, 30_000);
}
