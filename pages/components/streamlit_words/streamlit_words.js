// Puts the reader's words where Streamlit says its own; PLACES: [{ selector, texts, words: [[English, theirs], ...] }].
(function () {
  const ATTRIBUTES = ["aria-label", "data-title", "placeholder", "title"];

  function start() {
    const english = new WeakMap(); // of a node: by attribute, or "text", the English and what is said for it
    let places = [];

    // "{size} per file" as a pattern, whose named groups are its places.
    const pattern = (text) =>
      new RegExp(`^${text.replace(/[.*+?^$()|[\]\\/]/g, "\\$&").replace(/\{(\w+)\}/g, "(?<$1>.+)")}$`);

    function say(node, what, now, write, words) {
      if (english.get(node)?.[what]?.[1] === now) return; // our own, should it read like the English of something else
      for (const [form, theirs] of words) {
        const found = form.exec(now.trim());
        if (!found) continue;
        const core = theirs.replace(/\{(\w+)\}/g, (_, name) => found.groups[name]);
        const said = now.replace(now.trim(), () => core);
        english.set(node, { ...english.get(node), [what]: [now, said] });
        write(said);
        return;
      }
    }

    function takeBack(node, what, now, write) {
      const known = english.get(node)?.[what];
      if (known?.[1] === now) write(known[0]);
    }

    function look(put) {
      for (const { selector, texts, words } of places) {
        for (const element of document.querySelectorAll(selector)) {
          if (texts) {
            const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
            while (walker.nextNode()) {
              const node = walker.currentNode;
              put(node, "text", node.data, (text) => (node.data = text), words);
            }
          } else {
            for (const name of ATTRIBUTES) {
              if (element.hasAttribute(name))
                put(element, name, element.getAttribute(name), (text) => element.setAttribute(name, text), words);
            }
          }
        }
      }
    }

    // Called before what has changed is drawn: the English is never seen.
    new MutationObserver(() => look(say)).observe(document.body, {
      subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ATTRIBUTES,
    });
    let words = "[]";
    return (next) => {
      if (JSON.stringify(next) === words) return;
      words = JSON.stringify(next);
      look(takeBack);
      places = next.map((place) => ({ ...place, words: place.words.map(([text, theirs]) => [pattern(text), theirs]) }));
      look(say);
    };
  }

  window.thawSaysWords ??= start();
  window.thawSaysWords(PLACES);
})();
