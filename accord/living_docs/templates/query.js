  const tokensOf = (expression) => expression.match(/[()]|(?:\\.|[^\s()\\])+/g) ?? [];
  const isName = (token) => token && !/^([()]|and|or|not)$/.test(token);
  const unescaped = (name) => name.replace(/\\(.)/g, "$1");

  // Cucumber's tag expressions, as `@a and not (@b or @c)`: a function of the tags, or null for what is none.
  function tagExpression(text) {
    const tokens = tokensOf(text);
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
      const name = isName(token) && unescaped(token);
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
    const state = data.getAll("state");
    return { q, tag, state, evidence: data.get("evidence") ?? "", isFiltered: Boolean(q || state.length || tag) };
  }

  const squeezed = (text) => text.toLowerCase().replace(/\s+/g, " ");

  // What is searched for: each word, and what stands in quotes as it is.
  function wordsOf(text) {
    return [...squeezed(text).matchAll(/"([^"]+)"?|[^\s"]+/g)].map(([word, phrase]) => phrase ?? word);
  }

  // Which tags an expression names that no promise carries, and what may be meant.
  function unknownTags(text) {
    const carried = [...document.querySelectorAll("#tags option")].map((option) => option.value);
    const names = tokensOf(text).filter(isName).map(unescaped);
    return names.filter((name) => !carried.includes(name)).map((name) => {
      const meant = carried.find((tag) => tag.toLowerCase() === `@${name.replace(/^@/, "")}`.toLowerCase());
      return meant ? `none carries ${name}, but some ${meant}` : `none carries ${name}`;
    });
  }

  // What stands beside the promises, as what is wrong with the run itself, is found as well.
  const beside = [...document.querySelectorAll(".beside")].map((node) => ({ node, text: squeezed(node.textContent) }));
  function showBeside({ state, isFiltered }, words, carries) {
    const found = new Set();
    for (const { node, text } of beside) {
      const tags = new Set((node.dataset.tags ?? "").split(" "));
      const isMeant = (!state.length || state.includes(node.dataset.state)) && (!carries || carries(tags));
      node.hidden = isFiltered && !(isMeant && words.every((word) => text.includes(word)));
      if (isFiltered && !node.hidden) found.add(node.closest(".finding"));
    }
    for (const finding of document.querySelectorAll(".finding")) {
      finding.classList.toggle("found", found.has(finding));
      const details = finding.querySelector(":scope > details");
      if (details && found.has(finding)) details.open = true;
    }
  }

