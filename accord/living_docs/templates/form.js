  // What a link leads to is not to be below the bar, which is as high as its filters need.
  const tools = document.getElementById("tools");
  function makeRoom() {
    document.documentElement.style.scrollPaddingTop = `${tools.offsetHeight + 8}px`;
  }

  // How much was found, and which tags were not.
  function say(found, carries = true) {
    const { tag, isFiltered } = chosen();
    form.elements.tag?.setAttribute("aria-invalid", String(!carries));
    output.value = carries ? [found, ...unknownTags(tag)].join(": ") : `${tag} is no tag expression: write one as @a and not @b`;
    form.elements.clear.hidden = !isFiltered;
    makeRoom();
  }

  function clear() {
    const { q, tag } = form.elements;
    for (const field of [q, tag]) if (field) field.value = "";
    for (const box of form.querySelectorAll("[name=state]")) box.checked = false;
    show();
    remember();
  }

  function remember() {
    const { q, state, tag, evidence } = chosen();
    const said = [["q", q], ["tag", tag], ["state", state.join(",")], ["evidence", evidence]].filter(([, value]) => value);
    try {
      history.replaceState(null, "", location.pathname + (said.length ? `?${new URLSearchParams(said)}` : "") + location.hash);
    } catch {
      // Where a page has no address of its own, as in the preview of an attachment.
    }
  }

  function recall() {
    const query = new URLSearchParams(location.search);
    const states = (query.get("state") ?? "").split(",");
    form.elements.q.value = query.get("q") ?? "";
    for (const box of form.querySelectorAll("[name=state]")) box.checked = states.includes(box.value);
    if (form.elements.tag) form.elements.tag.value = query.get("tag") ?? "";
    form.elements.evidence.checked = query.has("evidence");
    if (query.has("evidence")) showEvidence();
  }

  function linked() {
    try {
      return document.getElementById(decodeURIComponent(location.hash.slice(1)));
    } catch {
      return null; // The address is mangled.
    }
  }

  // Whatever a link leads to is shown.
  function arrive() {
    const target = linked();
    if (!target) return;
    if (target.closest("[hidden]") || (document.body.classList.contains("filtered") && !promises.contains(target))) {
      clear();
    }
    for (let node = target; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
    target.scrollIntoView();
  }

  // Where the clipboard is out of reach, the command is shown to be copied by hand.
  async function copy(button) {
    try {
      await navigator.clipboard.writeText(button.value);
      button.textContent = "copied";
    } catch {
      button.textContent = button.value;
    }
  }

  form.hidden = false;
  makeRoom();
  new ResizeObserver(makeRoom).observe(tools);
  for (const button of document.querySelectorAll(".copy")) button.hidden = false;
  form.addEventListener("input", (event) => {
    if (event.target.name === "evidence") showEvidence();
    else show();
    remember();
    // Whoever has scrolled on would look at the middle of what is found.
    if (event.target.name !== "evidence" && promises.getBoundingClientRect().top < 0) promises.scrollIntoView();
  });
  form.elements.clear.addEventListener("click", clear);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("click", (event) => {
    if (event.target.matches?.(".copy")) copy(event.target);
    // The contents are left by following one of their links, or by clicking beside them.
    if (contents.open && !event.target.closest("#contents summary, #contents ul:not(:has(a:hover))")) contents.open = false;
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !contents.open) return;
    contents.open = false;
    contents.firstElementChild.focus();
  });
  contents.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !contents.contains(event.relatedTarget)) contents.open = false;
  });
  addEventListener("popstate", () => {
    recall();
    show();
  });
  addEventListener("hashchange", arrive);
  recall();
  show();
  if (location.hash) arrive();
  idle(gather);
