// Keeps the parts marked `data-live` up to date. Focus, typed text, selections and open folds stay as they are.

const EVERY = 5000; // milliseconds
const IDLE = 15 * 60 * 1000; // a desk that nobody looks at asks nothing, and its session may end
// A page with nothing in it that changes asks for the count in the frame alone: to make it whole may be costly.
const { at = location.href, frame } = document.documentElement.dataset;
const WHERE = document.querySelector("main [data-live]") ? at : frame;
let touched = Date.now();
let asking = false;

for (const kind of ["pointerdown", "pointermove", "keydown", "scroll"]) {
  addEventListener(kind, () => { touched = Date.now(); }, { passive: true, capture: true });
}

function isInUse(part) {
  const selection = getSelection();
  if (selection && !selection.isCollapsed && part.contains(selection.anchorNode)) return true;
  const focused = document.activeElement;
  return part.contains(focused) && focused.matches("input:not([type=checkbox][id]), textarea, select, button, iframe");
}

function replace(part, fresh) {
  const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
  for (const fold of part.querySelectorAll("details[id][open]")) {
    const same = fresh.querySelector(`#${CSS.escape(fold.id)}`);
    // A fold that shows a frame would load it anew: leave this part alone until it is closed.
    if (same && fold.querySelector("iframe")) return false;
    if (same) same.open = true;
  }
  part.replaceChildren(...fresh.childNodes);
  const said = fresh.dataset.said;
  if (said !== undefined && said !== part.dataset.said) {
    part.dataset.said = said;
    document.getElementById("said-live").textContent = said;
  }
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  document.dispatchEvent(new Event("live"));
  return true;
}

function signedOut() {
  clearInterval(timer);
  const said = document.getElementById("said-live");
  said.className = "note note-warn ended";
  // True on every page: keep.js keeps replies, and nothing else.
  said.textContent =
    "Your session has ended: sign in again in another tab, then reload this page. A reply is kept in this browser; copy what else you typed.";
}

let reached = true;

// Said as long as nothing can be looked up, so that nobody takes what stands there for what is.
function reaches(now) {
  if (now === reached) return;
  reached = now;
  const said = document.getElementById("said-live");
  said.className = now ? "visually-hidden" : "note note-warn ended";
  said.textContent = now
    ? "The desk is reached again."
    : "The desk cannot be reached at the moment: what you see may be old. Nothing is lost, and this page goes on by itself.";
}

async function look() {
  if (asking || document.hidden || Date.now() - touched > IDLE) return;
  asking = true;
  try {
    const answer = await fetch(WHERE, { headers: { Accept: "text/html" }, redirect: "manual" }).catch(() => null);
    if (answer?.type === "opaqueredirect") return signedOut();
    if (!answer || answer.status >= 502) return reaches(false);
    if (!answer.ok) return;
    reaches(true);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const fresh = page.querySelector(`[data-live="${CSS.escape(part.dataset.live)}"]`);
      if (!fresh || isInUse(part)) continue;
      if (last.get(part) === fresh.innerHTML) continue;
      const html = fresh.innerHTML;
      if (replace(part, fresh)) last.set(part, html);
    }
    if (page.title) document.title = page.title;
  } catch {
    // The answer broke off: the next look tells whether the desk is away.
  } finally {
    asking = false;
  }
}

const last = new Map();
for (const part of document.querySelectorAll("[data-live]")) last.set(part, part.innerHTML);
const timer = last.size ? setInterval(look, EVERY) : 0;
