// Takes the fragment again and swaps it in only where it changed, keeping folds and the reader's place.
let shown = null;
const box = document.getElementById("live");
async function refresh() {
  try {
    const answer = await fetch("fragment" + location.search);
    const html = await answer.text();
    document.body.classList.remove("gone");
    if (!answer.ok || html === shown) return;
    const open = new Set([...box.querySelectorAll("details[open]")].map((item) => item.dataset.key));
    const atEnd = innerHeight + scrollY >= document.body.scrollHeight - 40;
    box.innerHTML = html;
    for (const item of box.querySelectorAll("details")) if (open.has(item.dataset.key)) item.open = true;
    if (box.dataset.follow && atEnd && shown !== null) scrollTo(0, document.body.scrollHeight);
    shown = html;
  } catch { document.body.classList.add("gone"); }
}
setInterval(() => { if (!document.hidden) refresh(); }, 1500);
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
refresh();
