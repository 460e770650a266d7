// The sign form: sends only once, and computes when it is asked to.
const form = document.querySelector("[data-sign]");

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
  const button = form.querySelector("[data-busy]");
  const words = button.textContent;
  // What the button that was pressed says: submit() below leaves it out.
  const pressed = form.appendChild(Object.assign(document.createElement("input"), { type: "hidden" }));
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
    pressed.name = event.submitter?.name ?? "";
    pressed.value = event.submitter?.value ?? "";
    if (form.elements.secondes) form.elements.secondes.value = began ? Math.floor(spent / 1000) : "";
    form.elements.altcha.value = (spent < LASTS && (await proof)) || (await prove());
    form.submit();
  });
  addEventListener("pageshow", () => {
    proof = ""; // what was sent has served
    button.removeAttribute("aria-disabled");
    button.textContent = words;
  });
}
