// Put <script src="https://…/chat/widget.js" async></script> on a page: a button that opens the chat in a frame.
const base = new URL(document.currentScript.src).origin;
const words = { pt: ["Fale com o governo", "Fechar"], es: ["Hable con el gobierno", "Cerrar"], en: ["Write to the government", "Close"] };
const lang = (document.documentElement.lang || navigator.language).slice(0, 2);
const [open, close] = words[lang] || words.en;
const button = document.createElement("button");
const frame = document.createElement("iframe");
const fixed = (element, rules) => { for (const [name, value] of Object.entries(rules)) element.style.setProperty(name, value); };
fixed(button, { position: "fixed", right: "1rem", bottom: "1rem", "z-index": "2147483000", padding: ".8rem 1.2rem", border: "0", "border-radius": "999px", background: "#0b6b5d", color: "#fff", font: "600 1rem system-ui, sans-serif", cursor: "pointer", "box-shadow": "0 4px 16px rgb(0 0 0 / .25)" });
fixed(frame, { position: "fixed", right: "1rem", bottom: "5rem", "z-index": "2147483000", width: "min(24rem, calc(100vw - 2rem))", height: "min(38rem, calc(100vh - 7rem))", border: "1px solid #d9e0dc", "border-radius": "1rem", background: "#fff", display: "none", "box-shadow": "0 8px 32px rgb(0 0 0 / .25)" });
button.type = "button";
button.textContent = open;
button.setAttribute("aria-expanded", "false");
frame.title = open;
button.addEventListener("click", () => {
  const shown = frame.style.display === "none";
  if (shown && !frame.src) frame.src = `${base}/chat/embed?lang=${lang}`;
  frame.style.display = shown ? "block" : "none";
  button.textContent = shown ? close : open;
  button.setAttribute("aria-expanded", String(shown));
  if (shown) frame.focus();
});
document.body.append(frame, button);
