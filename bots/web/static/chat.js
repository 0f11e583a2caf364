const facts = JSON.parse(document.body.dataset.facts);
const $ = (id) => document.getElementById(id);
const WORDS = {
  pt: { title: "O que está acontecendo?", lead: "Escreva com as suas palavras. Você recebe um código e a resposta volta aqui.", examples: ["Falta água na minha rua", "Quando abre a matrícula?", "Sugiro uma ciclovia na avenida"], fine: "Suas mensagens são guardadas com criptografia. Escreva /privacidade para ver, levar ou apagar.", box: "Sua mensagem", send: "Enviar", receipt: "Tenho um código", sending: "enviando…", stored: "recebida ✓", failed: "não enviada", retry: "Tentar de novo", lost: "Sem conexão. Tentando de novo…", here: "Gabinete digital", sample: "Instalação de exemplo: dados inventados", today: "Hoje", left: "caracteres restantes", offline: "Não foi possível enviar. Sua mensagem está guardada aqui; tente de novo.", came: "Cheguei por um link" },
  es: { title: "¿Qué está pasando?", lead: "Escriba con sus palabras. Recibe un código y la respuesta vuelve aquí.", examples: ["No hay agua en mi calle", "¿Cuándo abre la inscripción?", "Propongo una ciclovía en la avenida"], fine: "Sus mensajes se guardan cifrados. Escriba /privacidad para ver, llevarse o borrar.", box: "Su mensaje", send: "Enviar", receipt: "Tengo un código", sending: "enviando…", stored: "recibido ✓", failed: "no enviado", retry: "Intentar de nuevo", lost: "Sin conexión. Intentando de nuevo…", here: "Gabinete digital", sample: "Instalación de ejemplo: datos inventados", today: "Hoy", left: "caracteres restantes", offline: "No se pudo enviar. Su mensaje está guardado aquí; intente de nuevo.", came: "Llegué por un enlace" },
  en: { title: "What is happening?", lead: "Write in your own words. You get a code, and the answer comes back here.", examples: ["No water in my street", "When does enrolment open?", "I suggest a bike lane on the avenue"], fine: "Your messages are stored encrypted. Write /privacy to see, take away or erase them.", box: "Your message", send: "Send", receipt: "I have a code", sending: "sending…", stored: "received ✓", failed: "not sent", retry: "Try again", lost: "No connection. Trying again…", here: "Digital cabinet", sample: "Sample installation: invented data", today: "Today", left: "characters left", offline: "It could not be sent. Your message is kept here; try again.", came: "I came by a link" },
};
const w = WORDS[facts.lang];
const memory = new Map();
const store = {
  get(key) { try { return localStorage.getItem(key); } catch { return memory.get(key) ?? null; } },
  set(key, value) { try { localStorage.setItem(key, value); } catch { memory.set(key, value); } },
};
// Choices of a list stand beside each other: one leaves the others open.
const LISTED = /^(?:un)?back:/;
const START = /^\/start\b/;
const shown = new Map();
let token = store.get("gabinete-token");
let day = "";

function label() {
  $("welcome").querySelector("h2").textContent = w.title;
  const [lead, fine] = $("welcome").querySelectorAll("p");
  lead.textContent = w.lead;
  fine.textContent = w.fine;
  for (const text of w.examples) {
    const item = document.createElement("li");
    const chip = document.createElement("button");
    chip.type = "button";
    chip.textContent = text;
    chip.addEventListener("click", () => { $("text").value = text; grow(); $("text").focus(); });
    item.append(chip);
    $("welcome").querySelector("ul").append(item);
  }
  document.querySelector("label[for=text]").textContent = w.box;
  $("text").placeholder = w.box;
  $("send").setAttribute("aria-label", w.send);
  $("receipt").textContent = w.receipt;
  $("status").textContent = w.here;
  $("sample").hidden = !facts.sample;
  $("sample").textContent = w.sample;
  $("text").value = store.get("gabinete-unsent") ?? "";
}

async function call(path, options = {}) {
  const headers = { authorization: `Bearer ${token}`, "accept-language": facts.lang };
  if (options.body) headers["content-type"] = "application/json";
  return fetch(`/chat/v1/${path}`, { ...options, headers });
}

async function begin() {
  if (token) return;
  const response = await fetch("/chat/v1/conversations", { method: "POST" });
  token = (await response.json()).token;
  store.set("gabinete-token", token);
}

function linked(text, into) {
  let at = 0;
  for (const match of text.matchAll(/https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)]/g)) {
    into.append(text.slice(at, match.index));
    const link = document.createElement("a");
    link.href = match[0];
    link.textContent = match[0];
    link.rel = "noopener noreferrer";
    link.target = "_blank";
    into.append(link);
    at = match.index + match[0].length;
  }
  into.append(text.slice(at));
}

function separate(at) {
  const name = at.toDateString() === new Date().toDateString() ? w.today : at.toLocaleDateString(facts.lang, { day: "numeric", month: "long" });
  if (name === day) return;
  day = name;
  const item = document.createElement("li");
  item.className = "day";
  item.textContent = name;
  $("log").append(item);
}

function show(said, state) {
  const key = said.direction + said.external_id;
  if (shown.has(key)) return shown.get(key);
  $("welcome").hidden = true;
  const at = new Date(said.at);
  separate(at);
  const item = document.createElement("li");
  item.className = `said ${said.direction}`;
  if (said.direction === "out") {
    const who = document.createElement("span");
    who.className = "who";
    who.textContent = facts.government;
    item.append(who);
  }
  linked(said.direction === "in" && START.test(said.text) ? w.came : said.text, item);
  for (const picture of said.pictures ?? []) item.append(figure(picture));
  choices(said.buttons ?? [], item);
  const foot = document.createElement("span");
  foot.className = "foot";
  const time = document.createElement("time");
  time.dateTime = said.at;
  time.textContent = at.toLocaleTimeString(facts.lang, { hour: "2-digit", minute: "2-digit" });
  const mark = document.createElement("span");
  mark.className = "state";
  mark.textContent = state ?? "";
  foot.append(time, mark);
  item.append(foot);
  $("log").append(item);
  shown.set(key, item);
  document.querySelector("main").scrollTo({ top: 1e9 });
  return item;
}

function figure({ url, alt, width, height }) {
  const link = document.createElement("a");
  const image = document.createElement("img");
  link.href = url;
  link.target = "_blank";
  link.rel = "noopener";
  link.className = "picture";
  Object.assign(image, { src: url, alt, width, height });
  link.append(image);
  return link;
}

function choices(buttons, item) {
  if (!buttons.length) return;
  const group = document.createElement("span");
  group.className = "choices";
  for (const { label: name, action, url } of buttons) {
    const choice = document.createElement(url ? "a" : "button");
    choice.textContent = name;
    if (url) {
      choice.href = url;
      choice.rel = "noopener noreferrer";
      choice.target = "_blank";
    } else {
      choice.type = "button";
      choice.addEventListener("click", () => press(action, group, choice));
    }
    group.append(choice);
  }
  item.append(group);
}

async function press(action, group, choice) {
  const all = group.querySelectorAll("button");
  all.forEach((one) => { one.disabled = true; });
  choice.setAttribute("aria-pressed", "true");
  try {
    const response = await call("messages", { method: "POST", body: JSON.stringify({ id: crypto.randomUUID(), action, lang: facts.lang }) });
    if (!response.ok) throw new Error((await response.json()).message);
    if (LISTED.test(action)) all.forEach((one) => { one.disabled = one === choice; });
  } catch (error) {
    all.forEach((one) => { one.disabled = false; });
    warn(error instanceof TypeError ? w.offline : error.message);
  }
}

function warn(text) {
  $("notice").textContent = text;
  $("notice").hidden = !text;
}

async function post(said, item) {
  const mark = item.querySelector(".state");
  mark.textContent = w.sending;
  item.classList.remove("failed");
  try {
    await begin();
    const response = await call("messages", { method: "POST", body: JSON.stringify({ id: said.external_id, text: said.text, lang: facts.lang }) });
    if (!response.ok) throw new Error((await response.json()).message);
    if (START.test(said.text)) arrived();
    mark.textContent = w.stored;
    item.querySelector("button.retry")?.remove();
    listen();
  } catch (error) {
    mark.textContent = w.failed;
    item.classList.add("failed");
    warn(error instanceof TypeError ? w.offline : error.message);
    if (!item.querySelector("button.retry")) {
      const again = document.createElement("button");
      again.type = "button";
      again.className = "retry";
      again.textContent = w.retry;
      again.addEventListener("click", () => { warn(""); post(said, item); });
      item.append(again);
    }
  }
}

// A link that leads here carries what it is about: it is said once, whatever is reloaded meanwhile.
function follow() {
  const payload = new URLSearchParams(location.search).get("start") ?? "";
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(payload)) return;
  let kept = "";
  try { kept = sessionStorage.getItem("gabinete-start") ?? ""; } catch { /* said again after a reload */ }
  const [before, id] = kept.split(" ");
  const said = { direction: "in", external_id: before === payload ? id : crypto.randomUUID(), text: `/start ${payload}`, at: new Date().toISOString() };
  try { sessionStorage.setItem("gabinete-start", `${payload} ${said.external_id}`); } catch { /* as above */ }
  post(said, show(said));
}

function arrived() {
  try { sessionStorage.removeItem("gabinete-start"); } catch { /* nothing was kept */ }
  const address = new URL(location.href);
  address.searchParams.delete("start");
  history.replaceState(null, "", address);
}

function send(event) {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text || text.length > facts.longest) return;
  warn("");
  $("text").value = "";
  grow();
  const said = { direction: "in", external_id: crypto.randomUUID(), text, at: new Date().toISOString() };
  post(said, show(said));
  $("text").focus();
}

function grow() {
  const box = $("text");
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight + 2}px`;
  const left = facts.longest - box.value.length;
  $("left").textContent = left < 300 ? `${left} ${w.left}` : "";
  $("send").disabled = left < 0;
  store.set("gabinete-unsent", box.value);
}

let listening = false;
async function listen() {
  if (listening || !token) return;
  listening = true;
  for (let wait = 500; ; wait = Math.min(wait * 2, 20000)) {
    try {
      const response = await call("stream");
      if (!response.ok) throw new Error(String(response.status));
      $("status").textContent = w.here;
      wait = 500;
      await read(response.body.getReader());
    } catch { $("status").textContent = w.lost; }
    await new Promise((done) => { setTimeout(done, wait); });
  }
}

async function read(reader) {
  const decoder = new TextDecoder();
  let held = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    held += decoder.decode(value, { stream: true });
    const events = held.split("\n\n");
    held = events.pop();
    const said = events.flatMap((event) => event.split("\n").filter((line) => line.startsWith("data: ")).map((line) => JSON.parse(line.slice(6))));
    if (!said.length) continue;
    said.forEach((one) => show(one));
    await call("seen", { method: "POST", body: JSON.stringify({ ids: said.map((one) => one.id) }) });
  }
}

async function recall() {
  if (!token) return;
  const response = await call("messages");
  if (!response.ok) return;
  const { messages } = await response.json();
  messages.forEach((one) => show(one, one.direction === "in" ? w.stored : ""));
  const ids = messages.filter((one) => one.direction === "out").map((one) => one.id);
  if (ids.length) await call("seen", { method: "POST", body: JSON.stringify({ ids }) });
}

label();
grow();
$("form").addEventListener("submit", send);
$("text").addEventListener("input", grow);
$("text").addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send(event); });
recall().catch(() => {}).finally(() => { follow(); listen(); });
