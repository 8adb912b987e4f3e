"use strict";
(() => {
  const form = document.getElementById("find");
  const output = form.querySelector("output");
  const promises = document.getElementById("promises");
  const contents = document.querySelector("#contents details");
  const results = document.getElementById("results");
  const chapters = document.getElementById("chapters");
  const idle = window.requestIdleCallback ?? setTimeout;
  const most = 200;

  // What is searched: base64 of gzip of JSON, as `accord/living_docs/pages.py` writes it.
  let searched = null;
  async function read() {
    const packed = Uint8Array.from(atob(document.getElementById("data").textContent), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const { states, features, rows } = await new Response(stream).json();
    const above = features.map(([page, slug, text]) => ({ page, slug, text: squeezed(text) }));
    return rows.map(([feature, slug, state, path, tags, text]) => ({
      feature: above[feature],
      slug,
      state,
      said: states[state],
      path,
      tags: new Set(tags.split(" ")),
      text: squeezed(`${path} ${text} ${tags}`),
    }));
  }

  function gather() {
    searched ??= read();
    return searched;
  }

//= query.js
  let newest = 0;
  async function show() {
    const { q, state, tag, isFiltered } = chosen();
    const words = wordsOf(q);
    const number = ++newest;
    document.body.classList.toggle("filtered", isFiltered);
    chapters.hidden = isFiltered;
    const carries = tagExpression(tag);
    showBeside(chosen(), words, carries);
    if (!isFiltered) {
      results.replaceChildren();
      say("");
      return;
    }
    let rows;
    try {
      rows = await gather();
    } catch {
      return void say("This browser cannot search over all: open a chapter, and search there");
    }
    // Somebody typed on meanwhile.
    if (number !== newest) return;
    const found = rows.filter(
      (row) =>
        (!state.length || state.includes(row.state)) &&
        words.every((word) => row.text.includes(word) || row.feature.text.includes(word)) &&
        (!carries || carries(row.tags)),
    );
    results.replaceChildren(...found.slice(0, most).map(item));
    const listed = found.length > most ? `, of which the first ${most} are listed` : "";
    say(`${found.length} of ${rows.length} promises${listed}`, carries);
  }

  function item(row) {
    const [line, link, state] = ["li", "a", "em"].map((name) => document.createElement(name));
    link.href = addressOf(row.feature.page, row.slug);
    link.dir = "auto";
    link.textContent = row.path;
    state.textContent = row.said;
    line.className = row.state;
    line.append(link, " ", state);
    return line;
  }

  function addressOf(page, slug) {
    return `${page}${chosen().evidence ? "?evidence=open" : ""}#${encodeURIComponent(slug)}`;
  }

  // There is none here: links carry it on to the pages of the chapters.
  function showEvidence() {
    show();
  }

//= form.js
  // An address of when the document was one page leads on.
  async function lead() {
    if (!location.hash || linked()) return;
    let slug;
    try {
      slug = decodeURIComponent(location.hash.slice(1));
    } catch {
      return; // The address is mangled.
    }
    const rows = await gather();
    const row = rows.find((row) => row.slug === slug || row.feature.slug === slug || row.slug.startsWith(`${slug}.`));
    if (row) location.replace(addressOf(row.feature.page, slug));
  }
  addEventListener("hashchange", lead);
  lead();
})();
