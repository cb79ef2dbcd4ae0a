// Lights a quote under Why up: while its number beside the draft is pointed at or focused, and while the cursor stands
// within its words in the draft, or in the line that names its source. A press on the number leads there without this.

const links = [...document.querySelectorAll("[data-cites]")];
const quoteOf = (link) => document.getElementById(link.dataset.cites);
const light = (link, on) => quoteOf(link)?.classList.toggle("is-cited", on);

for (const link of links) {
  for (const begins of ["pointerenter", "focus"]) link.addEventListener(begins, () => light(link, true));
  for (const ends of ["pointerleave", "blur"]) link.addEventListener(ends, () => light(link, false));
}

function stands(link, text, at) {
  const quote = quoteOf(link)?.querySelector("mark")?.textContent.trim() ?? "";
  const from = quote ? text.indexOf(quote) : -1;
  if (from >= 0 && from <= at && at <= from + quote.length) return true;
  const [before, after] = [text.slice(0, at).split("\n").pop(), text.slice(at).split("\n")[0]];
  return (before + after).includes(link.querySelector("bdi").textContent);
}

document.addEventListener("selectionchange", () => {
  const draft = document.activeElement;
  if (!draft?.matches("textarea[data-reply]")) return;
  for (const link of links) light(link, stands(link, draft.value, draft.selectionStart));
});

document.querySelector("textarea[data-reply]")?.addEventListener("blur", () => {
  for (const link of links) light(link, false);
});
