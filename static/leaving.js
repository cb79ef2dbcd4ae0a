// Counts down how many seconds are left to undo a reply. Live updates bring the part anew, with fresh seconds.

const ends = new WeakMap();

function tick() {
  for (const told of document.querySelectorAll("[data-leaving]")) {
    if (!ends.has(told)) ends.set(told, performance.now() + 1000 * Number(told.dataset.leaving));
    const left = Math.max(0, Math.ceil((ends.get(told) - performance.now()) / 1000));
    const words = left ? `Leaves in ${left} ${left === 1 ? "second" : "seconds"}` : "Leaves now";
    if (told.textContent !== words) told.textContent = words;
  }
}

tick();
setInterval(tick, 1000);
