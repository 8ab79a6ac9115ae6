"""Slaves of libmodbus (C, by others) on one line. Each has a pseudo terminal of its own and hears only what is for it: one
that hears a request to another waits for the answer to it, and never gets over one that does not come.

The argument is JSON, [{"id": 1, "holding": [...], "input": [...]}], registers from 0. Prints the master's device file.
"""

import ctypes
import json
import os
import select
import sys
import threading
import tty


class Mapping(ctypes.Structure):
    _fields_ = [(f"count_{i}", ctypes.c_int) for i in range(8)] + [
        ("bits", ctypes.POINTER(ctypes.c_uint8)),
        ("input_bits", ctypes.POINTER(ctypes.c_uint8)),
        ("input", ctypes.POINTER(ctypes.c_uint16)),
        ("holding", ctypes.POINTER(ctypes.c_uint16)),
    ]


modbus = ctypes.CDLL("libmodbus.so.5")
modbus.modbus_new_rtu.restype = ctypes.c_void_p
modbus.modbus_mapping_new.restype = ctypes.POINTER(Mapping)


def serve(context, mapping):
    request = (ctypes.c_uint8 * 260)()
    while True:
        length = modbus.modbus_receive(context, request)
        if length > 0:  # -1: not to be understood
            modbus.modbus_reply(context, request, length, mapping)


def open_terminal():
    here, there = os.openpty()
    tty.setraw(there)  # stays open, so that the line does not hang up between two users
    return here, os.ttyname(there)


def start(slave):
    here, path = open_terminal()
    context = ctypes.c_void_p(modbus.modbus_new_rtu(path.encode(), 9600, ctypes.c_char(b"N"), 8, 1))
    modbus.modbus_set_slave(context, slave["id"])
    if modbus.modbus_connect(context) != 0:
        sys.exit(f"libmodbus cannot open {path}")
    mapping = modbus.modbus_mapping_new(0, 0, len(slave["holding"]), len(slave["input"]))
    for table in ("holding", "input"):
        for register, value in enumerate(slave[table]):
            getattr(mapping.contents, table)[register] = value
    threading.Thread(target=serve, args=(context, mapping), daemon=True).start()
    return here


slaves = {slave["id"]: start(slave) for slave in json.loads(sys.argv[1])}
master, device = open_terminal()
print(device, flush=True)
while True:
    ready, _, _ = select.select([master, *slaves.values()], [], [])
    for fd in ready:
        data = os.read(fd, 1024)
        target = slaves.get(data[0]) if fd == master else master
        if target is not None:
            os.write(target, data)
