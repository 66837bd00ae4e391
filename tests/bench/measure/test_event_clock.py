"""The clock of a GPU against a simulated device whose every duration is known."""

from types import SimpleNamespace

import pytest

from bench.measure import clock, event_clock
from bench.measure.event_clock import EventClock
from bench.measure.gpu import Clocks, Gpu, NoGpu, ordinal, text
from bench.plan import Plan
from bench.runner import Runner, Turn
from bench.worker import Session

COLD, HOT, FLUSH, LAUNCH, LAUNCH_OF_FLUSH, LOADING = 9_000, 5_000, 12_000, 59_000, 3_000, 2_000_000  # ns


class Device:
    """A stream that works through what it is given, and a host whose time passes only where this says so."""

    def __init__(self):
        self.now = 0  # the host's clock
        self.free = 0  # when the stream has done all that it was given
        self.cached = False
        self.flushed = 0
        self.held = []  # what holds the clocks down, a word a reading
        self.energy = 0
        self.streams = 7

    def enqueue(self, duration):
        self.free = max(self.free, self.now) + duration
        self.energy += duration

    def kernel(self):
        """Takes the host LAUNCH to launch; shorter where its input is still in the cache."""
        self.now += LAUNCH
        self.enqueue(HOT if self.cached else COLD)
        self.cached = True

    def event(self):
        return {}

    def record(self, event, stream):
        assert stream == self.streams
        self.enqueue(0)
        event["at"] = self.free

    def elapsed_ns(self, start, end):
        self.now = max(self.now, end["at"])
        return end["at"] - start["at"]

    def flush(self, stream, times=1):
        for _ in range(times):  # the first of a process loads its kernel
            self.now += LAUNCH_OF_FLUSH if self.flushed else LOADING
            self.flushed += 1
            self.enqueue(FLUSH)
        self.cached = False

    def synchronize(self):
        self.now = max(self.now, self.free)

    def clocks(self):
        return Clocks(1980, self.held.pop(0) if self.held else "")

    def millijoules(self):
        return self.energy // 1_000_000

    def busy_percent(self):
        return 97

    def own_bytes(self):
        return 50000


@pytest.fixture
def device(monkeypatch):
    made = Device()

    def read():
        made.now += 10
        return made.now

    for module in (clock, event_clock):
        monkeypatch.setattr(module, "perf_counter_ns", read)
    return made


@pytest.fixture
def warm(device):
    made = EventClock(device, 7)
    made.warm_up(device.kernel, ())
    return made


def test_a_cold_sample_is_the_kernel_alone_though_launching_takes_longer(device, warm):
    assert warm.flushes * (FLUSH - LAUNCH_OF_FLUSH) >= LAUNCH  # the stream is busy until the launch is done
    samples = warm.turn(device.kernel, (), 1, 0.0, 1_000_000)
    assert len(samples) > 3
    assert set(samples) == {COLD}


def test_the_result_is_let_go_after_the_time_is_taken(device, warm):
    class Result:
        def __del__(self):  # of memory that the driver frees when the device has done with it
            device.synchronize()
            device.now += 700_000

    def run():
        device.kernel()
        return Result()

    assert set(warm.turn(run, (), 1, 0.0, 5_000_000)) == {COLD}
    assert max(warm.figures(run, (), 5_000_000)["hot_ns"]) <= LAUNCH + COLD


def test_with_too_short_a_flush_the_launch_would_be_measured(device, warm):
    warm.flushes = 1
    assert min(warm.turn(device.kernel, (), 1, 0.0, 200_000)) > COLD


def test_hot_samples_are_of_many_calls_and_the_hosts_clock_stands_beside(device, warm):
    device.now = device.free = 10**9
    found = warm.figures(device.kernel, (), 5_000_000)
    assert found["hot_loops"] >= 3
    assert min(found["hot_ns"]) >= HOT  # launching is the limit here, and a hot loop shows it
    assert max(found["hot_ns"]) <= LAUNCH + COLD
    assert all(h == pytest.approx(LAUNCH + HOT, abs=100) for h in found["host_ns"][1:])
    assert found["driver_bytes"] == 50000
    assert (found["busy_percent"], found["discarded"], found["held_by"]) == (97, 0, "")
    assert "CUDA events" in found["timing"]


def test_hot_calls_that_launch_quickly_show_the_kernel(device, warm):
    def quick():
        device.enqueue(HOT if device.cached else COLD)
        device.cached = True

    assert min(warm.figures(quick, (), 1_000_000)["hot_ns"]) == pytest.approx(HOT, rel=0.01)


@pytest.mark.parametrize("every_ms", [20, 100])
def test_power_is_from_one_move_of_the_counter_of_energy_to_another(device, warm, monkeypatch, every_ms):
    """Of 700 W; a turn is shorter than the counter's period, and calls may be longer."""
    monkeypatch.setattr(device, "millijoules", lambda: device.now // (every_ms * 1_000_000) * every_ms * 700)
    assert warm.figures(device.kernel, (), 25_000_000)["power_w"] == pytest.approx(700, rel=0.03)

    def slow():
        device.enqueue(30_000_000)

    def slower():
        device.enqueue(130_000_000)

    for calls in (slow, slower):
        assert warm.figures(calls, (), 25_000_000)["power_w"] == pytest.approx(700, rel=0.1)


@pytest.mark.parametrize("told", [0, 5, None])
def test_no_power_is_told_where_the_counter_of_energy_stands_still(device, warm, monkeypatch, told):
    monkeypatch.setattr(device, "millijoules", lambda: told)
    before = device.now
    assert warm.figures(device.kernel, (), 1_000_000)["power_w"] is None
    assert device.now < before + 600_000_000


def test_samples_under_throttling_are_discarded_and_counted(device, warm):
    first = warm.turn(device.kernel, (), 1, 0.0, 500_000)
    device.held = ["", "its power cap"]
    assert warm.turn(device.kernel, (), 1, 0.0, 500_000) == []
    device.held = ["heat (hardware)", ""]
    assert warm.turn(device.kernel, (), 1, 0.0, 500_000) == []
    found = warm.figures(device.kernel, (), 1000)
    assert found["discarded"] == pytest.approx(2 * len(first), abs=2)
    assert found["held_by"] == "heat (hardware)"
    assert found["sm_mhz"] == [1980]


def test_without_a_stream_the_host_waits_for_the_device(device):
    device.streams = 0  # what empties the cache
    whole = EventClock(device, None)
    device.kernel()
    samples = whole.turn(device.kernel, (), 1, 0.0, 500_000)
    assert samples == [pytest.approx(LAUNCH + COLD, abs=100)] * len(samples)
    assert "the host's clock" in whole.how


def test_without_a_stream_hot_calls_are_waited_for(device, monkeypatch):
    monkeypatch.setattr(device, "record", lambda event, stream: event.update(at=device.now))  # on a stream that is idle

    def call():
        device.now += 1000
        device.enqueue(50_000)

    found = EventClock(device, None).figures(call, (), 1_000_000)
    assert min(found["hot_ns"]) >= 50_000 and found["hot_loops"] == 4
    assert "hot: the same" in found["timing"]


def test_the_stream_may_be_told_late(device):
    assert EventClock(device, lambda: 7).stream == 7


def turn(samples=(), rounds=(), discarded=0):
    names = "first_ns loops overhead_ns error flops bytes audio_seconds frame_seconds setup_ns version paced"
    facts = dict.fromkeys(names.split(), 0) | {"quality": {}, "wrong": ""}
    return Turn(facts, "", list(samples), list(rounds), extra={"discarded": discarded, "held_by": "its power cap"})


def test_a_row_of_which_all_was_discarded_says_so():
    runner = Runner.__new__(Runner)
    runner.plan = Plan([])
    figures = runner._figures(turn(discarded=40))
    assert figures["status"] == "unstable"
    assert "40 of 40 samples were discarded: its power cap held" in figures["reason"]
    steady = runner._figures(turn([5.0] * 12, [2] * 6, discarded=3))
    assert (steady["status"], steady["discarded"]) == ("ok", 3)


def test_what_nvml_does_not_tell_is_unknown():
    class Error(Exception):
        pass

    def refuse(*_):
        raise Error

    names = ("ClockInfo", "CurrentClocksThrottleReasons", "TotalEnergyConsumption", "UtilizationRates")
    gpu = Gpu.__new__(Gpu)
    gpu.nvml = SimpleNamespace(NVMLError=Error, NVML_CLOCK_SM=1, **{f"nvmlDeviceGet{name}": refuse for name in names})
    for gpu.handle in ("a slice of a device", None):
        assert (gpu.clocks(), gpu.millijoules(), gpu.busy_percent()) == (Clocks(0), None, None)
    gpu.handle, gpu.nvml.nvmlDeviceGetClockInfo = "a virtual device", lambda *_: 1980
    assert gpu.clocks() == Clocks(1980)
    gpu.nvml.nvmlDeviceGetCurrentClocksThrottleReasons = lambda handle: 0x44
    assert gpu.clocks() == Clocks(1980, "its power cap and heat (hardware)")


def test_a_name_ends_where_the_driver_ended_it():
    assert text(b"NVIDIA H200\0" + 88 * b" ") == "NVIDIA H200"
    assert text(b"0000:01:00.0\0") == "0000:01:00.0"


def test_devices_are_counted_from_zero():
    assert (ordinal("cuda"), ordinal("cuda:3")) == (0, 3)


def test_without_a_gpu_a_row_says_why(bench):
    try:
        Gpu()
    except NoGpu:
        answer = bench("run", "toy", "--impl", "on_gpu", "--grid", "quick", "--device", "cuda", "--json")
        assert answer.returncode == 0, answer.stderr
        assert "no CUDA device 0" in answer.stdout
        assert '"unavailable"' in answer.stdout
    else:
        pytest.skip("there is a GPU here")


def test_what_rivals_take_of_the_device_is_not_counted():
    """All are opened before one of them is asked for its figures, and the driver tells only what is free."""
    taken = [100]

    class Card(Gpu):
        def __init__(self):
            self.taken, self.seen = 0, self.used_bytes()

        def used_bytes(self):
            return sum(taken)

    class Taker(Session):
        def __init__(self):
            self.gpu = None

        def open(self, size):
            self.gpu = self.gpu or Card()
            taken.append(size)

        def finish(self):
            return self.gpu.own_bytes()

    one, other = Taker(), Taker()
    one.answer({"do": "open", "size": 30})
    other.answer({"do": "open", "size": 5000})
    one.answer({"do": "open", "size": 4})
    taken.append(-5000)  # the other's process has ended
    assert one.answer({"do": "finish"}) == 34
    taken.append(7)
    assert one.answer({"do": "finish"}) == 34


def test_a_broken_context_fails_only_where_it_is_used():
    def broken():
        raise RuntimeError("CUDA: CUDA_ERROR_ILLEGAL_ADDRESS")

    session = Session.__new__(Session)
    session.gpu = SimpleNamespace(wake=broken, rest=broken)
    assert session.answer({"do": "close"}) == {}
