// Takes the fragment again and swaps it in only where it changed, keeping folds, what is being filled in, and the reader's place.
let shown = null, held = false; // what is swapped between the press and the release of a mouse button is never clicked
addEventListener("pointerdown", () => { held = true; });
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => { held = false; });
const box = document.getElementById("live");
const keyOf = (item) => `${item.closest("[id]").id} ${item.dataset.key}`;
async function refresh() {
  try {
    const answer = await fetch("fragment" + location.search);
    const html = await answer.text();
    document.body.classList.remove("gone");
    if (!answer.ok || html === shown || held) return;
    const open = new Set([...box.querySelectorAll("details[open]")].map(keyOf));
    const kept = new Map([...box.querySelectorAll("[data-kept]")].map((item) => [item.dataset.kept, item]));
    const focused = document.activeElement;
    const atEnd = innerHeight + scrollY >= document.body.scrollHeight - 40;
    box.innerHTML = html;
    for (const item of box.querySelectorAll("details")) if (open.has(keyOf(item))) item.open = true;
    for (const item of box.querySelectorAll("[data-kept]")) if (kept.has(item.dataset.kept)) item.replaceWith(kept.get(item.dataset.kept));
    if (focused !== document.activeElement && box.contains(focused)) focused.focus();
    if (box.dataset.follow && atEnd && shown !== null) scrollTo(0, document.body.scrollHeight);
    shown = html;
  } catch { document.body.classList.add("gone"); }
}
setInterval(() => { if (!document.hidden) refresh(); }, 1500);
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
refresh();
