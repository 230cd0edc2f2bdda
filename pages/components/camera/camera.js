// The camera of the computer that shows the page. Held down, the button takes a burst of photos; without a button it
// sends a picture a second. Nothing is taken while the page is hidden, and the camera is let go then.

const BURST = 'burst';

export default function camera({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector('.camera');
  root.__camera ??= new Camera(root);
  root.__camera.update(data, setTriggerValue);
  return () => root.__camera.close();
}

class Camera {
  constructor(root) {
    this.video = root.querySelector('video');
    this.button = root.querySelector('button');
    this.count = root.querySelector('.count');
    this.said = root.querySelector('.said');
    this.problem = root.querySelector('.problem');
    this.canvas = document.createElement('canvas');
    this.frames = [];
    this.sent = 0;
    this.seen = () => (document.hidden ? this.stop() : this.start());
    document.addEventListener('visibilitychange', this.seen);
    this.button.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      this.record();
      this.button.setPointerCapture(event.pointerId);
    });
    // Assistive technology clicks without a pointer: one photo.
    this.button.addEventListener('click', (event) => {
      if (event.detail !== 0 || this.recording) return;
      this.record();
      this.send();
    });
    for (const name of ['pointerup', 'pointercancel', 'blur']) this.button.addEventListener(name, () => this.send());
    this.button.addEventListener('keydown', (event) => {
      if (event.key !== ' ' && event.key !== 'Enter') return;
      event.preventDefault();
      if (!event.repeat) this.record();
    });
    this.button.addEventListener('keyup', () => this.send());
    this.button.addEventListener('contextmenu', (event) => event.preventDefault()); // a long touch
    this.start();
  }

  update(data, trigger) {
    this.data = data;
    this.trigger = trigger;
    this.button.hidden = data.mode !== BURST;
    if (!this.recording) this.button.textContent = data.words.hold;
    this.video.setAttribute('aria-label', data.words.view);
    if (data.ack >= this.sent) this.waiting = false;
    clearInterval(this.live);
    if (data.mode !== BURST) this.live = setInterval(() => this.look(), data.every);
    this.say();
  }

  async start() {
    if (this.stream || this.starting || this.closed) return;
    this.starting = true;
    try {
      if (!navigator.mediaDevices) throw new DOMException('', 'SecurityError');
      const stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 } } });
      if (this.closed || document.hidden) {
        stream.getTracks().forEach((track) => track.stop());
      } else {
        this.stream = stream;
        stream.getVideoTracks()[0].addEventListener('ended', () => this.lost()); // unplugged
        this.video.srcObject = stream;
        await this.video.play();
        this.wrong = '';
      }
    } catch (error) {
      this.wrong = { NotAllowedError: 'denied', NotFoundError: 'none', SecurityError: 'insecure' }[error.name] ?? 'failed';
    }
    this.starting = false;
    this.say();
  }

  lost() {
    this.stop();
    this.wrong = 'none';
    this.say();
  }

  stop() {
    this.send();
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
    this.video.srcObject = null;
  }

  close() {
    this.closed = true;
    clearInterval(this.live);
    clearInterval(this.taking);
    document.removeEventListener('visibilitychange', this.seen);
    this.frames = [];
    this.stop();
  }

  say() {
    if (!this.data) return;
    this.problem.textContent = this.wrong ? this.data.words[this.wrong] : '';
    this.button.disabled = !this.stream;
    this.video.hidden = Boolean(this.wrong);
  }

  // The square in the middle is what the network looks at; the whole picture is kept.
  shot() {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (!width) return null;
    const scale = Math.min(1, this.data.side / Math.min(width, height));
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    this.canvas.getContext('2d').drawImage(this.video, 0, 0, this.canvas.width, this.canvas.height);
    return { at: Date.now(), jpeg: this.canvas.toDataURL('image/jpeg', 0.9).split(',')[1] };
  }

  record() {
    if (this.recording || !this.stream) return;
    this.recording = true;
    this.button.textContent = this.data.words.recording;
    this.take();
    this.taking = setInterval(() => this.take(), this.data.every);
  }

  take() {
    const shot = this.shot();
    if (shot) this.frames.push(shot);
    this.count.textContent = this.frames.length;
    if (this.frames.length >= this.data.most) this.send();
  }

  send() {
    clearInterval(this.taking);
    if (!this.recording) return;
    this.recording = false;
    this.button.textContent = this.data.words.hold;
    this.count.textContent = '';
    if (this.frames.length) this.said.textContent = this.data.words.taken.replace('{n}', this.frames.length);
    if (this.frames.length && !this.closed) this.trigger('shots', { frames: this.frames, offset: new Date().getTimezoneOffset() });
    this.frames = [];
  }

  look() {
    // An answer that does not come, as after a lost connection, is not waited for without end.
    if ((this.waiting && Date.now() - this.asked < this.data.patience) || document.hidden || !this.stream) return;
    const shot = this.shot();
    if (!shot) return;
    this.waiting = true;
    this.asked = Date.now();
    this.sent += 1;
    this.trigger('shots', { frames: [shot], number: this.sent });
  }
}
