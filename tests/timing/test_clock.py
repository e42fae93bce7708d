import gc

from adbench.timing import clock


def test_calibration_makes_a_sample_last_long_against_the_timer():
    calls = []
    loops = clock.calibrate(lambda: calls.append(None), single_call_s=1e-7)
    assert loops > 100  # one call of a list's append is some 50 ns, a sample 200 us at the least


def test_a_call_that_is_long_enough_is_not_repeated():
    calls = []
    assert clock.calibrate(lambda: calls.append(None), single_call_s=1.0) == 1
    assert calls == []


def test_a_sample_is_the_mean_over_its_loops(monkeypatch):
    now = iter([0, 6_000])
    monkeypatch.setattr(clock.time, "perf_counter_ns", lambda: next(now))
    assert clock.sample(lambda: None, loops=3) == 2e-6


def test_the_garbage_collector_is_off_during_samples_and_on_again_after_an_error():
    try:
        with clock.undisturbed():
            assert not gc.isenabled()
            raise KeyError
    except KeyError:
        assert gc.isenabled()
