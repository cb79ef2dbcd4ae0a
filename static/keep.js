// Keeps what is typed into a reply: in this browser at once, and with us two seconds after the last key.

const AFTER = 2000; // milliseconds since the last key
const AT_MOST = 10_000; // for who never stops typing
const AGAIN = 15_000; // when we could not be reached
const DAYS = 7; // this browser keeps a text no longer than that
const PREFIX = "reply:";
const AWAY = "It could not be kept with us: we cannot be reached, or you are signed out. What you typed is kept in this browser.";

const plain = (text) => text.replaceAll("\r\n", "\n").trim();

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

function write(key, entry) {
  try {
    localStorage.setItem(key, JSON.stringify(entry));
  } catch {
    // No room, or not allowed: then it is kept with us alone.
  }
}

function forget(key) {
  try {
    localStorage.removeItem(key);
  } catch {
    // As above.
  }
}

function entries() {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
  } catch {
    return [];
  }
}

// The name of this page: what it kept itself never overtakes it, also where our answer was lost on its way.
const page = [...crypto.getRandomValues(new Uint8Array(12))].map((one) => one.toString(16).padStart(2, "0")).join("");

function watch(stamp) {
  const { form, dataset } = stamp;
  const box = form.querySelector("textarea[name=text]");
  if (!box) return "";
  const key = PREFIX + dataset.decision + (dataset.slot && `/${dataset.slot}`);
  const writer = Object.assign(document.createElement("input"), { type: "hidden", name: "writer", value: page });
  form.append(writer);
  const place = form.querySelector("[data-kept-said]");
  const offer = form.querySelector("[data-kept-here]");
  let undecided = "unkept" in dataset; // Two texts are on the page: only a button chooses between them.
  let timer = 0;
  let since = 0;
  let asking = false;
  let leaving = false;

  const found = read(key);
  const isUnknown = (one) => one?.member === dataset.member && plain(one.text) && plain(one.text) !== plain(box.value);
  // What was typed here before stays in the browser until it is put back or let go, whatever is typed now.
  const before = isUnknown(found) ? found : isUnknown(found?.before) ? found.before : undefined;
  const waits = () => before && offer && !offer.hidden;
  const done = () => (waits() ? write(key, before) : forget(key));

  const tell = (words) => { if (place && place.textContent !== words) place.textContent = words; };
  const hold = (act = "") => write(key, {
    act, text: box.value, version: stamp.value, writer: writer.value, at: Date.now(), before: waits() ? before : undefined,
    conversation: dataset.conversation, member: dataset.member,
  });

  function later(wait) {
    clearTimeout(timer);
    timer = setTimeout(keep, wait);
  }

  function typed() {
    hold();
    if (undecided || !dataset.keep) return;
    since ||= Date.now();
    later(Math.max(0, Math.min(AFTER, since + AT_MOST - Date.now())));
  }

  async function keep(more) {
    clearTimeout(timer);
    if (undecided || leaving || asking || !plain(box.value)) return;
    const text = box.value;
    asking = true;
    since = timer = 0;
    try {
      const asked = { method: "POST", body: new FormData(form), headers: { Accept: "application/json" }, redirect: "manual" };
      const answer = await fetch(dataset.keep, { ...asked, ...more });
      const told = answer.headers.get("Content-Type")?.startsWith("application/json") ? await answer.json() : {};
      if (told.version) {
        stamp.value = told.version;
        kept(text);
      } else if (told.said) {
        undecided = told.stop;
        stamp.toggleAttribute("data-unkept", undecided);
        tell(told.said);
      } else {
        away();
      }
    } catch {
      away();
    } finally {
      asking = false;
    }
  }

  function kept(text) {
    if (box.value !== text) {
      typed();
      return;
    }
    done();
    tell("Kept a moment ago");
    setTimeout(() => {
      if (place?.textContent === "Kept a moment ago") tell(`Kept at ${new Date().toLocaleTimeString([], { timeStyle: "short" })}`);
    }, 60_000);
  }

  function away() {
    tell(AWAY);
    if (!leaving) later(AGAIN);
  }

  box.addEventListener("input", typed);
  form.addEventListener("submit", (event) => {
    leaving = true;
    clearTimeout(timer);
    const act = (event.submitter?.getAttribute("formaction") ?? form.getAttribute("action")).split("/").pop();
    if (act === "anew") done();
    else hold(act);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && timer) keep({ keepalive: true });
  });
  addEventListener("pageshow", () => { leaving = false; });

  if (before) offer?.removeAttribute("hidden");
  else if (found && !undecided) forget(key);
  offer?.querySelector("[data-put-back]").addEventListener("click", () => {
    const { text, version, writer: by } = before;
    Object.assign(box, { value: text });
    stamp.value = version;
    writer.value = by;
    offer.hidden = true;
    box.focus();
    typed();
  });
  offer?.querySelector("[data-let-go]").addEventListener("click", () => {
    offer.hidden = true;
    done();
    box.focus();
  });
  return key;
}

// What was typed into a form that is not on the page any more: unless it is what was sent, it is shown to be copied.
function leftOver(place, watched) {
  for (const key of entries()) {
    const entry = read(key);
    if (!entry || Date.now() - entry.at > DAYS * 86_400_000) {
      forget(key);
      continue;
    }
    if (entry.conversation !== place.dataset.leftOver || entry.member !== place.dataset.member || watched.has(key)) continue;
    const [decision] = key.slice(PREFIX.length).split("/");
    const settled = document.querySelector(`template[data-settled="${CSS.escape(decision)}"]`);
    const left = ["sent", "gmail_draft"].includes(settled?.dataset.how);
    const sent = left && plain(settled.content.textContent) === plain(entry.text);
    if (sent || (settled?.dataset.how === "dismissed" && entry.act === "dismiss")) {
      forget(key);
      continue;
    }
    if (document.getElementById("unsent") || !place.hidden) continue;
    place.hidden = false;
    place.querySelector("[data-text]").textContent = entry.text;
    place.querySelector("[data-let-go]").addEventListener("click", () => {
      forget(key);
      place.hidden = true;
    });
  }
}

const watched = new Set([...document.querySelectorAll("input[data-keep]")].map(watch));
const place = document.querySelector("[data-left-over]");
if (place) leftOver(place, watched);
for (const link of document.querySelectorAll("[data-take]")) {
  link.addEventListener("click", () => forget(PREFIX + link.dataset.take));
}
