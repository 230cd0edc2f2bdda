// The layer tree with a figure, a bar and the whiskers of an interval beside each row. Nothing to edit.

export default function layerValues(given) {
  mount(ValueTree, given);
  return undefined;
}

class ValueTree extends Tree {
  update(data) {
    this.best = data.best;
    this.mark = data.mark;
    const values = new Map(data.values.map(([at, ...value]) => [at, value]));
    this.nodes.forEach((node, at) => { node.value = values.get(at); });
    this.rows.setAttribute('aria-label', data.label);
    this.summary.textContent = data.label;
    const best = this.nodes.filter((node) => node.value?.[4]).map((node) => node.name).join();
    if (best !== this.shownBest) this.unfoldBest();
    this.paint();
    const last = this.nodes.filter((node) => node.value?.[4] && shown(node)).pop(); // a single layer stays folded away
    if (last && best !== this.shownBest) this.reveal(last.row, 0.4);
    this.shownBest = best;
  }

  // What stands out is worth nothing in a folded stage.
  unfoldBest() {
    for (const node of this.nodes) {
      if (node.depth < 3 && node.value?.[4]) for (let above = node.up; above; above = above.up) above.open = true;
    }
  }

  cells(node) {
    const bar = element('div', 'gauge');
    bar.setAttribute('aria-hidden', 'true');
    node.bar = element('i');
    node.whisker = element('b');
    node.line = element('u');
    bar.append(node.line, node.bar, node.whisker);
    node.figure = cell('figure');
    return [cell('shape', node.shape), this.sized(node), bar, node.figure];
  }

  fill(node) {
    const { row, value } = node;
    const key = JSON.stringify([value, this.mark, this.best]);
    if (node.shownAs === key) return;
    node.shownAs = key;
    const [text = '', share = 0, low = null, high = null, best = false, title = ''] = value ?? [];
    row.classList.toggle('best', best);
    row.classList.toggle('empty', !value);
    row.title = title;
    node.bar.style.width = percent(share);
    node.whisker.hidden = low === null || high === null;
    node.whisker.style.left = percent(low ?? 0);
    node.whisker.style.right = percent(1 - (high ?? 1));
    node.line.hidden = this.mark === null || !value;
    node.line.style.left = percent(this.mark ?? 0);
    node.figure.replaceChildren(element('span', '', text));
    if (best) node.figure.prepend(element('em', '', this.best));
  }
}

const percent = (share) => `${100 * Math.min(1, Math.max(0, share))}%`;
