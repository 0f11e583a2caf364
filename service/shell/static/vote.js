// Votes without leaving the page. Everything works without this script too.
const booth = document.getElementById("booth");
const told = document.getElementById("said");
let busy = false;

async function part(address, options = {}) {
  const answer = await fetch(address, { ...options, headers: { accept: "text/html", "x-part": "booth" } });
  if (answer.redirected) return location.assign(answer.url);
  if (!answer.ok) throw new Error(String(answer.status));
  const made = new DOMParser().parseFromString(await answer.text(), "text/html");
  booth.replaceChildren(...made.body.childNodes);
  told.textContent = [...booth.querySelectorAll("[data-notice], [data-said]")].map((one) => one.textContent).join(" ");
  booth.querySelector("#which")?.focus();
}

// One choice at a time: a second press waits for nothing and does nothing.
async function send(address, options, chosen) {
  if (busy) return;
  busy = true;
  chosen?.classList.add("chosen");
  booth.setAttribute("aria-busy", "true");
  try {
    await part(address, options);
  } catch {
    chosen?.classList.remove("chosen");
    let failed = booth.querySelector(".failed");
    if (!failed) {
      failed = document.createElement("p");
      failed.className = "notice bad failed";
      failed.setAttribute("role", "alert");
      booth.prepend(failed);
    }
    failed.textContent = booth.dataset.failed;
  } finally {
    booth.removeAttribute("aria-busy");
    busy = false;
  }
}

booth?.addEventListener("submit", (event) => {
  event.preventDefault();
  const { target: form, submitter } = event;
  const body = new URLSearchParams(new FormData(form));
  if (submitter) body.set(submitter.name, submitter.value);
  send(form.action, { method: "POST", body }, submitter?.closest(".side") ?? submitter);
});
booth?.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-go]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  send(link.href, {});
});

// Left and right choose a side; down opens the reasons, where up and down lead from one to another.
function reasons(by) {
  const box = booth.querySelector(".cannot");
  if (!box) return;
  const all = [...box.querySelectorAll("button")];
  const at = box.open ? all.indexOf(document.activeElement) : -1;
  box.open = true;
  all[Math.min(Math.max(at + by, 0), all.length - 1)].focus();
}
const KEYS = {
  ArrowLeft: () => booth.querySelector("[data-key=left]")?.click(),
  ArrowRight: () => booth.querySelector("[data-key=right]")?.click(),
  ArrowDown: () => reasons(1),
  ArrowUp: () => reasons(-1),
  Escape: () => {
    booth.querySelector(".cannot").open = false;
    booth.querySelector("#which").focus();
  },
};
document.addEventListener("keydown", (event) => {
  const open = booth?.querySelector(".cannot")?.open;
  const free = event.key !== "ArrowUp" && event.key !== "Escape";
  if (!KEYS[event.key] || !booth?.querySelector(".ballot") || (!free && !open)) return;
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (event.target.closest("input, select, textarea")) return;
  event.preventDefault();
  KEYS[event.key]();
});
