// The sign form: shows the public line as it will appear, sends only once, and computes when it is asked to.
const form = document.querySelector("[data-sign]");

// The server's rule: 75011 gives 75, 97411 gives 974, 20137 gives 2A, 20200 gives 2B; these four are elsewhere.
const elsewhere = { 94390: "91", 97133: "977", 97150: "978", 98799: "989" };

// Chosen as a country, French all the same.
const overseas = ["BL", "GF", "GP", "MF", "MQ", "NC", "PF", "PM", "RE", "TF", "WF", "YT"];

function department(code) {
  if (!/^\d{5}$/.test(code) || /^00/.test(code)) return "";
  if (code in elsewhere) return elsewhere[code];
  if (/^9[78]/.test(code)) return code.slice(0, 3);
  if (code.startsWith("20")) return Number(code) < 20200 ? "2A" : "2B";
  return code.slice(0, 2);
}

// Its first letter; none when the name is one letter, or has none.
function initial(family) {
  const letters = [...family.normalize("NFKC")].filter((sign) => /\p{L}/u.test(sign));
  return letters.length > 1 ? ` ${letters[0].toUpperCase()}.` : "";
}

function publicLine() {
  const value = (name) => (form.elements[name]?.value ?? "").trim().replace(/\s+/g, " ");
  const display = value("display");
  if (display !== "initial" && display !== "full") return form.dataset.anonymous;
  const given = value("given_name") || "…";
  const family = value("family_name");
  const country = form.elements.country;
  const french = country.value === "FR" || overseas.includes(country.value);
  const typed = value("postal_code").toUpperCase();
  const code = french ? (typed.match(/\d(?:[ .]?\d){4}/)?.[0] ?? typed).replace(/[ .]/g, "") : typed;
  const foreign = french ? "" : country.selectedOptions[0].text;
  const full = display === "full";
  const name = full ? `${given} ${family}`.trim() : given + initial(family);
  const place = full ? `${code} ${foreign}`.trim() : foreign || department(code);
  return place ? `${name} · ${place}` : name;
}

// Nothing is asked at an ordinary pace. Whatever goes wrong, the form is sent.
async function prove() {
  try {
    const answer = await fetch(form.dataset.proof, { signal: AbortSignal.timeout(5000) });
    const challenge = answer.ok ? await answer.json() : {};
    if (!challenge.signature) return "";
    const { solve } = await import(form.dataset.solver);
    return await solve(challenge, form.dataset.worker);
  } catch {
    return "";
  }
}

// A challenge lasts half an hour.
const LASTS = 25 * 60_000;

if (form) {
  const output = form.querySelector("[data-preview]");
  const show = () => (output.textContent = publicLine());
  form.addEventListener("input", show);
  form.addEventListener("change", show);
  show();

  const button = form.querySelector("[data-busy]");
  const words = button.textContent;
  let began, proof;
  form.addEventListener("focusin", () => {
    began ??= performance.now();
    proof ??= prove(); // while the rest is typed
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    button.textContent = button.dataset.busy;
    const spent = performance.now() - began;
    if (began) form.elements.secondes.value = Math.floor(spent / 1000);
    form.elements.altcha.value = (spent < LASTS && (await proof)) || (await prove());
    form.submit();
  });
  addEventListener("pageshow", () => {
    proof = ""; // what was sent has served
    button.removeAttribute("aria-disabled");
    button.textContent = words;
  });
}
