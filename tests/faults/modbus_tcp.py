# SPDX-License-Identifier: Apache-2.0
"""Rows of Modbus TCP."""
from rows import row


@row("M01", "a device gives no answer", "quality 24 `no answer`, device `silent`; `timeouts` count",
     "timeout x tries + 1 poll")
def no_answer(stand):
    stand.modbus()
    with stand.fault("never"):
        stand.bad(24, "no answer")


@row("M03", "an answer comes after its deadline (TCP)", "quality 24 `no answer`; the connection is given up",
     "timeout x tries + 1 poll")
def late_answer(stand):
    stand.modbus()
    with stand.fault("late"):
        stand.bad(24, "no answer")
