// Short-time spectra: a column of pixels each, by a radix-2 fast Fourier transform in place.
function fft(re, im) {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) { [re[i], re[j]] = [re[j], re[i]]; [im[i], im[j]] = [im[j], im[i]]; }
  }
  for (let size = 2; size <= n; size *= 2) {
    const half = size / 2;
    for (let k = 0; k < half; k++) {
      const c = Math.cos(2 * Math.PI * k / size), s = -Math.sin(2 * Math.PI * k / size);
      for (let a = k; a < n; a += size) {
        const b = a + half, x = re[b] * c - im[b] * s, y = re[b] * s + im[b] * c;
        re[b] = re[a] - x; im[b] = im[a] - y; re[a] += x; im[a] += y;
      }
    }
  }
}

// dB of every bin: columns x (size / 2 + 1), a Hann window of the power of two nearest to 32 ms.
function spectra(buffer, columns) {
  const size = 2 ** Math.round(Math.log2(0.032 * buffer.sampleRate)), bins = size / 2 + 1;
  const samples = buffer.getChannelData(0), out = new Float32Array(columns * bins);
  const re = new Float64Array(size), im = new Float64Array(size);
  for (let column = 0; column < columns; column++) {
    const from = Math.round((column + 0.5) / columns * samples.length - size / 2);
    for (let i = 0; i < size; i++) {
      re[i] = (samples[from + i] ?? 0) * Math.sin(Math.PI * i / size) ** 2;
      im[i] = 0;
    }
    fft(re, im);
    for (let k = 0; k < bins; k++) out[column * bins + k] = 10 * Math.log10((re[k] ** 2 + im[k] ** 2) / (size / 4) ** 2 + 1e-12);
  }
  return { dB: out, columns, bins };
}

// Magma (Smith and van der Walt, matplotlib) at nine of its colours.
const MAGMA = [[0, 0, 4], [28, 16, 68], [79, 18, 123], [129, 37, 129], [181, 54, 122], [229, 80, 100], [251, 135, 97], [254, 194, 135], [252, 253, 191]];
const RANGE = 75;  // dB from the brightest to the darkest colour

function colour(share) {
  const at = Math.min(Math.max(share, 0), 1) * (MAGMA.length - 1), low = Math.min(Math.floor(at), MAGMA.length - 2);
  return MAGMA[low].map((v, c) => v + (at - low) * (MAGMA[low + 1][c] - v));
}
const COLOURS = Array.from({ length: 256 }, (_, n) => colour(n / 255));

function loudest({ dB }) {
  let top = -120;
  for (const v of dB) if (v > top) top = v;
  return top;
}

// Draw `found` with `top` dB as the brightest colour; `rate` in Hz names the frequencies, `seconds` the times.
function paint(canvas, found, top, rate, seconds) {
  const { width, height } = canvas, pen = canvas.getContext("2d"), image = pen.createImageData(width, height);
  for (let y = 0; y < height; y++) {
    const low = Math.floor((height - 1 - y) / height * found.bins), high = Math.max(low + 1, Math.ceil((height - y) / height * found.bins));
    for (let x = 0; x < width; x++) {
      const column = Math.min(found.columns - 1, Math.floor(x / width * found.columns)) * found.bins;
      let value = -120;
      for (let k = low; k < Math.min(high, found.bins); k++) value = Math.max(value, found.dB[column + k]);
      const [r, g, b] = COLOURS[Math.round(255 * Math.min(Math.max(1 + (value - top) / RANGE, 0), 1))];
      image.data.set([r, g, b, 255], 4 * (y * width + x));
    }
  }
  pen.putImageData(image, 0, 0);
  pen.font = "12px system-ui, sans-serif";
  pen.fillStyle = "#fff";
  pen.strokeStyle = "#0008";
  pen.lineWidth = 3;
  const write = (text, x, y) => { pen.strokeText(text, x, y); pen.fillText(text, x, y); };
  const step = [0.5, 1, 2, 4, 5].find(s => rate / 2000 / s <= 5) ?? 10;
  for (let kHz = step; kHz < rate / 2000 - step / 4; kHz += step) {
    const y = height - kHz * 2000 / rate * height;
    pen.fillRect(0, y, 6, 1);
    write(`${kHz} kHz`, 9, y + 4);
  }
  const every = [0.5, 1, 2, 5, 10, 20].find(s => seconds / s <= 10) ?? 60;
  for (let t = every; t < seconds - every / 4; t += every) {
    const x = t / seconds * width;
    pen.fillRect(x, height - 6, 1, 6);
    write(`${t} s`, x + 3, height - 4);
  }
}
