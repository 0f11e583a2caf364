// What is live, what is previewed, and keys. Everything works without this script too.

const all = (what, where = document) => [...where.querySelectorAll(what)];

async function read(address, options = {}) {
  const answer = await fetch(address, { headers: { accept: "text/html" }, ...options });
  if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// Regions marked data-live are replaced by what the same address shows now. Where somebody is
// typing or has something open stays as it is; ticks and the focus stay where they were.
async function refresh(address = location.href) {
  let fresh;
  try { fresh = await read(address); } catch { return false; }
  for (const old of all("[data-live]")) {
    const made = fresh.getElementById(old.id);
    const held = document.activeElement;
    const typing = old.contains(held) && held.matches("textarea, input:not([type=checkbox]), select");
    if (!made || typing || made.innerHTML === old.dataset.shown) continue;
    old.dataset.shown = made.innerHTML;
    const ticked = new Set(all("input:checked", old).map((box) => box.id));
    const open = new Set(all("details[open]", old).map((one) => one.id));
    old.replaceChildren(...made.childNodes);
    for (const box of all("input[type=checkbox]", old)) box.checked ||= ticked.has(box.id);
    for (const one of all("details", old)) one.open ||= Boolean(one.id) && open.has(one.id);
    if (held.id && !held.isConnected) document.getElementById(held.id)?.focus();
  }
  return true;
}

// A link marked data-swap leads to this page with something more or less on it: shown in place.
async function swap(link) {
  link.setAttribute("aria-busy", "true");
  if (await refresh(link.href)) history.replaceState(null, "", link.href);
  else location.assign(link.href);
}

function listen() {
  const sign = document.querySelector("[data-listen]");
  if (!sign) return;
  let soon;
  const source = new EventSource(sign.dataset.listen);
  source.onopen = () => { sign.classList.add("on"); sign.hidden = false; };
  source.onerror = () => sign.classList.remove("on");
  const look = async () => { if (!(await refresh()) && source.readyState === EventSource.OPEN) soon = setTimeout(look, 3000); };
  source.addEventListener("changed", () => {
    clearTimeout(soon);
    soon = setTimeout(look, document.hidden ? 5000 : 200);
  });
}

// A form with data-preview shows beside it what its text will look like.
function preview(form) {
  const shown = document.getElementById("preview");
  let soon;
  const draw = async () => {
    try {
      const made = await read(form.dataset.preview, { method: "POST", body: new URLSearchParams(new FormData(form)) });
      shown.replaceChildren(...made.body.childNodes);
    } catch { /* the last preview stays */ }
  };
  form.addEventListener("input", () => { clearTimeout(soon); soon = setTimeout(draw, 350); });
}

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) return event.preventDefault();
  if (form.method !== "post") return;
  form.dataset.sent = "yes";
  event.submitter?.setAttribute("aria-busy", "true");
});
// The address of a view says only what was chosen.
document.addEventListener("formdata", (event) => {
  if (event.target.method !== "get") return;
  for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
});
addEventListener("pageshow", () => {
  for (const form of all("form[data-sent]")) delete form.dataset.sent;
  for (const button of all("[aria-busy]")) button.removeAttribute("aria-busy");
});

const rows = () => all("[data-row]");
const row = () => document.activeElement?.closest?.("[data-row]");
const tick = (one, on) => {
  const box = one?.querySelector("input[type=checkbox]");
  if (!box) return;
  box.checked = on ?? !box.checked;
  one.classList.toggle("picked", box.checked);
};

function step(by) {
  const found = rows();
  const at = found.indexOf(row());
  const next = found[at < 0 ? (by > 0 ? 0 : found.length - 1) : Math.min(Math.max(at + by, 0), found.length - 1)];
  next?.querySelector("a")?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  o: () => row()?.querySelector("a")?.click(),
  x: () => tick(row()),
  a: () => { tick(row(), true); document.querySelector("[data-assign]")?.focus(); },
  m: () => { tick(row(), true); document.querySelector("[data-merge]")?.click(); },
  "/": () => document.querySelector("input[type=search]")?.focus(),
  "?": () => document.getElementById("keys")?.showModal(),
};
// In a row a letter presses what is marked for it there: a button, or what opens a form.
function pressed(key) {
  const own = /^[a-z]$/.test(key) && row()?.querySelector(`[data-press=${key}]`);
  if (!own) return false;
  for (let fold = own.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  if (own.matches("summary")) {
    own.parentElement.querySelector("textarea, select, input:not([type=hidden]), button")?.focus();
  } else own.click();
  return true;
}
const off = () => localStorage.getItem("keys") === "off";

document.addEventListener("keydown", (event) => {
  const writing = event.target.closest("input:not([type=checkbox]), textarea, select, dialog");
  if (writing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (off() && event.key !== "?") return;
  if (pressed(event.key)) return event.preventDefault();
  if (!KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-keys]")) document.getElementById("keys")?.showModal();
  if (event.target.closest("[data-print]")) print();
  const link = event.target.closest("a[data-swap]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) { event.preventDefault(); swap(link); }
});
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-row] input[type=checkbox]")) tick(event.target.closest("[data-row]"), event.target.checked);
  if (event.target.id === "keys-on") localStorage.setItem("keys", event.target.checked ? "on" : "off");
});

for (const one of all("[data-script]")) one.hidden = false;
const choice = document.getElementById("keys-on");
if (choice) choice.checked = !off();
for (const form of all("form[data-preview]")) preview(form);
listen();
