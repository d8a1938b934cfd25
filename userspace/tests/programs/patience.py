# SPDX-License-Identifier: Apache-2.0
"""patience - a pytest plugin for tests that sleep where they should wait

They give another thread 50 ms and then expect it to be done, which a busy machine
does not always manage, natively or through AvA: each sleep is twenty times as long.
"""
import time

FACTOR = 20
_sleep = time.sleep


def _patient_sleep(seconds):
    _sleep(FACTOR * seconds)


time.sleep = _patient_sleep
