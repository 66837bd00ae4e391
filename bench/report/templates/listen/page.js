// The page: choices in, sound and pictures out. Every text goes in as text, never as markup.
const byId = id => document.getElementById(id);
const data = JSON.parse(byId("data").textContent);
const bytesOf = sound => Uint8Array.from(atob(byId(`sound-${sound}`).textContent), c => c.charCodeAt(0)).buffer;
const player = new Player(bytesOf);
let clip = data.clips[0], outputs = [], chosen = 0, test = null;  // outputs[0] is the original

function element(tag, text = "", attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
const option = (text, value) => element("option", text, { value });

function fillBitrates() {
  const before = byId("bitrate").value;
  byId("bitrate").replaceChildren(...clip.bitrates.map(b => option(b.title, b.title)));
  if (clip.bitrates.some(b => b.title === before)) byId("bitrate").value = before;
}

async function open() {
  const name = outputs[chosen]?.name;
  const bitrate = clip.bitrates.find(b => b.title === byId("bitrate").value) ?? clip.bitrates[0];
  outputs = [clip.original, ...bitrate.outputs];
  chosen = Math.max(0, outputs.findIndex(o => o.name === name));
  byId("transcript").textContent = [clip.about, clip.text && `“${clip.text}”`].filter(Boolean).join(" · ");
  byId("missing").textContent = bitrate.missing;
  byId("missing").hidden = !bitrate.missing;
  fillTable();
  fillPairs();
  player.reference = clip.original.sound;
  byId("now").textContent = "reading the recordings …";
  try {
    if (!await player.open(outputs.map(o => o.sound), clip.rate, outputs[chosen].sound)) return;
  } catch (error) {
    byId("now").textContent = `This browser cannot read these recordings (${error.message ?? error}).`;
    return;
  }
  byId("seek").max = player.duration;
  document.body.dataset.ready = `${clip.id} ${bitrate.title}`;
  select(chosen);
}

function fillTable() {
  const head = element("tr");
  for (const h of ["key", "recording", "payload, kbit/s"]) head.append(element("th", h, h.startsWith("p") ? { class: "number" } : {}));
  const known = data.metrics.filter(m => outputs.some(o => m.name in o.scores));
  for (const m of known) head.append(element("th", m.title, { class: "number", title: m.doc }));
  byId("list").tHead.replaceChildren(head);
  byId("list").tBodies[0].replaceChildren(...outputs.map((output, n) => line(output, n, known)));
  const failed = new Map();  // metric and reason -> names
  for (const o of outputs) for (const [metric, why] of Object.entries(o.failures)) {
    const said = `${metric} (${why})`;
    failed.set(said, [...failed.get(said) ?? [], o.name]);
  }
  const all = outputs.length - 1;
  const texts = [...failed].map(([said, names]) => `${said}: ${names.length === all && all > 1 ? "every output" : names.join(", ")}`);
  byId("failures").textContent = texts.length ? `Could not be computed: ${texts.join("; ")}.` : "";
}

function line(output, n, known) {
  const row = element("tr", "", output.outside ? { class: "outside", title: output.outside } : {});
  const cell = element("th", "", { scope: "row" }), label = element("label", ` ${output.name}`);
  label.prepend(element("input", "", { type: "radio", name: "output", value: n }));
  cell.append(label);
  row.append(element("td", n < 10 ? String(n) : ""), cell, element("td", output.payload, { class: "number" }));
  for (const m of known) {
    const failure = output.failures[m.name];
    row.append(element("td", failure ? "failed" : output.scores[m.name] ?? "–", failure ? { class: "number failed", title: failure } : { class: "number" }));
  }
  row.addEventListener("click", () => select(n));
  return row;
}

function fillPairs() {
  for (const [id, first] of [["abx-a", 0], ["abx-b", Math.min(Math.max(chosen, 1), outputs.length - 1)]]) {
    byId(id).replaceChildren(...outputs.map((o, n) => option(o.name, n)));
    byId(id).value = first;
  }
}

// Outside of a blind test: let one recording through, and show which.
function select(n) {
  if (test) return;
  chosen = n;
  player.select(outputs[n].sound);
  [...byId("list").tBodies[0].rows].forEach((row, m) => {
    row.classList.toggle("on", m === n);
    row.querySelector("input").checked = m === n;
  });
  const unlike = player.level && player.ids.length && !player.matched(outputs[n].sound);
  byId("now").textContent = [
    outputs[n].name, n && `asked ${byId("bitrate").value}`, unlike && "which cannot be made as loud as the original",
  ].filter(Boolean).join(", ");
  picture();
}

const seen = new Map();  // sound -> its spectra, for this choice
function spectraOf(sound) {
  const buffer = player.buffer(sound);
  if (seen.get(sound)?.buffer !== buffer) seen.set(sound, { buffer, found: spectra(buffer, byId("spectrogram-original").width) });
  return seen.get(sound).found;
}

function picture() {
  if (!player.buffer(outputs[chosen].sound)) return;
  const original = spectraOf(clip.original.sound), top = loudest(original), buffer = player.buffer(clip.original.sound);
  for (const [id, output] of [["spectrogram-original", clip.original], ["spectrogram-output", outputs[chosen]]]) {
    paint(byId(id), spectraOf(output.sound), top, buffer.sampleRate, buffer.duration);
    byId(id).setAttribute("aria-label", `Spectrogram of ${output.name}, 0 to ${buffer.sampleRate / 2} Hz, ${buffer.duration.toFixed(1)} s`);
  }
  byId("shown").textContent = outputs[chosen].name;
}

function toggle() {
  player.playing ? player.pause() : player.play();
  show();
}

function show() {
  const at = player.position;
  byId("play").textContent = player.playing ? "Pause" : "Play";
  byId("play").setAttribute("aria-pressed", player.playing);
  byId("seek").value = at;
  byId("seek").setAttribute("aria-valuetext", `${at.toFixed(1)} of ${player.duration.toFixed(1)} seconds`);
  byId("time").textContent = `${at.toFixed(1)} / ${player.duration.toFixed(1)} s`;
  for (const head of document.querySelectorAll(".head")) head.style.left = `${100 * at / (player.duration || 1)}%`;
}

function eachFrame() {
  if (player.playing) show();
  requestAnimationFrame(eachFrame);
}

// The blind test. While it runs nothing on the page tells the recordings apart but the ears.
function begin() {
  if (!player.ids.length) return;  // still being read, as the page says
  const a = outputs[byId("abx-a").value], b = outputs[byId("abx-b").value], n = Number(byId("abx-n").value);
  if (a.sound === b.sound || !Number.isInteger(n) || n < 5 || n > 100) {
    byId("now").textContent = "A blind test needs two different recordings and 5 to 100 trials.";
    return;
  }
  const level = player.level && [a, b].every(output => player.matched(output.sound));
  test = { abx: new Abx(n), a, b, clip: clip.title, bitrate: byId("bitrate").value, level };
  blind(true);
  player.seek(0);
  hear("x");
}

function blind(on, result = false) {
  document.body.classList.toggle("blind", on);
  byId("abx-setup").hidden = on || result;
  byId("abx-trial").hidden = !on;
  byId("abx-result").hidden = !result;
  for (const control of document.querySelectorAll(".choose select, #level")) control.disabled = on;
}

function hear(which) {
  const real = which === "x" ? test.abx.x : which;
  player.select(test[real].sound);
  for (const button of document.querySelectorAll("[data-hear]")) button.setAttribute("aria-pressed", button.dataset.hear === which);
  byId("abx-count").textContent = `Trial ${test.abx.answers.length + 1} of ${test.abx.trials}: A is ${test.a.name}, B is ${test.b.name}.`;
  byId("now").textContent = `You hear ${which.toUpperCase()}.`;
  if (!player.playing) toggle();
}

function answer(said) {
  test.abx.answer(said);
  if (!test.abx.done) { player.seek(0); hear("x"); } else finish();
}

function finish() {
  player.pause();
  const { abx } = test, p = abx.p < 0.001 ? abx.p.toExponential(1) : abx.p.toFixed(3);
  const verdict = abx.p < 0.05 ? "chance alone would rarely do so well" : "that is no evidence of a difference you can hear";
  byId("abx-verdict").textContent = `${abx.right} of ${abx.trials} right, p = ${p}: ${verdict}.`;
  byId("abx-text").value = [
    `ABX: ${abx.right} of ${abx.trials} right, one-sided binomial p = ${p}`,
    `A: ${test.a.name}${test.a.payload && `, ${test.a.payload} kbit/s`}`, `B: ${test.b.name}${test.b.payload && `, ${test.b.payload} kbit/s`}`,
    `clip: ${test.clip}; asked: ${test.bitrate}; same loudness: ${test.level ? "yes" : "no"}`,
    `trials (X/answer): ${abx.answers.map(t => `${t.x}/${t.said}`).join(" ").toUpperCase()}`,
    `run: ${data.runs.join(", ")}`, `at: ${new Date().toISOString()}`,
  ].join("\n");
  byId("abx-copied").textContent = "";
  test = null;
  blind(false, true);
  select(chosen);
  show();
}

function leave() {
  test = null;
  blind(false);
  player.pause();
  select(chosen);
  show();
}

async function copy() {
  byId("abx-text").select();
  try { await navigator.clipboard.writeText(byId("abx-text").value); } catch { document.execCommand("copy"); }
  byId("abx-copy").focus();
  byId("abx-copied").textContent = "copied";
}

function key(event) {
  const typing = event.target.closest("textarea, select, input[type=number]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const pressed = event.key.toLowerCase();
  if (pressed === " " && !event.target.closest("button:not(#play), summary, [type=checkbox]")) { if (!event.repeat) toggle(); }
  else if (pressed === "arrowleft" || pressed === "arrowright") { player.seek(player.position + (pressed === "arrowleft" ? -1 : 1)); show(); }
  else if (test && "abx".includes(pressed)) hear(pressed);
  else if (test && (pressed === "1" || pressed === "2")) { if (!event.repeat) answer(pressed === "1" ? "a" : "b"); }
  else if (!test && /^[0-9]$/.test(pressed) && Number(pressed) < outputs.length) select(Number(pressed));
  else if (!test && (pressed === "arrowup" || pressed === "arrowdown")) select((chosen + (pressed === "arrowup" ? outputs.length - 1 : 1)) % outputs.length);
  else return;
  event.preventDefault();
}

byId("clip").replaceChildren(...data.clips.map((c, n) => option(c.title, n)));
byId("clip").addEventListener("change", () => { clip = data.clips[byId("clip").value]; seen.clear(); player.seek(0); fillBitrates(); open(); });
byId("bitrate").addEventListener("change", open);
byId("play").addEventListener("click", toggle);
byId("repeat").addEventListener("change", event => { player.repeat = event.target.checked; player.seek(player.position); });
byId("level").addEventListener("change", event => { player.level = event.target.checked; select(chosen); });
byId("seek").addEventListener("input", event => { player.seek(Number(event.target.value)); show(); });
for (const picture of document.querySelectorAll(".picture"))
  picture.addEventListener("click", event => { player.seek(event.offsetX / picture.clientWidth * player.duration); show(); });
byId("abx-setup").addEventListener("submit", event => { event.preventDefault(); begin(); });
for (const button of document.querySelectorAll("[data-hear]")) button.addEventListener("click", () => hear(button.dataset.hear));
for (const button of document.querySelectorAll("[data-answer]")) button.addEventListener("click", () => answer(button.dataset.answer));
byId("abx-stop").addEventListener("click", leave);
byId("abx-again").addEventListener("click", leave);
byId("abx-copy").addEventListener("click", copy);
player.onend = show;
addEventListener("keydown", key);
const root = document.documentElement;
byId("theme").addEventListener("click", () => {
  const now = root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  root.dataset.theme = now === "dark" ? "light" : "dark";
});
fillBitrates();
open();
eachFrame();
