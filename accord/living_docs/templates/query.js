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

