// Keeps what is ticked in the queue from page to page, and says how much that is.

const form = document.getElementById("several");
const key = "picked";
const fold = document.getElementById("bulk");
const told = fold?.querySelector("[data-picked]");
const usual = told?.textContent;
// A page that the server filled with ticks, and a finished act, begin anew.
const picked = new Set(JSON.parse(sessionStorage.getItem(key) ?? "[]"));

function show() {
  for (const box of form.querySelectorAll("input[name=pick][type=checkbox]")) box.checked = picked.has(box.value);
  if (told) told.textContent = picked.size ? `${picked.size} ${picked.size === 1 ? "mail is" : "mails are"} ticked` : usual;
}

function keep() {
  sessionStorage.setItem(key, JSON.stringify([...picked]));
  show();
}

if (form) {
  form.addEventListener("change", (event) => {
    const box = event.target;
    if (box.name !== "pick") return;
    if (box.checked) picked.add(box.value); else picked.delete(box.value);
    if (fold && picked.size) fold.open = true;
    keep();
  });
  form.addEventListener("submit", (event) => {
    const here = new Set([...form.querySelectorAll("input[name=pick]")].map((box) => box.value));
    for (const value of picked) {
      if (here.has(value)) continue;
      const hidden = Object.assign(document.createElement("input"), { type: "hidden", name: "pick", value });
      form.append(hidden);
    }
    // What is asked for twice may be thought better of: its ticks stay until it is done.
    if (!["dismiss", "say"].includes(event.submitter?.value)) sessionStorage.removeItem(key);
  });
  document.addEventListener("live", show);
  if (fold && picked.size) fold.open = true;
  show();
}
document.querySelector("[data-picks-done]")?.addEventListener("submit", () => sessionStorage.removeItem(key));
