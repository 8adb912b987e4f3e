"use strict";
(() => {
  const form = document.getElementById("find");
  const output = form.querySelector("output");
  const promises = document.getElementById("promises");
  const sections = [...promises.querySelectorAll("section")].reverse();
  let items;

  // What a scenario says, without its evidence.
  function said(node) {
    if (node.nodeType === Node.TEXT_NODE) return node.data;
    if (node.tagName === "DETAILS" || node.className === "why" || node.className === "st") return "";
    return Array.from(node.childNodes, said).join(" ");
  }

  const around = new Map();
  function above(section) {
    if (section === promises) return "";
    if (!around.has(section)) {
      const own = [...section.children].filter((node) => !/^(SECTION|ARTICLE)$/.test(node.tagName));
      around.set(section, above(section.parentElement) + " " + own.map(said).join(" "));
    }
    return around.get(section);
  }

  function gather() {
    items ??= Array.from(promises.querySelectorAll("article"), (article) => ({
      article,
      text: (above(article.parentElement) + " " + said(article)).toLowerCase().replace(/\s+/g, " ") + " ",
      states: new Set([article.className, ...Array.from(article.querySelectorAll("tr[id]"), (row) => row.className)]),
    }));
  }

  function asked() {
    const data = new FormData(form);
    return { q: data.get("q").trim(), state: data.getAll("state"), tag: data.get("tag") ?? "" };
  }

  function show() {
    const { q, state, tag } = asked();
    if (!q && !state.length && !tag && !items) return;
    gather();
    const words = q.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const { article, text, states } of items) {
      const shown =
        words.every((word) => text.includes(word)) &&
        (!state.length || state.some((one) => states.has(one))) &&
        (!tag || text.includes(` ${tag.toLowerCase()} `));
      if (article.hidden === shown) article.hidden = !shown;
      count += shown;
    }
    for (const section of sections) {
      section.hidden = count < items.length && !section.querySelector("article:not([hidden])");
    }
    output.value = count < items.length ? `${count} of ${items.length} scenarios` : "";
  }

  function remember() {
    const { q, state, tag } = asked();
    const query = new URLSearchParams([["q", q], ["tag", tag], ["state", state.join(",")]].filter(([, value]) => value));
    try {
      history.replaceState(null, "", `?${query}${location.hash}`);
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

  // Whatever a link leads to is shown.
  function arrive() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
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
  (window.requestIdleCallback ?? setTimeout)(gather);

  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const details of folded) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of folded) details.open = false;
  });
})();
