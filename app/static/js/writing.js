// The writing pages, for whoever has scripts: a step saves itself, the text has a toolbar, a paste from Word
// becomes Markdown, and the preview follows. Own lines, not a library: Word's lists are paragraphs that only
// say "mso-list", which the converters that exist turn into dashes and dots.

const form = document.querySelector("form[data-autosave]");
const SAVE_AFTER = 2500;
const PREVIEW_AFTER = 500;

function later(wait, act) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, wait);
  };
}

// All but a file, which leaves by itself.
function typed(form) {
  return new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string"));
}

// Saved by itself: the same form, to the same address; what another window saved is never overwritten.
if (form) {
  const status = form.querySelector("[data-saved-at]");
  let stopped = false;
  let sending = false;
  let dirty = false;

  const save = async () => {
    if (stopped || sending) return;
    sending = true;
    dirty = false;
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        headers: { accept: "application/json" },
        body: typed(form),
      });
      const said = (answer.headers.get("content-type") ?? "").includes("json") ? await answer.json() : {};
      if (answer.ok) {
        form.elements.seen.value = said.seen;
        status.textContent = form.dataset.saved.replace("{time}", said.saved_at);
      } else {
        // Another window, or a text that is no longer one's own: the button says it in full.
        stopped = answer.status === 409;
        status.textContent = said.error ?? form.dataset.failed;
      }
    } catch {
      status.textContent = form.dataset.failed;
    }
    sending = false;
    if (dirty) soon();
  };
  const soon = later(SAVE_AFTER, save);
  form.addEventListener("input", (event) => {
    if (event.target.type === "file") return;
    dirty = true;
    soon();
  });
}

const editor = document.querySelector("[data-editor]");
if (editor) equip(editor, editor.querySelector("textarea"));

function equip(box, area) {
  const words = box.dataset;
  const acts = {
    heading: () => lines(area, (line) => `## ${bare(line)}`),
    bold: () => around(area, "**", "**"),
    list: () => lines(area, (line) => `- ${bare(line)}`),
    demands: () => lines(area, (line, n) => `${n + 1}. ${bare(line)}`),
    quote: () => lines(area, (line) => `> ${bare(line)}`),
    link: () => around(area, "[", "](https://)", words.linkText),
  };
  for (const button of box.querySelectorAll("[data-act]")) button.addEventListener("click", acts[button.dataset.act]);
  area.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "b") {
      event.preventDefault();
      around(area, "**", "**");
    }
  });
  area.addEventListener("paste", (event) => {
    const html = event.clipboardData?.getData("text/html");
    const text = html && markdownOf(html);
    if (text) {
      event.preventDefault();
      put(area, text, area.selectionStart, area.selectionEnd);
    }
  });

  const count = box.querySelector("[data-count]");
  const preview = document.querySelector("[data-preview-text]");
  const measure = () => {
    const n = area.value.split(/\s+/).filter(Boolean).length;
    const minutes = Math.max(1, Math.round(n / 230));
    count.textContent = n ? words.words.replace("{n}", n).replace("{minutes}", minutes) : "";
  };
  const show = async () => {
    const answer = await fetch(words.preview, { method: "POST", body: new URLSearchParams({ text: area.value }) });
    if (!answer.ok) return;
    const made = new DOMParser().parseFromString(await answer.text(), "text/html");
    preview.replaceChildren(...made.body.childNodes);
    preview.parentElement.hidden = !area.value.trim();
  };
  const showSoon = later(PREVIEW_AFTER, show);
  area.addEventListener("input", () => {
    measure();
    showSoon();
  });
  measure();
}

// Typed as by hand, so that Ctrl+Z takes it back.
function put(area, text, start, end) {
  area.focus();
  area.setSelectionRange(start, end);
  if (!document.execCommand("insertText", false, text)) {
    area.setRangeText(text, start, end, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function around(area, before, after, otherwise = "") {
  const { selectionStart: start, selectionEnd: end, value } = area;
  const inside = value.slice(start, end) || otherwise;
  put(area, before + inside + after, start, end);
  area.setSelectionRange(start + before.length, start + before.length + inside.length);
}

function lines(area, change) {
  const { value } = area;
  const start = value.lastIndexOf("\n", area.selectionStart - 1) + 1;
  const next = value.indexOf("\n", area.selectionEnd);
  const end = next < 0 ? value.length : next;
  const changed = value.slice(start, end).split("\n").map((line, n) => change(line, n)).join("\n");
  const gap = start > 0 && value[start - 2] !== "\n" ? "\n" : "";
  put(area, gap + changed, start, end);
}

const bare = (line) => line.replace(/^\s*(?:#{1,6}\s+|[-*•]\s+|\d+[.)]\s+|>\s?)/, "");

// A pasted page as Markdown: headings, paragraphs, lists, bold, emphasis, quotations, links. Nothing else.
export function markdownOf(html) {
  // Our own policy would refuse their styles, loudly: they are only read here.
  const quiet = html.replace(/<[^>]+>/g, (tag) => tag.replace(/\sstyle\s*=/gi, " data-style="));
  const page = new DOMParser().parseFromString(quiet, "text/html");
  for (const unseen of page.querySelectorAll("script, style, head, meta, title, template, noscript, img, svg, object, iframe")) {
    unseen.remove();
  }
  const marked = page.body.querySelector("h1, h2, h3, h4, li, b, strong, em, i, a[href], blockquote, p, div");
  if (!marked) return "";
  return blocks(page.body).join("\n\n").replace(/\n{3,}/g, "\n\n").trim();
}

const BLOCKS = new Set(["P", "DIV", "H1", "H2", "H3", "H4", "H5", "H6", "UL", "OL", "LI", "BLOCKQUOTE", "TABLE", "SECTION",
  "ARTICLE", "HEADER", "FOOTER", "MAIN", "TBODY", "THEAD", "TR", "TD", "TH", "PRE", "HR", "BODY", "CENTER", "FIGURE"]);

function blocks(parent) {
  const found = [];
  let run = [];
  const flush = () => {
    const text = inline(run);
    run = [];
    if (text) found.push(guarded(text));
  };
  let list = null; // Word's: paragraphs in a row
  for (const node of parent.childNodes) {
    if (node.nodeType === Node.ELEMENT_NODE && BLOCKS.has(node.tagName)) {
      flush();
      const item = wordItem(node);
      if (item) {
        if (list) list.push(item);
        else found.push((list = [item]));
        continue;
      }
      list = null;
      found.push(...block(node));
    } else if (node.nodeType === Node.ELEMENT_NODE && node.querySelector?.("p, div, ul, ol, h1, h2, h3, blockquote")) {
      flush(); // Google Docs wraps everything in one <b>
      list = null;
      found.push(...blocks(node));
    } else if (node.nodeType !== Node.COMMENT_NODE) {
      run.push(node);
      if (node.textContent.trim()) list = null;
    }
  }
  flush();
  return found.map((one) => (Array.isArray(one) ? listed(one) : one)).filter(Boolean);
}

function block(node) {
  const heading = /^H([1-6])$/.exec(node.tagName);
  if (heading) {
    const text = inline(node.childNodes).replaceAll("**", "");
    return text ? [`${heading[1] > 2 ? "###" : "##"} ${text.replaceAll("\n", " ")}`] : [];
  }
  if (node.tagName === "UL" || node.tagName === "OL") return [ofList(node)];
  if (node.tagName === "BLOCKQUOTE") return [blocks(node).join("\n\n").replace(/^/gm, "> ")];
  if (node.tagName === "HR") return ["---"];
  if (node.tagName === "TR") return [[...node.cells].map((cell) => inline(cell.childNodes)).filter(Boolean).join(" ; ")];
  return blocks(node);
}

function ofList(node) {
  const numbered = node.tagName === "OL";
  let n = Number(node.getAttribute("start")) || 1;
  const items = [];
  for (const child of node.children) {
    if (child.tagName === "LI") {
      const mark = numbered ? `${n++}. ` : "- ";
      const inner = blocks(child).join("\n").replaceAll("\n", `\n${" ".repeat(mark.length)}`);
      if (inner) items.push(mark + inner);
    } else if (child.tagName === "UL" || child.tagName === "OL") {
      items.push(ofList(child).replace(/^/gm, "   "));
    }
  }
  return items.join("\n");
}

// <p style="mso-list:l0 level1 lfo1"><span style="mso-list:Ignore">1.</span> words</p>
function wordItem(node) {
  if (node.tagName !== "P" || !/mso-list:\s*l\d+/i.test(node.dataset.style ?? "")) return null;
  const mark = [...node.querySelectorAll("span")].find((span) => /mso-list:\s*ignore/i.test(span.dataset.style ?? ""));
  const numbered = /^\s*(\d+|[a-z])[.)]/i.test(mark?.textContent ?? "");
  mark?.remove();
  const level = Number(/level(\d)/i.exec(node.dataset.style)?.[1] ?? 1);
  return { numbered, level, text: inline(node.childNodes) };
}

function listed(items) {
  const counts = [];
  return items
    .map(({ numbered, level, text }) => {
      counts.length = level;
      counts[level - 1] = (counts[level - 1] ?? 0) + 1;
      return `${"   ".repeat(level - 1)}${numbered ? `${counts[level - 1]}.` : "-"} ${text}`;
    })
    .join("\n");
}

function inline(nodes) {
  return [...nodes].map(phrase).join("").replace(/[ \t\u00a0]*\n[ \t\u00a0]*/g, "\n").replace(/[ \t]{2,}/g, " ").trim();
}

function phrase(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data.replace(/[ \t\r\n]+/g, " ").replace(/([\\*_`[\]])/g, "\\$1");
  if (node.nodeType !== Node.ELEMENT_NODE) return "";
  if (node.tagName === "BR") return "\n";
  const inside = [...node.childNodes].map(phrase).join("");
  if (!inside.trim()) return inside;
  if (node.tagName === "A") {
    const to = node.getAttribute("href") ?? "";
    return /^https?:\/\//i.test(to) ? `[${inside.trim()}](${to.replace(/[()\s]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)})` : inside;
  }
  const style = node.dataset.style ?? "";
  const weight = /font-weight:\s*(\w+)/i.exec(style)?.[1];
  const bold = weight ? weight === "bold" || Number(weight) >= 600 : ["B", "STRONG"].includes(node.tagName);
  const emphasis = /font-style:\s*italic/i.test(style) || ["I", "EM"].includes(node.tagName);
  return wrapped(wrapped(inside, emphasis ? "*" : ""), bold ? "**" : "");
}

// The marks touch the words: Markdown knows no emphasis beside a space.
function wrapped(text, mark) {
  if (!mark) return text;
  const [, before, words, after] = /^(\s*)([\s\S]*?)(\s*)$/.exec(text);
  return words.includes(mark) ? text : `${before}${mark}${words}${mark}${after}`;
}

// A line that begins like a list or a heading, and is none.
const guarded = (text) => text.replace(/^(#{1,6}\s|[-+]\s|>)/gm, "\\$1").replace(/^(\d+)([.)]\s)/gm, "$1\\$2");

// A picture is sent as soon as it is chosen; a click on it says what must always be seen.
const upload = document.querySelector("[data-upload]");
upload?.addEventListener("change", () => {
  if (upload.files.length) upload.form.requestSubmit(upload.form.querySelector('button[value="ici"]'));
});

const picked = document.querySelector("[data-focus]");
if (picked) {
  const { focus_x: x, focus_y: y } = form.elements;
  const dot = document.createElement("span");
  dot.className = "dot";
  const note = document.createElement("p");
  note.className = "hint";
  note.textContent = picked.dataset.focus;
  picked.before(note);
  picked.append(dot);
  const show = () => {
    dot.style.insetInlineStart = `${x.value || 50}%`;
    dot.style.insetBlockStart = `${y.value || 50}%`;
  };
  picked.addEventListener("click", (event) => {
    const box = picked.getBoundingClientRect();
    x.value = Math.round(((event.clientX - box.left) / box.width) * 100);
    y.value = Math.round(((event.clientY - box.top) / box.height) * 100);
    x.dispatchEvent(new Event("input", { bubbles: true }));
    show();
  });
  for (const field of [x, y]) field.addEventListener("input", show);
  show();
}

const places = document.querySelector("[data-places]");
if (places) {
  const field = document.querySelector(`[list="${places.id}"]`);
  const offer = later(200, async () => {
    if (field.value.trim().length < 2) return;
    const answer = await fetch(`${places.dataset.places}?q=${encodeURIComponent(field.value)}`);
    if (!answer.ok) return;
    places.replaceChildren(...(await answer.json()).map((name) => new Option(name, name)));
  });
  field.addEventListener("input", offer);
}
