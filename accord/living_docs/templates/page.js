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
    const examples = rows.filter((row) => row.id);
    const around = examples.length ? [...article.children].filter((node) => !node.matches(".examples")) : [];
    const shared = above(article.parentElement) + around.map((node) => node.textContent).join(" ");
    const promises = (examples.length ? examples : [article]).map((node) => {
      const next = node.nextElementSibling;
      const nodes = node.matches("tr") && next && !next.id ? [node, next] : [node];
      const text = squeezed([shared, ...nodes.map((node) => node.textContent)].join(" "));
      return { row: node === article ? null : node, state: node.className, tags: tagsOf(node), nodes, text };
    });
    return { article, rows, shown: true, promises };
  }

  // What is out of sight until it is asked for.
  const evidence = ".evidence, .attempt, .why pre, .why details";
  function isInSight(promise, words) {
    promise.inSight ??= promise.nodes
      .flatMap((node) => [...node.querySelectorAll(evidence)])
      .filter((node) => !node.parentElement.closest(evidence))
      .reduce((text, node) => text.replace(squeezed(node.textContent), " "), promise.text);
    return words.every((word) => promise.inSight.includes(word));
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
    const { q, state, tag, isFiltered } = chosen();
    const words = wordsOf(q);
    document.body.classList.toggle("filtered", isFiltered);
    const carries = tagExpression(tag);
    showBeside(chosen(), words, carries);
    if (!isFiltered && items.every((item) => item.shown)) return void say("");
    gather();
    const meant = (promise) =>
      (!state.length || state.includes(promise.state)) &&
      (!carries || carries(promise.tags)) &&
      words.every((word) => promise.text.includes(word));
    const alive = new Set();
    let [count, outOfSight] = [0, 0];
    for (const item of items) {
      const found = item.promises.filter(meant);
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
      if (words.length) outOfSight += found.filter((promise) => !isInSight(promise, words)).length;
      for (let node = item.article.parentElement; node !== promises && !alive.has(node); node = node.parentElement)
        alive.add(node);
    }
    for (const section of sections) section.hidden = isFiltered && !alive.has(section);
    const byEvidence = outOfSight ? `, ${outOfSight} by evidence alone` : "";
    say(isFiltered ? `${count} of ${total} promises${byEvidence}` : "", carries);
  }

  function showEvidence() {
    for (const details of document.querySelectorAll(".evidence, .evidence details"))
      details.open = form.elements.evidence.checked;
  }

//= form.js
})();
