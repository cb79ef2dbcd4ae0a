// Lights the quote under Why up while its number beside the draft is pointed at or focused. A press leads there without.

function light(event, on) {
  const link = event.target.closest?.("[data-cites]");
  if (link) document.getElementById(link.dataset.cites)?.classList.toggle("is-cited", on);
}

addEventListener("pointerover", (event) => light(event, true));
addEventListener("pointerout", (event) => light(event, false));
addEventListener("focusin", (event) => light(event, true));
addEventListener("focusout", (event) => light(event, false));
