// What a person does goes to the sandbox, which sends it on as the vendor does; then the page is looked at again.
document.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target, buttons = [...form.querySelectorAll("button")];
  const body = new URLSearchParams(new FormData(form, event.submitter));
  for (const menu of form.querySelectorAll("details[open]")) menu.open = false;
  for (const button of buttons) button.disabled = true;
  try {
    await fetch(form.getAttribute("action"), { method: "POST", body, redirect: "manual" });
    if (form.dataset.clears) form.reset();
    await refresh();
  } finally {
    for (const button of buttons) button.disabled = false;
  }
});
