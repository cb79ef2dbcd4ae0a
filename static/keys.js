// The shortcuts, and menus that close by Escape or a click elsewhere. Everything works without them.

const rows = () => [...document.querySelectorAll("[data-row] a")];

// On a narrow screen there is no room for it in the header.
const shown = (selector) => [...document.querySelectorAll(selector)].find((one) => one.checkVisibility());

function step(by) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(document.activeElement);
  const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1);
  all[next].focus();
  all[next].closest("[data-row]").scrollIntoView({ block: "nearest" });
}

const press = (what) => document.querySelector(what)?.click();

function open(what) {
  const fold = document.querySelector(what);
  if (!fold) return;
  fold.open = true;
  fold.querySelector("select, button").focus();
}

// What is folded away was not read yet, such as what is confirmed before money moves: it is shown, and Enter presses it.
function send(form) {
  const button = form.querySelector(".send");
  const fold = button?.closest("details:not([open])");
  if (!fold) return form.requestSubmit(button);
  fold.open = true;
  button.focus();
}

const acts = {
  j: () => step(1),
  k: () => step(-1),
  u: () => document.querySelector("[data-up]")?.click(),
  e: () => document.querySelector("[data-reply]")?.focus(),
  "/": () => (document.querySelector("main [data-search]") ?? shown(".top [data-search]"))?.focus(),
  a: () => press("[data-key=a]"),
  t: () => press("[data-key=t]"),
  // What cannot be undone here is not done by one key: it is found, and Enter presses it.
  d: () => document.querySelector('.answer button[formaction$="/dismiss"]')?.focus(),
  s: () => open("[data-key-opens=s]"),
  r: () => open(".why details[id^=about-]"),
  "?": () => document.getElementById("shortcuts")?.showModal(),
};

addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (event.key === "Enter" && event.ctrlKey && typing?.matches("textarea")) {
    event.preventDefault();
    send(typing.form);
    return;
  }
  if (event.key === "Escape") {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
    if (typing) typing.blur(); // so that the next key is a shortcut again
    return;
  }
  if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (acts[event.key]) {
    event.preventDefault();
    acts[event.key]();
  }
});

addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
