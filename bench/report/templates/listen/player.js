"use strict";
const LOWERED = 8;  // how many times quieter all may become so that they can be equally loud: 18 dB

// All recordings of a choice run at once, in step; only one of them is let through. So a switch keeps the position
// to the sample, and is a fade of 10 ms, without a click.
class Player {
  constructor(bytesOf) {
    this.bytesOf = bytesOf;  // id -> ArrayBuffer of an audio file
    this.decoded = new Map();  // id -> AudioBuffer
    this.voices = new Map();  // id -> {source, gain}, while playing
    this.ids = [];  // none while recordings are being read
    this.wish = false;  // to play as soon as they are
    this.current = null;
    this.reference = null;  // whose loudness the others take where `level` is on
    this.repeat = true;
    this.level = false;
    this.levels = null;
    this.start = 0;  // position in seconds at which playing begins, or began
    this.since = 0;  // the context's time at that moment
    this.duration = 0;
    this.playing = false;
    this.turn = 0;  // a slow decoding that was overtaken by a later choice gives up
  }

  // A context at the recordings' own rate: the browser then converts once, with a good filter, at its output.
  #contextAt(rate) {
    if (this.context?.wanted === rate) return this.context;
    this.context?.close();
    this.decoded.clear();
    try { this.context = new AudioContext({ sampleRate: rate }); } catch { this.context = new AudioContext(); }
    this.context.wanted = rate;
    return this.context;
  }

  // Take up other recordings; the position stays where it is, unless it is behind the new end.
  async open(ids, rate, current) {
    const turn = ++this.turn;
    this.wish ||= this.playing;
    this.pause();
    this.ids = [];
    const context = this.#contextAt(rate);
    for (const id of ids) if (!this.decoded.has(id)) {
      const buffer = await context.decodeAudioData(this.bytesOf(id));
      if (turn !== this.turn) return false;
      this.decoded.set(id, buffer);
    }
    this.ids = [...new Set(ids)];  // outputs that are the same audio share a recording
    this.duration = Math.max(...ids.map(id => this.decoded.get(id).duration));
    if (this.start >= this.duration) this.start = 0;
    this.current = current;
    this.levels = null;
    if (this.wish) this.play();
    return true;
  }

  get position() {
    if (!this.playing) return this.start;
    const at = this.start + Math.max(0, this.context.currentTime - this.since);
    return this.repeat ? at % this.duration : Math.min(at, this.duration);
  }

  buffer(id) { return this.decoded.get(id); }

  // Every recording with silence behind it up to the longest, so that repeating keeps them in step.
  #padded(id) {
    const buffer = this.decoded.get(id), length = Math.round(this.duration * this.context.sampleRate);
    if (buffer.length === length) return buffer;
    const whole = this.context.createBuffer(buffer.numberOfChannels, length, this.context.sampleRate);
    for (let c = 0; c < buffer.numberOfChannels; c++) whole.copyToChannel(buffer.getChannelData(c).subarray(0, length), c);
    return whole;
  }

  loudness(id) {
    if (!this.level) return 1;
    this.levels ??= this.#levels();
    return this.levels.get(id).gain;
  }

  // Whether this recording is as loud as the reference where that is asked for.
  matched(id) {
    this.levels ??= this.#levels();
    return this.levels.get(id).matched;
  }

  // Gains to the loudness of the reference; all are lowered alike where one of them would clip. Silence, and what would
  // clip even so (a click in near silence), cannot be matched and holds nobody back.
  #levels() {
    const wanted = rms(this.decoded.get(this.reference));
    const found = this.ids.map(id => {
      const buffer = this.decoded.get(id), own = rms(buffer), top = peak(buffer), gain = own > 0 ? wanted / own : 1;
      return { id, gain, top, matched: own > 0 ? gain * top <= LOWERED : wanted === 0 };
    });
    const most = Math.max(1, ...found.filter(f => f.matched).map(f => f.gain * f.top));
    return new Map(found.map(f => [f.id, { gain: Math.min(f.gain / most, 1 / f.top), matched: f.matched }]));
  }

  play() {
    this.wish = !this.ids.length;
    if (this.playing || this.wish) return;
    this.context.resume();
    if (this.start >= this.duration) this.start = 0;
    this.since = this.context.currentTime + 0.03;
    for (const id of this.ids) {
      const source = new AudioBufferSourceNode(this.context, { buffer: this.#padded(id), loop: this.repeat });
      const gain = new GainNode(this.context, { gain: id === this.current ? this.loudness(id) : 0 });
      source.connect(gain).connect(this.context.destination);
      source.start(this.since, this.start);
      this.voices.set(id, { source, gain });
    }
    this.playing = true;
    const [first] = this.voices.values();
    first.source.onended = () => { if (this.voices.get(this.ids[0])?.source === first.source) { this.pause(); this.start = 0; this.onend?.(); } };
  }

  pause() {
    if (!this.playing) return;
    this.start = this.position;
    this.playing = false;
    for (const { source } of this.voices.values()) { source.onended = null; source.stop(); }
    this.voices.clear();
  }

  seek(seconds) {
    const wasPlaying = this.playing;
    this.pause();
    this.start = Math.min(Math.max(0, seconds), this.duration);
    if (wasPlaying) this.play();
  }

  select(id) {
    this.current = id;
    if (!this.playing) return;
    const now = this.context.currentTime;
    for (const [other, { gain }] of this.voices) {
      gain.gain.cancelScheduledValues(now);
      gain.gain.setValueAtTime(gain.gain.value, now);
      gain.gain.linearRampToValueAtTime(other === id ? this.loudness(other) : 0, now + 0.01);
    }
  }
}

function rms(buffer) {
  let sum = 0;
  for (let c = 0; c < buffer.numberOfChannels; c++) for (const v of buffer.getChannelData(c)) sum += v * v;
  return Math.sqrt(sum / (buffer.length * buffer.numberOfChannels));
}

function peak(buffer) {
  let top = 0;
  for (let c = 0; c < buffer.numberOfChannels; c++) for (const v of buffer.getChannelData(c)) top = Math.max(top, Math.abs(v));
  return top;
}
