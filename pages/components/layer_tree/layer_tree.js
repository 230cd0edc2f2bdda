// The layer tree with a lock on each row. Python owns the plan.

const icon = (path) => `<svg viewBox="0 0 24 24" fill="currentColor" aria-hidden="true"><path d="${path}"/></svg>`;
const BODY = 'H6a2 2 0 0 0-2 2v9a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-9a2 2 0 0 0-2-2h-1';
const STATES = {
  frozen: { checked: 'false', svg: icon(`M17 9V7A5 5 0 0 0 7 7v2${BODY}ZM9 9V7a3 3 0 0 1 6 0v2H9Z`) },
  trainable: { checked: 'true', svg: icon(`M9 6a3 3 0 0 1 5.9-.8l1.9-.6A5 5 0 0 0 7 6v3${BODY}H9V6Z`) },
  mixed: { checked: 'mixed', svg: icon('M5 10.5h14v3H5z') },
  none: { checked: null, svg: '' },
};

export default function layerTree(given) {
  mount(LockTree, given);
  return undefined;
}

class LockTree extends Tree {
  constructor(root, data) {
    super(root, data);
    this.seq = data.ack;
    this.pending = []; // clicks Python has not acknowledged: [number, first leaf, behind the last leaf, 1 or 0]
    this.on = new Uint8Array(this.leaves.length);
    this.widest = [0, 1, 2, 2].map((depth) => (
      Math.max(1, ...this.nodes.filter((node) => node.depth === depth).map((node) => node.params))));
  }

  draw(root, data) {
    super.draw(root, data);
    this.summary.setAttribute('role', 'status');
    // The line is for the eye; the summary says the same to a screen reader.
    this.line = element('div', 'line');
    this.line.setAttribute('aria-hidden', 'true');
    this.line.append(element('span', 'up'), element('span', 'down'));

    const head = element('div', 'head');
    this.headTitle = element('span', 't');
    this.headSize = element('span', 'num');
    const pill = element('span', 'pill trainable');
    pill.innerHTML = STATES.trainable.svg;
    pill.append(this.words.always);
    head.append(this.headTitle, this.headSize, pill);
    root.append(head);
  }

  update(data, send) {
    this.send = send;
    this.headTitle.textContent = data.head.title;
    this.headTitle.title = data.head.title;
    this.headSize.textContent = human(data.head.parameters);
    // What Python knows, and on top of it the clicks that it has not seen yet: neither side undoes the other.
    this.pending = this.pending.filter(([seq]) => seq > data.ack);
    const before = this.on.join('');
    this.on.fill(0);
    for (const [start, stop] of data.on) this.set(start, stop, 1);
    for (const [, start, stop, value] of this.pending) this.set(start, stop, value);
    const moved = before !== this.on.join('');
    if (moved) this.unfoldCut();
    this.paint();
    if (moved) this.reveal(this.line, 0.45);
  }

  // A cut inside a folded stage can't be seen: open that stage, and fold the one that was opened so before.
  unfoldCut() {
    const first = this.on.indexOf(1);
    const stage = this.nodes.find((node) => node.depth === 1 && node.from < first && first < node.to);
    if (this.opened && this.opened !== stage) this.opened.open = false;
    if (stage?.open) return;
    this.opened = stage;
    if (stage) stage.open = true;
  }

  expand(depth) {
    super.expand(depth);
    this.opened = null;
  }

  act(node) {
    if (this.sums.state(node) !== 'none') this.toggle(node);
  }

  toggle(node) {
    const value = this.sums.state(node) === 'trainable' ? 0 : 1;
    this.set(node.from, node.to, value);
    this.paint();
    this.seq += 1;
    this.pending.push([this.seq, node.from, node.to, value]);
    this.send({ sig: this.sig, edits: this.pending });
  }

  set(start, stop, value) {
    for (const leaf of this.leaves.slice(start, stop)) if (leaf.train) this.on[leaf.from] = value;
  }

  paint() {
    this.sums = new Sums(this.leaves, this.on);
    super.paint();
    const top = this.nodes[0];
    const trained = this.sums.parameters(top);
    this.summary.textContent = fill(trained ? this.words.some : this.words.nothing, {
      trained: human(trained),
      all: human(top.params),
      layers: this.sums.layers(top),
      able: this.sums.trainable(top),
    });
  }

  place(visible) {
    this.line.remove();
    super.place(visible);
    const first = this.on.indexOf(1);
    this.line.lastChild.textContent = `↓ ${first < 0 ? this.words.trained_each : this.words.run_each}`;
    this.line.firstChild.textContent = `↑ ${first < 0 ? this.words.whole_once : this.words.once}`;
    if (first < 0) {
      this.rows.append(this.line);
      return;
    }
    let below = visible.filter((node) => node.from <= first && first < node.to).pop();
    // Where nothing that could train stands between a group and its first trained layer, the line goes above the group.
    while (below.up && !this.sums.trainable({ from: below.up.from, to: first })) below = below.up;
    this.line.firstChild.textContent = `↑ ${below.up ? this.words.once : this.words.nothing_once}`;
    this.rows.insertBefore(this.line, below.row);
  }

  cells(node) {
    const what = node.depth < 3 ? this.words[LEVELS[node.depth]] : node.kind;
    const kind = cell('kind', what, what);
    const bar = element('div', 'meter');
    bar.setAttribute('aria-hidden', 'true');
    node.fill = element('b');
    const size = element('i');
    // Square root: a block a hundred times smaller than the largest still shows.
    node.width = node.params ? Math.max(5, 100 * Math.sqrt(node.params / this.widest[node.depth])) : 0;
    size.style.width = `${node.width}%`;
    bar.append(size, node.fill);
    node.pill = element('div', 'pill box');
    node.pill.onclick = (event) => {
      event.stopPropagation();
      this.look(node);
      this.act(node);
    };
    return [kind, cell('shape', node.shape), bar, this.sized(node), node.pill];
  }

  fill(node) {
    const name = this.sums.state(node);
    const state = STATES[name];
    const { row } = node;
    const share = node.params ? this.sums.parameters(node) / node.params : 0;
    node.fill.style.width = `${share * node.width}%`;
    if (node.shownAs === name && node.shownShare === share) return;
    node.shownAs = name;
    node.shownShare = share;
    row.dataset.state = name;
    if (state.checked) row.setAttribute('aria-checked', state.checked);
    node.pill.className = `pill box ${name}`;
    node.pill.innerHTML = state.svg;
    node.pill.append(this.words[name]);
    const act = name === 'trainable' ? 'freeze' : 'train';
    node.pill.title = name === 'none' ? this.words.untrainable : this.words[node.kids.length ? `${act}_all` : act];
  }
}
