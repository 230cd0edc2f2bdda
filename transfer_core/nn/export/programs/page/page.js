// The page: photos dropped, chosen or seen by the camera, and what the classifier says of them.

const at = (id) => document.getElementById(id);
const made = (name, text = '') => Object.assign(document.createElement(name), { textContent: text });
const words = JSON.parse(at('words').textContent); // in the language in which the page was made
const word = (name, values = {}) => words[name].replace(/\{(\w+)\}/g, (place, one) => values[one] ?? place);
const percent = (share) => `${(100 * share).toFixed(1)}%`;

let classifier;
let watching = null;

function say(text) { at('status').textContent = text; }

function ordered(answer) {
  return answer.shares.map((share, label) => [classifier.classes[label], share]).sort((a, b) => b[1] - a[1]);
}

function title(answer) {
  const [[name, share]] = ordered(answer);
  return answer.none ? word('none') : `${name}, ${percent(share)}`;
}

function card(name, answer) {
  const item = made('li');
  const picture = made('canvas');
  picture.width = picture.height = classifier.size;
  const shown = picture.getContext('2d').createImageData(classifier.size, classifier.size);
  for (let pixel = 0; pixel < answer.pixels.length / 3; pixel += 1) {
    shown.data.set([...answer.pixels.subarray(3 * pixel, 3 * pixel + 3), 255], 4 * pixel);
  }
  picture.getContext('2d').putImageData(shown, 0, 0);
  picture.setAttribute('role', 'img');
  picture.setAttribute('aria-label', name);
  const said = made('div');
  said.append(made('h2', answer.none ? word('none') : ordered(answer)[0][0]), made('small', answer.none ? word('most_like', { name }) : name));
  for (const [label, share] of ordered(answer).slice(0, 3)) {
    const row = made('div');
    row.className = 'share';
    const bar = Object.assign(made('progress'), { value: share, max: 1 });
    bar.setAttribute('aria-label', label);
    row.append(made('span', label), bar, made('b', percent(share)));
    said.append(row);
  }
  item.append(picture, said);
  return item;
}

async function take(files) {
  let unread = 0;
  for (const [number, file] of [...files].entries()) {
    say(word('asking', { number: number + 1, photos: files.length }));
    try {
      at('answers').prepend(card(file.name, await classifier.askPhoto(file)));
    } catch (error) {
      unread += 1;
      const item = made('li');
      item.append(made('span'), made('p', word('unreadable', { name: file.name })));
      at('answers').prepend(item);
      console.warn(file.name, error);
    }
  }
  const answered = files.length - unread;
  say(word(unread ? 'some_answered' : answered === 1 ? 'one_answered' : 'answered', { photos: answered, unread }));
}

async function look(stream) {
  const { square } = await import('./classifier.js');
  const video = at('video');
  video.srcObject = stream;
  await video.play();
  while (watching === stream) {
    if (!document.hidden && video.videoWidth) {
      at('live_answer').textContent = title(await classifier.ask(square(video, classifier.size)));
    }
    await new Promise((done) => { setTimeout(done, 150); });
  }
}

function stop() {
  watching?.getTracks().forEach((track) => track.stop());
  watching = null;
  at('video').srcObject = null;
  at('live').hidden = true;
  at('camera').setAttribute('aria-pressed', 'false');
}

at('camera').onclick = async () => {
  if (watching) { stop(); return; }
  try {
    watching = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
  } catch (error) {
    say(word('no_camera', { reason: error.message }));
    return;
  }
  at('live').hidden = false;
  at('camera').setAttribute('aria-pressed', 'true');
  await look(watching);
};
addEventListener('pagehide', stop);
document.addEventListener('visibilitychange', () => { if (document.hidden) stop(); });

for (const element of document.querySelectorAll('[data-word]')) element.textContent = word(element.dataset.word);

const drop = at('drop');
for (const name of ['dragover', 'dragleave', 'drop']) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle('over', name === 'dragover');
    if (name === 'drop') take(event.dataTransfer.files);
  });
}
at('files').onchange = (event) => take(event.target.files);
addEventListener('paste', (event) => { if (event.clipboardData.files.length) take(event.clipboardData.files); });

async function begin() {
  if (location.protocol === 'file:') {
    say(word('from_file'));
    return;
  }
  let module;
  try {
    module = await import('./classifier.js');
  } catch (error) {
    say(word('no_program'));
    console.warn(error);
    return;
  }
  try {
    classifier = await module.Classifier.load();
  } catch (error) {
    say(word('no_classifier', { reason: error.message }));
    throw error;
  }
  document.title = classifier.title;
  at('title').textContent = classifier.title;
  at('classes').textContent = word('tells_apart', { classes: classifier.classes.join(words.comma) });
  say(word('ready'));
  globalThis.classifier = classifier; // to try it in the console
}

await begin();
