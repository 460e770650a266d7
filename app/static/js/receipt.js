// Checks a receipt here, without sending it or the address anywhere: says what it proves, or the first thing that
// does not hold. The format is that of app/register/receipts.py.
const form = document.querySelector("[data-keys]");
const [file, pasted, email] = ["file", "text", "email"].map((name) => form.querySelector(`[data-${name}]`));
const result = document.querySelector("[data-result]");

const TITLE = "Reçu du registre public · Receipt of the public register · v1";
const HEADING = /^.+\nregister (\S+)\nentry (v1 ([a-z-]+) [+-]1 \d+ (\S+) ([0-9a-f]{64}))\nsecret ([0-9a-f]{32})\nkey (([^ +]+)\+([0-9a-f]{8})\+(\S+))$/;
const PROOF = /^c2sp\.org\/tlog-proof@v1\nindex (0|[1-9]\d{0,11})((?:\n[A-Za-z0-9+/]{43}=){0,63})$/;
const HEAD = /^(\S+)\n([1-9]\d{0,11})\n([A-Za-z0-9+/]{43}=)(?:\n.+)*$/;
// Providers that ignore what follows a "+", or some signs, or have one mailbox under several domains.
const PROVIDERS = [
  [/^(gmail|googlemail)\.com$/, /\./g, "gmail.com"],
  [/^(protonmail\.(com|ch)|proton\.me|pm\.me)$/, /[._-]/g, "proton.me"],
  [/^(icloud|me|mac)\.com$/, /\+/g, "icloud.com"],
  [/^((outlook|hotmail|live)\.(com|fr)|(msn|mailo|zaclys)\.com|fastmail\.(com|fm)|posteo\.(net|de))$/, /\+/g, ""],
];

class Wrong extends Error {} // its message is the name of a sentence of the page

function need(holds, flaw) {
  if (!holds) throw new Wrong(flaw);
}

const utf8 = (text) => new TextEncoder().encode(text);
const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);
const joined = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));
const fromHex = (text) => Uint8Array.from(text.match(/../g), (byte) => parseInt(byte, 16));
const toHex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

function decoded(text) {
  let raw = null;
  try {
    raw = atob(text);
  } catch {
    need(false, "altered");
  }
  need(btoa(raw) === text, "altered"); // one spelling only
  return Uint8Array.from(raw, (sign) => sign.charCodeAt(0));
}

function ascii(domain) {
  if (/^[\x00-\x7f]*$/.test(domain)) return domain;
  try {
    return new URL(`http://${domain}`).hostname;
  } catch {
    return domain; // it will be nobody's
  }
}

function canonical(address) {
  const typed = address.trim().toLowerCase();
  const at = typed.lastIndexOf("@");
  const local = typed.slice(0, at);
  const domain = ascii(typed.slice(at + 1));
  for (const [theirs, ignored, one] of PROVIDERS) {
    if (theirs.test(domain)) return `${local.split("+")[0].replace(ignored, "")}@${one || domain}`;
  }
  return `${local}@${domain}`;
}

async function rootFrom(leaf, position, size, proof) {
  let [found, at, last] = [leaf, position, size - 1];
  const half = (n) => Math.floor(n / 2); // beyond 2³¹ too
  for (const sibling of proof) {
    if (last === 0) return [];
    if (at % 2 || at === last) {
      found = await sha256([1], sibling, found);
      while (at % 2 === 0 && at) [at, last] = [half(at), half(last)];
    } else {
      found = await sha256([1], found, sibling);
    }
    [at, last] = [half(at), half(last)];
  }
  return last ? [] : found;
}

async function signed(public_, message, signature) {
  let key;
  try {
    key = await crypto.subtle.importKey("raw", public_, { name: "Ed25519" }, false, ["verify"]);
  } catch (error) {
    throw error.name === "DataError" ? new Wrong("other-key") : new Wrong("unable");
  }
  return crypto.subtle.verify({ name: "Ed25519" }, key, signature, message);
}

async function check(source, address) {
  need(globalThis.crypto?.subtle, "unable");
  const text = source.replace(/^\ufeff/, "").replace(/\r\n?/g, "\n").trim();
  need(text.startsWith(TITLE) && text.length <= 20_000, "none");
  const parts = text.split("\n\n");
  need(parts.length > 3 && parts[3].split(" ").pop().length >= 92, "truncated");
  const [heading, proof, head] = [HEADING, PROOF, HEAD].map((shape, i) => shape.exec(parts[i]));
  need(parts.length === 4 && parts[0].startsWith(`${TITLE}\n`) && heading && proof && head, "altered");
  const [, register, entry, kind, hour, commitment, secret, key, name, number, encoded] = heading;
  need(register === head[1], "petition");
  const size = Number(head[2]);
  const position = Number(proof[1]);
  const public_ = decoded(encoded);
  const id = (await sha256(utf8(`${name}\n`), public_)).slice(0, 4);
  need(public_.length === 33 && public_[0] === 1 && toHex(id) === number && form.dataset.keys.split(" ").includes(key), "other-key");
  const lines = parts[3].split("\n").filter((line) => line.startsWith(`— ${name} `));
  const signatures = lines.map((line) => decoded(line.split(" ").pop())).filter((raw) => same(raw.slice(0, 4), id));
  need(signatures.length, "other-key");
  for (const raw of signatures) need(await signed(public_.slice(1), utf8(`${parts[2]}\n`), raw.slice(4)), "head");
  const said = [fromHex(secret), await sha256(utf8(canonical(address))), utf8(register.split("/").pop() + kind)];
  const theirs = toHex(await sha256(...said)) === commitment;
  const hashes = proof[2].split("\n").slice(1).map(decoded);
  const leads =
    position < size && same(await rootFrom(await sha256([0], utf8(entry)), position, size, hashes), decoded(head[3]));
  need(leads || !theirs, "proof");
  need(leads, "entry");
  need(theirs, "address");
  return { kind, hour, register, place: position + 1, size };
}

function show(name, facts = {}) {
  const shown = document.querySelector(`[data-say="${name}"]`).content.cloneNode(true);
  for (const place of shown.querySelectorAll("[data-fact]")) {
    const value = facts[place.dataset.fact];
    const said = place.querySelector(`[data-when="${value}"]`);
    if (said) place.replaceChildren(...said.childNodes);
    else place.textContent = typeof value === "number" ? value.toLocaleString(document.documentElement.lang) : value;
  }
  for (const place of shown.querySelectorAll("time")) {
    place.textContent = new Date(place.textContent.replace("Z", ":00Z")).toLocaleString(document.documentElement.lang, {
      dateStyle: "long",
      timeStyle: "short",
    });
  }
  result.className = `notice ${facts.kind ? "ok" : "danger"}`;
  result.replaceChildren(shown);
  result.hidden = false;
  result.focus();
}

async function look() {
  try {
    need(pasted.value.trim(), "empty");
    need(email.value.includes("@"), "no-address");
    show("holds", await check(pasted.value, email.value));
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    show(error.message);
  }
}

file.addEventListener("change", async () => {
  if (file.files[0]) pasted.value = await file.files[0].text();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  look();
});
