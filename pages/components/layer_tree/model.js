// The arithmetic of the layer tree: nodes and sums over leaves. Draws nothing; stands before layer_tree.js.

const human = (n) => (n >= 1e6 ? `${(n / 1e6).toFixed(2)} M` : n >= 1e4 ? `${(n / 1e3).toFixed(0)} k`
  : n >= 1e3 ? `${(n / 1e3).toFixed(1)} k` : String(n));

// Rows come in walking order: the parent is the last row one less deep. `from` to `to` are the leaves below a node.
function link(rows) {
  const path = [];
  let leaf = 0;
  const nodes = rows.map(([depth, name, kind, shape, params, train]) => {
    const node = { depth, name, kind, shape, params, train, kids: [], up: path[depth - 1] ?? null, open: false };
    path[depth] = node;
    node.up?.kids.push(node);
    return node;
  });
  for (const node of nodes) {
    node.from = leaf;
    if (node.depth === 3) leaf += 1;
  }
  for (const node of nodes.slice().reverse()) {
    node.to = node.kids.length ? node.kids[node.kids.length - 1].to : node.from + (node.depth === 3);
  }
  return nodes;
}

function shown(node) {
  for (let above = node.up; above; above = above.up) if (!above.open) return false;
  return true;
}

// Every node covers a run of leaves, so sums up to each leaf answer for any node at once.
class Sums {
  constructor(leaves, on) {
    const upTo = (value) => leaves.reduce((sums, leaf, at) => {
      sums[at + 1] = sums[at] + value(leaf);
      return sums;
    }, new Float64Array(leaves.length + 1));
    this.able = upTo((leaf) => (leaf.train > 0 ? 1 : 0));
    this.chosen = upTo((leaf) => on[leaf.from]);
    this.trained = upTo((leaf) => (on[leaf.from] ? leaf.train : 0));
  }

  trainable(node) { return this.able[node.to] - this.able[node.from]; }

  layers(node) { return this.chosen[node.to] - this.chosen[node.from]; }

  parameters(node) { return this.trained[node.to] - this.trained[node.from]; }

  state(node) {
    const able = this.trainable(node);
    const chosen = this.layers(node);
    return !able ? 'none' : !chosen ? 'frozen' : chosen === able ? 'trainable' : 'mixed';
  }
}
