"use strict";
(() => {
  const form = document.getElementById("find");
  const output = form.querySelector("output");
  const promises = document.getElementById("promises");
  const sections = [...promises.querySelectorAll("section")];
  const articles = promises.querySelectorAll("article");
  const items = [];
  const idle = window.requestIdleCallback ?? setTimeout;

  // What a scenario says, without its evidence.
  function said(article) {
    let words = article.textContent;
    for (const aside of article.querySelectorAll("details, .st")) words = words.replace(aside.textContent, " ");
    return words;
  }

  // What stands above a scenario: chapter, feature, rule.
  const known = new Map([[promises, ""]]);
  function above(section) {
    if (!known.has(section)) {
      const own = [...section.children].filter((node) => !/^(ARTICLE|SECTION)$/.test(node.tagName));
      known.set(section, above(section.parentElement) + own.map((node) => node.textContent).join(" ") + " ");
    }
    return known.get(section);
  }

  function gather(deadline) {
    while (items.length < articles.length) {
      if (deadline?.timeRemaining() < 1) return void idle(gather);
      const article = articles[items.length];
      const rows = [...article.querySelectorAll("tr[class]")];
      const states = rows.map((row) => row.className);
      const text = (above(article.parentElement) + said(article)).toLowerCase();
      items.push({ article, text, rows, states: [article.className, ...states], shown: true });
    }
  }

  function asked() {
    const data = new FormData(form);
    return { q: data.get("q").trim(), state: data.getAll("state"), tag: data.get("tag") ?? "" };
  }

  function show() {
    const { q, state, tag } = asked();
    if (!q && !state.length && !tag && items.every((item) => item.shown)) return;
    gather();
    const carried = tag.toLowerCase();
    const words = q.toLowerCase().split(/\s+/).filter(Boolean);
    const alive = new Set();
    let [count, all] = [0, 0];
    for (const item of items) {
      const shown =
        words.every((word) => item.text.includes(word)) &&
        (!carried || item.text.split(/\s+/).includes(carried)) &&
        (!state.length || item.states.some((one) => state.includes(one)));
      if (item.shown !== shown) item.article.hidden = !(item.shown = shown);
      for (const row of item.rows) row.hidden = state.length > 0 && !state.includes(row.className);
      // Each example of an outline is a promise.
      const promised = item.rows.filter((row) => row.id);
      all += item.rows.length ? promised.length : 1;
      if (!shown) continue;
      count += item.rows.length ? promised.filter((row) => !row.hidden).length : 1;
      for (let node = item.article.parentElement; node !== promises && !alive.has(node); node = node.parentElement)
        alive.add(node);
    }
    for (const section of sections) section.hidden = count < all && !alive.has(section);
    output.value = count < all ? `${count} of ${all} promises` : "";
  }

  function remember() {
    const { q, state, tag } = asked();
    const said = [["q", q], ["tag", tag], ["state", state.join(",")]].filter(([, value]) => value);
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
    if (target.closest("[hidden]")) {
      form.reset();
      show();
      remember();
    }
    for (let node = target; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
    target.scrollIntoView();
  }

  form.hidden = false;
  form.addEventListener("input", () => {
    show();
    remember();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", arrive);
  recall();
  show();
  if (location.hash) arrive();
  idle(gather);

  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const details of folded) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of folded) details.open = false;
  });
})();
