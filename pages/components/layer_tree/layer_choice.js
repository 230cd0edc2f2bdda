// The layer tree to choose one layer in, by a click, Enter or Space. A stage or block stands for its last layer.

export default function layerChoice(given) {
  mount(ChoiceTree, given);
  return undefined;
}

class ChoiceTree extends Tree {
  update(data, send) {
    this.send = send;
    const able = new Set();
    for (const [start, stop] of data.able) for (let at = start; at < stop; at += 1) able.add(at);
    for (const node of this.nodes) {
      node.choice = null;
      for (const leaf of this.leaves.slice(node.from, node.to)) if (able.has(leaf.from)) node.choice = leaf;
    }
    this.rows.setAttribute('aria-label', data.label);
    this.summary.textContent = data.label;
    const moved = this.chosen !== this.leaves[data.chosen];
    this.chosen = this.leaves[data.chosen];
    this.paint();
    if (moved) this.reveal(this.nodes.filter((node) => shown(node) && this.stands(node)).pop().row, 0.4);
  }

  // Whether the row is the one that shows the choice: the layer itself, or what it is folded away in.
  stands(node) { return node.choice === this.chosen && (!node.kids.length || !node.open); }

  make(node) {
    const row = super.make(node);
    row.onclick = () => { this.look(node); this.act(node); };
    return row;
  }

  act(node) {
    if (!node.choice) return;
    this.chosen = node.choice; // at once; Python says the same a moment later
    this.paint();
    this.send({ sig: this.sig, layer: node.choice.name });
  }

  cells(node) {
    node.mark = cell('mark');
    node.mark.setAttribute('aria-hidden', 'true');
    return [cell('shape', node.shape), node.mark];
  }

  fill(node) {
    const chosen = this.stands(node);
    const shownAs = `${chosen} ${Boolean(node.choice)}`;
    if (node.shownAs === shownAs) return;
    node.shownAs = shownAs;
    node.row.classList.toggle('chosen', chosen);
    node.row.setAttribute('aria-selected', String(chosen));
    if (node.choice) node.row.removeAttribute('aria-disabled'); else node.row.setAttribute('aria-disabled', 'true');
    node.row.title = node.choice ? '' : this.words.placeless;
    node.mark.textContent = chosen ? '●' : '';
  }
}
