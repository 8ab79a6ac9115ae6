import sys
import cbor2
from paho.mqtt import subscribe

def on_message(client, userdata, message):
    frame = cbor2.loads(message.payload)
    time = frame["time"]
    for i, (index, dt, value) in enumerate(zip(frame["stream"], frame["dt"], frame["value"])):
        time += dt
        if type(value) is int and "scale" in frame:  # floats, text, bytes and booleans are as they are
            value /= 10 ** frame["scale"][index]
        print(frame["device"], frame["run"], frame["seq"] + i, time, frame["streams"][index], repr(value), flush=True)

host, port = sys.argv[1:] or ("localhost", 1883)
subscribe.callback(on_message, "tallywire/+/data", hostname=host, port=int(port))
