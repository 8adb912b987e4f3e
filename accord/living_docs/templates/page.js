"use strict";
(() => {
  const form = document.getElementById("find");
  const output = form.querySelector("output");
  const promises = document.getElementById("promises");
  const contents = document.querySelector("#contents details");
  const sections = [...promises.querySelectorAll("section")];
  const articles = promises.querySelectorAll("article");
  const items = [];
  const idle = window.requestIdleCallback ?? setTimeout;

  // What stands above a scenario: chapter, feature, rule.
  const known = new Map([[promises, ""]]);
  function above(section) {
    if (!known.has(section)) {
      const own = [...section.children].filter((node) => !/^(ARTICLE|SECTION)$/.test(node.tagName));
      known.set(section, above(section.parentElement) + own.map((node) => node.textContent).join(" ") + " ");
    }
    return known.get(section);
  }

  const tagsOf = (node) => new Set((node.closest("[data-tags]")?.dataset.tags ?? "").split(" "));

  // A scenario, with its promises: itself, or the rows of its examples, each with the row of how it ran.
  function itemOf(article) {
    const rows = [...article.querySelectorAll("tr[class]")];
    const text = (above(article.parentElement) + article.textContent).toLowerCase();
    const own = rows.filter((row) => row.id).map((row) => ({ row, state: row.className, tags: tagsOf(row) }));
    return { article, text, rows, shown: true, promises: own.length ? own : [{ state: article.className, tags: tagsOf(article) }] };
  }

  let total = 0;
  function gather(deadline) {
    while (items.length < articles.length) {
      if (deadline?.timeRemaining() < 1) return void idle(gather);
      items.push(itemOf(articles[items.length]));
      total += items.at(-1).promises.length;
    }
  }

//= query.js
  function show() {
    const { q, state, tag } = chosen();
    const isFiltered = Boolean(q || state.length || tag);
    document.body.classList.toggle("filtered", isFiltered);
    if (!isFiltered && items.every((item) => item.shown)) return void (output.value = "");
    gather();
    const carries = tagExpression(tag);
    form.elements.tag?.setAttribute("aria-invalid", String(!carries));
    if (!carries) return void (output.value = `${tag} is no tag expression: write one as @a and not @b`);
    const words = q.toLowerCase().split(/\s+/).filter(Boolean);
    const meant = (promise) => (!state.length || state.includes(promise.state)) && carries(promise.tags);
    const alive = new Set();
    let count = 0;
    for (const item of items) {
      const found = words.every((word) => item.text.includes(word)) ? item.promises.filter(meant) : [];
      item.shown = found.length > 0;
      item.article.hidden = !item.shown;
      const rows = new Set(found.map((promise) => promise.row));
      let isRowShown = true;
      for (const row of item.rows) {
        // How a row ran stands in the next one.
        if (row.id || !row.previousElementSibling?.id) isRowShown = !item.shown || !row.id || rows.has(row);
        row.hidden = !isRowShown;
      }
      if (!item.shown) continue;
      count += found.length;
      for (let node = item.article.parentElement; node !== promises && !alive.has(node); node = node.parentElement)
        alive.add(node);
    }
    for (const section of sections) section.hidden = isFiltered && !alive.has(section);
    output.value = isFiltered ? `${count} of ${total} promises` : "";
  }

  function showEvidence() {
    for (const details of document.querySelectorAll(".evidence, .evidence details"))
      details.open = form.elements.evidence.checked;
  }

//= form.js
})();
