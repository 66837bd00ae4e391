"""The page to listen to in a real browser: what is let through, where it stands, and the blind test."""

from __future__ import annotations

import math
from pathlib import Path

import codec_runs
import pytest

from bench.report import listen

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed")
playwright = pytest.importorskip("playwright.sync_api")

# What comes out of the loudspeaker: tapped behind the gains, and looked for in every recording by correlation.
HEARD = """async () => {
  const tap = player.context.createAnalyser();
  tap.fftSize = 4096;
  for (const { gain } of player.voices.values()) gain.connect(tap);
  await new Promise(done => setTimeout(done, 400));
  const heard = new Float32Array(tap.fftSize), at = player.position, rate = player.context.sampleRate;
  tap.getFloatTimeDomainData(heard);
  const best = { error: Infinity };
  for (const id of player.ids) {
    const samples = player.buffer(id).getChannelData(0), first = Math.round((at - 0.15) * rate) - heard.length;
    for (let start = Math.max(0, first); start < Math.min(first + 0.2 * rate, samples.length - heard.length); start++) {
      let error = 0;
      for (let i = 0; i < heard.length && error < best.error; i += 3) error += (heard[i] - samples[start + i]) ** 2;
      if (error < best.error) Object.assign(best, { error, sound: id, at: (start + heard.length) / rate });
    }
  }
  const energy = heard.filter((_, i) => i % 3 === 0).reduce((sum, v) => sum + v * v, 0);
  return { ...best, said: at, match: 1 - best.error / energy, name: outputs.find(o => o.sound === best.sound)?.name };
}"""


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as running:
        chromium = running.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("listen")
    impls = ("wave:good", "wave:plain", codec_runs.HOSTILE, "passthrough:16k")
    scores = [codec_runs.untouched(clip) for clip in range(2)]
    scores += [codec_runs.score(i, b, clip) for i in impls for b in (6.0, 12.0) for clip in range(2)]
    (made,) = listen.write([codec_runs.write(folder / "run", scores, [])], folder)
    return made


@pytest.fixture
def page(browser, path):
    """The page, open and without a network; a complaint, a dialog or a request fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    page, complaints = context.new_page(), []
    page.set_default_timeout(10_000)
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda r: complaints.append(r.url) if r.url != path.as_uri() else None)
    page.goto(path.as_uri())
    until(page, "document.body.dataset.ready")
    yield page
    context.close()
    assert complaints == []


def until(page, expression):
    """Wait for a condition; the page's own policy forbids the browser's way, which evaluates texts in the page."""
    for _ in range(200):
        if page.evaluate(f"() => Boolean({expression})"):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never true: {expression}")


def heard(page):
    """Name and place (s) of what is heard, found in the sound itself."""
    found = page.evaluate(HEARD)
    assert found["match"] > 0.99, found
    assert abs(found["at"] - found["said"]) < 0.15, found
    return found["name"], found["at"]


def test_play_lets_the_chosen_recording_through_and_a_switch_keeps_the_position(page):
    page.get_by_role("button", name="Play").click()
    assert heard(page)[0] == "original"
    before = page.evaluate("[player.position - player.context.currentTime, [...player.voices.values()].map(v => v.at)]")
    page.get_by_role("radio", name="wave:plain").check()
    assert heard(page)[0] == "wave:plain"
    page.get_by_text(codec_runs.HOSTILE, exact=True).first.click()
    assert heard(page)[0] == codec_runs.HOSTILE
    page.keyboard.press("4")  # the same audio as the original, and so the same recording: not heard twice at once
    assert heard(page)[0] == "original"
    page.keyboard.press("3")
    after = page.evaluate("[player.position - player.context.currentTime, [...player.voices.values()].map(v => v.at)]")
    # the position runs on with the clock of the sound card, or came round to the beginning
    moved = (after[0] - before[0]) / page.evaluate("player.duration")
    assert moved == pytest.approx(round(moved), abs=1e-6)
    assert page.locator("#now").inner_text().startswith(codec_runs.HOSTILE)


def test_keys_play_switch_and_move(page):
    page.keyboard.press("Space")
    assert page.evaluate("player.playing")
    page.keyboard.press("2")
    assert heard(page)[0] == "wave:plain"
    page.keyboard.press("0")
    assert heard(page)[0] == "original"
    page.keyboard.press("Space")
    assert not page.evaluate("player.playing")
    page.evaluate("player.seek(2)")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("player.position") == pytest.approx(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.get_by_role("radio", name="wave:plain").is_checked()
    page.get_by_label("Bitrate").press("1")  # typing into a list chooses there, and is no switch
    until(page, "document.body.dataset.ready === 'clip-00 12 kbit/s'")
    assert page.get_by_role("radio", name="wave:plain").is_checked()


def test_another_bitrate_keeps_codec_and_position_and_another_clip_starts_anew(page):
    page.keyboard.press("1")
    page.evaluate("player.seek(1.5)")
    page.get_by_label("Bitrate").select_option("12 kbit/s")
    until(page, "document.body.dataset.ready === 'clip-00 12 kbit/s'")
    assert page.evaluate("player.position") == 1.5
    assert page.get_by_role("radio", name="wave:good").is_checked()
    assert page.locator("#list tbody tr").nth(1).inner_text().split("\t")[2] == "12.2"
    page.get_by_label("Clip").select_option(index=1)
    until(page, "document.body.dataset.ready === 'clip-01 12 kbit/s'")
    assert page.evaluate("player.position") == 0


def test_what_is_still_being_read_is_played_when_it_is_there_and_tested_not_before(page):
    """Both choices and the clicks come before the first recording of the new bitrate is decoded."""
    page.evaluate("""() => {
      select(1);
      for (const bitrate of ["12 kbit/s", "6 kbit/s", "12 kbit/s"]) {
        byId("bitrate").value = bitrate;
        byId("bitrate").dispatchEvent(new Event("change"));
        if (bitrate === "6 kbit/s") byId("play").click();
      }
      byId("abx-setup").requestSubmit();
    }""")
    assert page.locator("#abx-setup").is_visible() and page.evaluate("test === null")
    until(page, "document.body.dataset.ready === 'clip-00 12 kbit/s'")
    assert heard(page)[0] == "wave:good"


def test_a_recording_ends_where_it_is_not_repeated(page):
    page.get_by_label("repeat").uncheck()
    page.get_by_role("button", name="Play").click()
    page.evaluate("player.seek(player.duration - 0.2)")
    until(page, "!player.playing")
    assert page.get_by_role("button", name="Play").inner_text() == "Play" and page.evaluate("player.position") == 0


def test_the_same_loudness_is_that_of_the_original(page):
    page.get_by_label("same loudness").check()
    page.keyboard.press("3")
    page.get_by_role("button", name="Play").click()
    page.wait_for_timeout(100)
    gain, own, wanted = page.evaluate("""[
      player.voices.get(player.current).gain.gain.value, rms(player.buffer(player.current)),
      rms(player.buffer(player.reference)),
    ]""")
    assert own != pytest.approx(wanted, rel=0.01) and gain * own == pytest.approx(wanted, rel=1e-3)
    # an output that would clip at that gain: all are lowered alike until it does not
    peaks, loudness = page.evaluate("""() => {
      const spiky = new AudioBuffer({ length: 16000, sampleRate: 16000 });
      spiky.copyToChannel(Float32Array.of(0.9, -0.9, 0.9, -0.9), 0, 8000);
      player.decoded.set(player.current, spiky);
      player.levels = null;
      const own = [player.current, player.reference].map(id => [player.loudness(id), player.buffer(id)]);
      return [own.map(([gain, b]) => gain * peak(b)), own.map(([gain, b]) => gain * rms(b))];
    }""")
    assert max(peaks) == pytest.approx(1) and loudness[0] == pytest.approx(loudness[1])


def test_quiet_outputs_become_as_loud_and_what_cannot_is_said(page):
    page.get_by_label("same loudness").check()
    found = page.evaluate("""() => {
      const original = player.buffer(player.reference), { sampleRate, length } = original;
      const samples = original.getChannelData(0);
      const put = (n, own) => {
        const buffer = new AudioBuffer({ length, sampleRate });
        buffer.copyToChannel(own, 0);
        player.decoded.set(outputs[n].sound, buffer);
      };
      put(1, samples.map(v => v / 1000));
      put(2, new Float32Array(length).fill(1e-6).fill(0.5, 100, 101));  // a click in near silence
      player.levels = null;
      return outputs.slice(0, 3).map(o => player.loudness(o.sound) * rms(player.buffer(o.sound)));
    }""")
    assert found[1] == pytest.approx(found[0], rel=1e-3)
    assert found[0] == pytest.approx(page.evaluate("rms(player.buffer(player.reference))"))
    assert found[2] < 0.5 * found[0]
    page.keyboard.press("1")
    assert "as loud" not in page.locator("#now").inner_text()
    page.keyboard.press("2")
    assert "cannot be made as loud as the original" in page.locator("#now").inner_text()
    for n, said in (("1", "same loudness: yes"), ("2", "same loudness: no")):
        page.get_by_label("B", exact=True).select_option(n)
        page.get_by_label("trials").fill("5")
        page.get_by_role("button", name="Start").click()
        for _ in range(5):
            page.keyboard.press("1")
        assert said in page.locator("#abx-text").input_value()
        page.get_by_role("button", name="Another test").click()


def test_spectrograms_show_where_a_tone_lies(page):
    """A tone of 2 kHz, by the page's own transform and picture: brightest at a quarter of 8 kHz, 0 dB at full scale."""
    found = page.evaluate("""() => {
      const buffer = new AudioBuffer({ length: 16000, sampleRate: 16000 });
      buffer.copyToChannel(Float32Array.from({ length: 16000 }, (_, n) => Math.sin(2 * Math.PI * 2000 * n / 16000)), 0);
      const { dB, bins } = spectra(buffer, 10), column = [...dB.slice(5 * bins, 6 * bins)];
      return [bins, column.indexOf(Math.max(...column)), Math.max(...column)];
    }""")
    assert found == [257, 64, pytest.approx(0, abs=0.01)]
    assert "wave:good" not in page.get_by_role("img").first.get_attribute("aria-label")
    page.keyboard.press("1")
    assert "Spectrogram of wave:good, 0 to 8000 Hz" in page.locator("#spectrogram-output").get_attribute("aria-label")
    light = page.evaluate("""[...document.querySelectorAll("canvas")].map(c =>
      c.getContext("2d").getImageData(0, 0, c.width, c.height).data.reduce((sum, v) => sum + v, 0))""")
    assert light[0] != light[1]
    box = page.locator("#spectrogram-output").bounding_box()
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 5)
    assert page.evaluate("player.position") == pytest.approx(2.0, abs=0.02)


def test_the_blind_test_to_its_end_by_ear_and_by_key(page):
    page.get_by_label("B", exact=True).select_option(label="wave:plain")
    page.get_by_label("trials").fill("6")
    page.get_by_role("button", name="Start").click()
    names = {"original": "1", "wave:plain": "2"}
    for trial in range(6):
        assert (
            page.locator("#abx-count")
            .inner_text()
            .startswith(f"Trial {trial + 1} of 6: A is original, B is wave:plain")
        )
        page.keyboard.press("x")
        assert page.locator("#now").inner_text() == "You hear X."
        assert not page.locator("#outputs").is_visible() and not page.locator("#pictures").is_visible()
        x = heard(page)[0]
        if trial == 0:
            page.keyboard.press("b")
            assert heard(page)[0] == "wave:plain"
            page.get_by_role("button", name="Hear A").click()
            assert heard(page)[0] == "original"
        said = names[x] if trial else {"1": "2", "2": "1"}[names[x]]  # one wrong answer
        for _ in range(2):  # a key that is held repeats itself, and is one answer
            page.keyboard.down(said)
        page.keyboard.up(said)
    assert page.locator("#abx-verdict").inner_text() == (
        "5 of 6 right, p = 0.109: that is no evidence of a difference you can hear."
    )
    text = page.locator("#abx-text").input_value()
    assert "ABX: 5 of 6 right, one-sided binomial p = 0.109" in text
    assert "A: original" in text and "B: wave:plain, 6.12 kbit/s" in text and "run: run-1" in text
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    until(page, "document.getElementById('abx-copied').textContent === 'copied'")
    assert page.evaluate("navigator.clipboard.readText()") == text
    assert page.locator("#outputs").is_visible()
    page.keyboard.press("2")  # the page can be used again, and the result stays
    assert page.get_by_role("radio", name="wave:plain").is_checked() and page.locator("#abx-text").is_visible()
    page.get_by_role("button", name="Another test").click()
    assert page.locator("#outputs").is_visible() and page.get_by_role("button", name="Start").is_visible()


def test_the_p_value_is_the_binomial_tail_and_the_coin_is_fair(page):
    cases = [[right, n] for n in (5, 16, 100) for right in range(n + 1)]
    found = page.evaluate("cases => cases.map(([right, n]) => binomialTail(right, n))", cases)
    exact = [sum(math.comb(n, k) for k in range(right, n + 1)) / 2**n for right, n in cases]
    assert found == pytest.approx(exact, rel=1e-9)
    heads = page.evaluate("Array.from({ length: 4000 }, coin).filter(c => c === 'a').length")
    assert abs(heads - 2000) < 190  # six standard deviations


def test_a_test_of_a_recording_against_itself_is_refused(page):
    page.get_by_label("B", exact=True).select_option(label="original")
    page.get_by_role("button", name="Start").click()
    assert "two different recordings" in page.locator("#now").inner_text()
    assert page.locator("#outputs").is_visible()


def test_nothing_sticks_out_of_a_phone(browser, path):
    page = browser.new_page(viewport={"width": 375, "height": 800})
    page.goto(path.as_uri())
    until(page, "document.body.dataset.ready")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.close()


def test_without_its_script_the_page_says_so_and_shows_nothing_that_does_nothing(browser, path):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(path.as_uri())
    assert "needs its own script" in page.content() and page.get_by_text("About this page").is_visible()
    for kind in ("button", "combobox", "slider", "checkbox", "table"):
        assert page.get_by_role(kind).count() == 0, kind
    page.context.close()
