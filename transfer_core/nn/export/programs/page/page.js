// The page: photos dropped, chosen or seen by the camera, and what the classifier says of them.

const at = (id) => document.getElementById(id);
const made = (name, text = '') => Object.assign(document.createElement(name), { textContent: text });
const percent = (share) => `${(100 * share).toFixed(1)}%`;

let classifier;
let watching = null;

function say(text) { at('status').textContent = text; }

function ordered(answer) {
  return answer.shares.map((share, label) => [classifier.classes[label], share]).sort((a, b) => b[1] - a[1]);
}

function title(answer) {
  const [[name, share]] = ordered(answer);
  return answer.none ? 'None of these' : `${name}, ${percent(share)}`;
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
  const words = made('div');
  words.append(made('h2', answer.none ? 'None of these' : ordered(answer)[0][0]), made('small', answer.none ? `${name} · most like:` : name));
  for (const [label, share] of ordered(answer).slice(0, 3)) {
    const row = made('div');
    row.className = 'share';
    const bar = Object.assign(made('progress'), { value: share, max: 1 });
    bar.setAttribute('aria-label', label);
    row.append(made('span', label), bar, made('b', percent(share)));
    words.append(row);
  }
  item.append(picture, words);
  return item;
}

async function take(files) {
  let unread = 0;
  for (const [number, file] of [...files].entries()) {
    say(`Photo ${number + 1} of ${files.length}…`);
    try {
      at('answers').prepend(card(file.name, await classifier.askPhoto(file)));
    } catch (error) {
      unread += 1;
      const item = made('li');
      item.append(made('span'), made('p', `${file.name} is no photo that this browser can read.`));
      at('answers').prepend(item);
      console.warn(file.name, error);
    }
  }
  say(`${files.length - unread} ${files.length - unread === 1 ? 'photo' : 'photos'} answered${unread ? `, ${unread} could not be read` : ''}.`);
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
    say(`The camera can't be used: ${error.message}. Allow it in the browser, and open the page from this computer or by https.`);
    return;
  }
  at('live').hidden = false;
  at('camera').setAttribute('aria-pressed', 'true');
  await look(watching);
};
addEventListener('pagehide', stop);
document.addEventListener('visibilitychange', () => { if (document.hidden) stop(); });

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
    say('Open this page from a web server: in its folder, run  python -m http.server  and open http://localhost:8000');
    return;
  }
  let module;
  try {
    module = await import('./classifier.js');
  } catch (error) {
    say('The program that runs the network is missing: see vendor/README.txt.');
    console.warn(error);
    return;
  }
  try {
    classifier = await module.Classifier.load();
  } catch (error) {
    say(`The classifier can't be loaded: ${error.message}`);
    throw error;
  }
  document.title = classifier.title;
  at('title').textContent = classifier.title;
  at('classes').textContent = `It tells apart: ${classifier.classes.join(', ')}.`;
  say('Ready.');
  globalThis.classifier = classifier; // to try it in the console
}

await begin();
