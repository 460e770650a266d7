// Passkeys: asks the site what to ask, the browser for the gesture, then sends the form with the answer in it.
const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) =>
  buffer && btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
const opened = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

async function answer(kind, options) {
  const publicKey = { ...options, challenge: bytes(options.challenge) };
  if (kind === "make") {
    publicKey.user = { ...options.user, id: bytes(options.user.id) };
    publicKey.excludeCredentials = opened(options.excludeCredentials);
    return navigator.credentials.create({ publicKey });
  }
  publicKey.allowCredentials = opened(options.allowCredentials);
  return navigator.credentials.get({ publicKey });
}

function written({ id, rawId, type, response }) {
  const said = { transports: response.getTransports?.() };
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"])
    if (response[name]) said[name] = text(response[name]);
  return JSON.stringify({ id, rawId: text(rawId), type, response: said });
}

for (const form of document.querySelectorAll("[data-passkey]")) {
  const button = form.querySelector("button");
  const told = form.querySelector("[role=alert]");
  const field = form.querySelector("[name=cle], [name=nouvelle_cle]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    told.textContent = "";
    if (!window.PublicKeyCredential) {
      told.textContent = form.dataset.impossible;
      return;
    }
    button.disabled = true;
    try {
      const asked = await fetch(form.dataset.options, { headers: { accept: "application/json" } });
      field.value = written(await answer(form.dataset.passkey, await asked.json()));
      form.submit();
    } catch (error) {
      told.textContent = error.name === "InvalidStateError" ? form.dataset.known : form.dataset.stopped;
      button.disabled = false;
    }
  });
}
