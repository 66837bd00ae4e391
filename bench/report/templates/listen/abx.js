// A blind test: in every trial X is A or B by chance; the p-value is the chance to be right so often by guessing.
function coin() { return crypto.getRandomValues(new Uint8Array(1))[0] & 1 ? "b" : "a"; }

// P(at least `right` of `n` by guessing): the upper tail of the binomial distribution with probability one half.
function binomialTail(right, n) {
  let sum = 0, ways = 1;  // n over k
  for (let k = 0; k <= n; k++) {
    if (k >= right) sum += ways;
    ways = ways * (n - k) / (k + 1);
  }
  return sum / 2 ** n;
}

class Abx {
  constructor(trials, draw = coin) {
    this.trials = trials;
    this.draw = draw;
    this.answers = [];  // {x, said}
    this.x = draw();
  }

  get done() { return this.answers.length === this.trials; }
  get right() { return this.answers.filter(t => t.x === t.said).length; }
  get p() { return binomialTail(this.right, this.answers.length); }

  answer(said) {
    if (this.done) return;
    this.answers.push({ x: this.x, said });
    if (!this.done) this.x = this.draw();
  }
}
