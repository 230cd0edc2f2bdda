// What every layer tree does in the browser: rows made when first seen, then only patched; folding, focus, keyboard.

const LEVELS = ['model', 'stage', 'block', 'layer'];
const MANY_ROWS = 40; // a tree with more blocks than this begins folded to its stages

const element = (tag, name, text) => {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  return made;
};
// One window may show several bases in turn; a base's rows cross from Python once.
const known = (window.__thawLayerTrees ??= new Map());

// Starts or updates the tree `Kind` in `parentElement`; asks Python for the rows of a base where this window has none.
function mount(Kind, { data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector('.lt');
  if (data.rows) known.set(data.sig, data.rows);
  if (!known.has(data.sig)) {
    setTriggerValue('missing', data.sig);
    return;
  }
  // Another base, or another language: what is drawn once is drawn again.
  if (root.__tree?.sig !== data.sig || root.__tree.words.unfold !== data.words.unfold) root.__tree = new Kind(root, data);
  root.__tree.update(data, (edit) => setTriggerValue('edit', edit));
}

function cell(name, text, title) {
  const made = element('div', name, text);
  if (title) made.title = title;
  return made;
}

// A sentence with its places filled.
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);

class Tree {
  constructor(root, data) {
    this.sig = data.sig;
    this.words = data.words;
    this.typed = '';
    this.nodes = link(known.get(data.sig));
    this.leaves = this.nodes.filter((node) => !node.kids.length);
    this.focus = this.nodes[0];
    this.draw(root, data);
    this.expand(this.nodes.filter((node) => node.depth < 3).length > MANY_ROWS ? 1 : 2);
  }

  draw(root, data) {
    root.replaceChildren();
    const bar = element('div', 'bar');
    const show = element('div', 'show');
    show.setAttribute('role', 'group');
    show.setAttribute('aria-label', this.words.unfold);
    this.buttons = [['stages', 1], ['blocks', 2], ['layers', 3]].map(([what, depth]) => {
      const button = element('button', '', this.words[what]);
      button.type = 'button';
      button.title = this.words[`unfold_${what}`];
      button.onclick = () => { this.expand(depth); this.paint(); };
      show.append(button);
      return button;
    });
    this.summary = element('span', 'sum');
    bar.append(show, this.summary);

    this.rows = element('div', 'rows');
    this.rows.setAttribute('role', 'tree');
    this.rows.setAttribute('aria-label', data.label);
    this.rows.onkeydown = (event) => this.key(event);
    root.append(bar, this.rows);
  }

  sized(node) {
    if (!node.params) return cell('num', '–', this.words.unsized);
    return cell('num', human(node.params), fill(this.words.sized, { parameters: node.params.toLocaleString('en') }));
  }

  // What a tree of a kind of its own adds: the cells behind the name, what stands in them, and what a click does.
  cells() { return []; }

  fill() {}

  act(node) { this.fold(node); }

  expand(depth) {
    for (const node of this.nodes) node.open = node.depth < depth;
    this.unfolded = depth;
  }

  paint() {
    const visible = this.nodes.filter(shown);
    if (!visible.includes(this.focus)) {
      while (!shown(this.focus)) this.focus = this.focus.up;
    }
    this.place(visible);
    for (const node of visible) this.patch(node);
    this.buttons.forEach((button, at) => button.setAttribute('aria-pressed', String(this.unfolded === at + 1)));
  }

  place(visible) {
    const seen = new Set(visible);
    for (const node of this.nodes) if (node.row?.isConnected && !seen.has(node)) node.row.remove();
    let at = this.rows.firstChild;
    for (const node of visible) {
      node.row ??= this.make(node);
      if (node.row === at) at = at.nextSibling;
      else this.rows.insertBefore(node.row, at);
    }
  }

  make(node) {
    const row = element('div', `row ${LEVELS[node.depth]}`);
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
      badge.title = this.words.batch_norm;
      name.append(badge);
    }
    row.append(name, ...this.cells(node));

    twist.onclick = (event) => { event.stopPropagation(); this.fold(node); };
    row.onclick = () => this.look(node);
    row.ondblclick = () => this.fold(node);
    row.onfocus = () => this.take(node);
    return row;
  }

  patch(node) {
    const { row } = node;
    if (node.kids.length) row.setAttribute('aria-expanded', String(node.open));
    row.tabIndex = node === this.focus ? 0 : -1;
    this.fill(node);
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
      case ' ': case 'Enter': this.act(node); break;
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
