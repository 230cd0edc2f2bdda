// The layer tree in the browser: rows are made when first seen, then only patched. Python owns the plan.

const icon = (path) => `<svg viewBox="0 0 24 24" fill="currentColor" aria-hidden="true"><path d="${path}"/></svg>`;
const BODY = 'H6a2 2 0 0 0-2 2v9a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-9a2 2 0 0 0-2-2h-1';
const STATES = {
  frozen: { word: 'frozen', spoken: 'frozen', checked: 'false', svg: icon(`M17 9V7A5 5 0 0 0 7 7v2${BODY}ZM9 9V7a3 3 0 0 1 6 0v2H9Z`) },
  trainable: { word: 'trains', spoken: 'trainable', checked: 'true', svg: icon(`M9 6a3 3 0 0 1 5.9-.8l1.9-.6A5 5 0 0 0 7 6v3${BODY}H9V6Z`) },
  mixed: { word: 'partly', spoken: 'partly trainable', checked: 'mixed', svg: icon('M5 10.5h14v3H5z') },
  none: { word: '', spoken: 'nothing to train', checked: null, svg: '' },
};
const BN = 'Batch normalization: it keeps running averages of what the network saw in its first training. Thaw leaves '
  + 'those averages frozen even where the layer trains, because a few photos would spoil them.';

const MANY_ROWS = 40; // a tree with more blocks than this begins folded to its stages

const element = (tag, name, text) => {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  return made;
};
// One window may show several bases in turn; a base's rows cross from Python once.
const known = (window.__thawLayerTrees ??= new Map());

export default function layerTree({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector('.lt');
  if (data.rows) known.set(data.sig, data.rows);
  if (!known.has(data.sig)) {
    setTriggerValue('missing', data.sig);
    return undefined;
  }
  if (root.__tree?.sig !== data.sig) root.__tree = new Tree(root, data);
  root.__tree.update(data, (edit) => setTriggerValue('edit', edit));
  return undefined;
}

class Tree {
  constructor(root, data) {
    this.sig = data.sig;
    this.seq = data.ack;
    this.pending = []; // clicks Python has not acknowledged: [number, first leaf, behind the last leaf, 1 or 0]
    this.typed = '';
    this.nodes = link(known.get(data.sig));
    this.leaves = this.nodes.filter((node) => !node.kids.length);
    this.on = new Uint8Array(this.leaves.length);
    this.focus = this.nodes[0];
    this.widest = [0, 1, 2, 2].map((depth) => (
      Math.max(1, ...this.nodes.filter((node) => node.depth === depth).map((node) => node.params))));
    this.draw(root, data);
    this.expand(this.nodes.filter((node) => node.depth < 3).length > MANY_ROWS ? 1 : 2);
  }

  draw(root, data) {
    root.replaceChildren();
    const bar = element('div', 'bar');
    const show = element('div', 'show');
    show.setAttribute('role', 'group');
    show.setAttribute('aria-label', 'How much to unfold');
    this.buttons = [['Stages', 1], ['Blocks', 2], ['Layers', 3]].map(([text, depth]) => {
      const button = element('button', '', text);
      button.type = 'button';
      button.title = `Unfold down to ${text.toLowerCase()}`;
      button.onclick = () => { this.expand(depth); this.paint(); };
      show.append(button);
      return button;
    });
    this.summary = element('span', 'sum');
    this.summary.setAttribute('role', 'status');
    bar.append(show, this.summary);

    this.rows = element('div', 'rows');
    this.rows.setAttribute('role', 'tree');
    this.rows.setAttribute('aria-label', data.label);
    this.rows.onkeydown = (event) => this.key(event);
    // The line is for the eye; the summary says the same to a screen reader.
    this.line = element('div', 'line');
    this.line.setAttribute('aria-hidden', 'true');
    this.line.append(element('span', 'up', '↑ computed once for each photo'), element('span', 'down'));

    const head = element('div', 'head');
    this.headTitle = element('span', 't');
    this.headSize = element('span', 'num');
    const pill = element('span', 'pill trainable');
    pill.innerHTML = STATES.trainable.svg;
    pill.append('always trains');
    head.append(this.headTitle, this.headSize, pill);
    root.append(bar, this.rows, head);
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
    for (const node of this.nodes) node.open = node.depth < depth;
    this.unfolded = depth;
    this.opened = null;
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
    const visible = this.nodes.filter(shown);
    if (!visible.includes(this.focus)) {
      while (!shown(this.focus)) this.focus = this.focus.up;
    }
    this.place(visible);
    for (const node of visible) this.patch(node);
    this.buttons.forEach((button, at) => button.setAttribute('aria-pressed', String(this.unfolded === at + 1)));

    const top = this.nodes[0];
    const trained = this.sums.parameters(top);
    this.summary.textContent = trained
      ? `${human(trained)} of ${human(top.params)} parameters train, in ${this.sums.layers(top)} of ${this.sums.trainable(top)} layers`
      : `all ${human(top.params)} parameters frozen: only the head trains`;
  }

  place(visible) {
    const seen = new Set(visible);
    this.line.remove();
    for (const node of this.nodes) if (node.row?.isConnected && !seen.has(node)) node.row.remove();
    let at = this.rows.firstChild;
    for (const node of visible) {
      node.row ??= this.make(node);
      if (node.row === at) at = at.nextSibling;
      else this.rows.insertBefore(node.row, at);
    }
    const first = this.on.indexOf(1);
    this.line.lastChild.textContent = first < 0 ? '↓ trained in every epoch' : '↓ run again in every epoch';
    this.line.firstChild.textContent = first < 0 ? '↑ the whole base: computed once for each photo' : '↑ computed once for each photo';
    if (first < 0) {
      this.rows.append(this.line);
      return;
    }
    let below = visible.filter((node) => node.from <= first && first < node.to).pop();
    // Where nothing that could train stands between a group and its first trained layer, the line goes above the group.
    while (below.up && !this.sums.trainable({ from: below.up.from, to: first })) below = below.up;
    this.line.firstChild.textContent = below.up ? '↑ computed once for each photo' : '↑ nothing is computed once';
    this.rows.insertBefore(this.line, below.row);
  }

  make(node) {
    const row = element('div', `row ${['model', 'stage', 'block', 'layer'][node.depth]}`);
    row.setAttribute('role', 'treeitem');
    row.setAttribute('aria-level', node.depth + 1);
    row.setAttribute('aria-setsize', node.up ? node.up.kids.length : 1);
    row.setAttribute('aria-posinset', node.up ? node.up.kids.indexOf(node) + 1 : 1);
    row.style.setProperty('--depth', node.depth);
    row.tabIndex = -1;
    row.dataset.name = node.name;

    const name = element('div', 'name');
    const twist = element('span', 'tw', node.kids.length ? '▸' : '');
    twist.setAttribute('aria-hidden', 'true');
    // A layer named after its block needn't say so again.
    const prefix = node.depth === 3 ? `${node.up.name}_` : '';
    const title = element('span', 't', prefix && node.name.startsWith(prefix) ? node.name.slice(prefix.length) : node.name);
    title.title = node.name;
    name.append(twist, title);
    if (node.kind === 'BatchNormalization') {
      const badge = element('abbr', 'bn', 'BN');
      badge.title = BN;
      name.append(badge);
    }
    const kind = element('div', 'kind', node.kind);
    kind.title = node.kind;
    const bar = element('div', 'meter');
    bar.setAttribute('aria-hidden', 'true');
    node.fill = element('b');
    const size = element('i');
    // Square root: a block a hundred times smaller than the largest still shows.
    node.width = node.params ? Math.max(5, 100 * Math.sqrt(node.params / this.widest[node.depth])) : 0;
    size.style.width = `${node.width}%`;
    bar.append(size, node.fill);
    const number = element('div', 'num', node.params ? human(node.params) : '–');
    number.title = node.params ? `${node.params.toLocaleString('en')} parameters` : 'no parameters: nothing to freeze';
    node.pill = element('div', 'pill box');
    row.append(name, kind, element('div', 'shape', node.shape), bar, number, node.pill);

    twist.onclick = (event) => { event.stopPropagation(); this.fold(node); };
    node.pill.onclick = (event) => {
      event.stopPropagation();
      this.look(node);
      if (this.sums.state(node) !== 'none') this.toggle(node);
    };
    row.onclick = () => this.look(node);
    row.ondblclick = () => this.fold(node);
    row.onfocus = () => this.take(node);
    return row;
  }

  patch(node) {
    const name = this.sums.state(node);
    const state = STATES[name];
    const { row } = node;
    if (node.kids.length) row.setAttribute('aria-expanded', String(node.open));
    row.tabIndex = node === this.focus ? 0 : -1;
    const share = node.params ? this.sums.parameters(node) / node.params : 0;
    node.fill.style.width = `${share * node.width}%`;
    if (node.shownAs === name && node.shownShare === share) return;
    node.shownAs = name;
    node.shownShare = share;
    row.dataset.state = name;
    if (state.checked) row.setAttribute('aria-checked', state.checked);
    node.pill.className = `pill box ${name}`;
    node.pill.innerHTML = state.svg;
    node.pill.append(state.word);
    const what = node.kids.length ? 'everything in it' : 'it';
    node.pill.title = name === 'none' ? 'Nothing in it can be trained' : `Click to ${name === 'trainable' ? 'freeze' : 'train'} ${what}`;
    row.setAttribute('aria-label', `${node.name}, ${node.kind}, ${node.params.toLocaleString('en')} parameters, ${state.spoken}`);
  }

  fold(node) {
    if (!node.kids.length) return;
    node.open = !node.open;
    this.unfolded = 0;
    this.look(node);
    this.paint();
  }

  take(node) {
    if (this.focus.row) this.focus.row.tabIndex = -1;
    this.focus = node;
    node.row.tabIndex = 0;
  }

  look(node) {
    this.take(node);
    node.row.focus({ preventScroll: true });
    this.reveal(node.row);
  }

  // Scrolls the tree, never the page. A row out of sight comes just into it, or to a share of the tree's height.
  reveal(row, share) {
    const box = this.rows.getBoundingClientRect();
    const here = row.getBoundingClientRect();
    const above = here.top < box.top;
    if (!above && here.bottom <= box.bottom) return;
    const goal = share ? box.top + share * box.height : above ? box.top + here.height : box.bottom - 2 * here.height;
    this.rows.scrollTop += here.top - goal;
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const visible = this.nodes.filter(shown);
    const at = visible.indexOf(this.focus);
    const node = this.focus;
    let next = null;
    if (event.key.length > 1) this.typed = '';
    // A space inside a typed name is text, not a toggle.
    switch (event.key === ' ' && this.typed ? '' : event.key) {
      case 'ArrowDown': next = visible[at + 1]; break;
      case 'ArrowUp': next = visible[at - 1]; break;
      case 'Home': [next] = visible; break;
      case 'End': next = visible[visible.length - 1]; break;
      case 'ArrowRight':
        if (!node.kids.length) break;
        if (node.open) [next] = node.kids; else this.fold(node);
        break;
      case 'ArrowLeft': if (node.kids.length && node.open) this.fold(node); else next = node.up; break;
      case ' ': case 'Enter': if (this.sums.state(node) !== 'none') this.toggle(node); break;
      case '*':
        for (const kid of node.up ? node.up.kids : [node]) kid.open = true;
        this.unfolded = 0;
        this.paint();
        break;
      default:
        if (event.key.length !== 1) return;
        clearTimeout(this.timer);
        this.typed += event.key.toLowerCase();
        this.timer = setTimeout(() => { this.typed = ''; }, 600);
        next = [...visible.slice(at + (this.typed.length === 1)), ...visible.slice(0, at)]
          .find((other) => other.name.toLowerCase().startsWith(this.typed));
    }
    event.preventDefault();
    event.stopPropagation();
    if (next) this.look(next);
  }
}
