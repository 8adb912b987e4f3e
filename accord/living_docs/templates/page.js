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

  // Cucumber's tag expressions, as `@a and not (@b or @c)`: a function of the tags, or null for what is none.
  function tagExpression(text) {
    const tokens = text.match(/[()]|(?:\\.|[^\s()\\])+/g) ?? [];
    const isName = (token) => token && !/^([()]|and|or|not)$/.test(token);
    const joined = (operator, part, join) => () => {
      let left = part();
      while (left && tokens[0] === operator) {
        tokens.shift();
        const [one, other] = [left, part()];
        left = other && ((tags) => join(one(tags), other(tags)));
      }
      return left;
    };
    const term = () => {
      const token = tokens.shift();
      if (token === "not") {
        const negated = term();
        return negated && ((tags) => !negated(tags));
      }
      if (token === "(") {
        const inner = either();
        return tokens.shift() === ")" ? inner : null;
      }
      const name = isName(token) && token.replace(/\\(.)/g, "$1");
      return name ? (tags) => tags.has(name) : null;
    };
    const all = joined("and", term, (one, other) => one && other);
    const either = joined("or", all, (one, other) => one || other);
    if (!tokens.length) return () => true;
    const found = either();
    return tokens.length ? null : found;
  }

  function chosen() {
    const data = new FormData(form);
    const [q, tag] = [data.get("q").trim(), (data.get("tag") ?? "").trim()];
    return { q, tag, state: data.getAll("state"), evidence: data.get("evidence") ?? "" };
  }

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
      form.reset();
      show();
      remember();
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
  for (const button of document.querySelectorAll(".copy")) button.hidden = false;
  form.addEventListener("input", (event) => {
    if (event.target.name === "evidence") showEvidence();
    else show();
    remember();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("click", (event) => {
    if (event.target.matches?.(".copy")) copy(event.target);
    // The contents are left by following one of their links, or by clicking beside them.
    if (contents.open && !event.target.closest("#contents summary, #contents ul:not(:has(a:hover))")) contents.open = false;
  });
  addEventListener("hashchange", arrive);
  recall();
  show();
  if (location.hash) arrive();
  idle(gather);
})();
