// Tells colleagues that somebody is here where live.js does not: on a page that answers a form, and while a text is typed
// that nobody keeps yet, since two stand beside each other.

const EVERY = 5000; // milliseconds, as live.js asks
const IDLE = 15 * 60 * 1000;
const place = document.querySelector("[data-renews]");
let touched = Date.now();
let wrote = false;

for (const kind of ["pointerdown", "pointermove", "keydown", "scroll"]) {
  addEventListener(kind, () => { touched = Date.now(); }, { passive: true, capture: true });
}

document.addEventListener("input", (event) => {
  if (event.target.matches("textarea[name=text]") && event.target.form.querySelector("[data-unkept]")) wrote = true;
});

async function renew() {
  if (document.hidden || Date.now() - touched > IDLE) return;
  if (!wrote && !("answersForm" in place.dataset)) return;
  const form = new FormData();
  form.set("csrf_token", document.querySelector("input[name=csrf_token]").value);
  if (wrote) form.set("writes", "yes");
  wrote = false;
  try {
    const answer = await fetch(place.dataset.renews, { method: "POST", body: form, redirect: "manual" });
    if (!answer.ok) clearInterval(timer);
  } catch {
    // The server restarts, or the network is away: the next time tells.
  }
}

const timer = place ? setInterval(renew, EVERY) : 0;
