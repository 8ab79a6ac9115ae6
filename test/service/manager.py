# Stands in for systemd: starts a program with a connected notification socket as OpenFile= gives it, and prints a line of
# JSON for each message: whether it came from the very process that was started, and what it said.
# manager.py WATCHDOG_USEC COMMAND ...
import json, os, signal, socket, struct, sys, tempfile

server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
folder = tempfile.TemporaryDirectory()
server.bind(folder.name + "/notify")

child = os.fork()
if child == 0:
    client = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    client.connect(folder.name + "/notify")
    os.dup2(client.fileno(), 4)
    os.dup2(os.open("/dev/null", os.O_RDONLY), 3)
    for descriptor in (3, 4):
        os.set_inheritable(descriptor, True)
    pid = str(os.getpid())
    os.environ.update(LISTEN_PID=pid, LISTEN_FDS="2", LISTEN_FDNAMES="other:notify", WATCHDOG_PID=pid, WATCHDOG_USEC=sys.argv[1])
    os.execvp(sys.argv[2], sys.argv[2:])

ended = []
def reap(*_):
    ended.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
signal.signal(signal.SIGCHLD, reap)
signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
server.settimeout(0.1)
while True:
    done = bool(ended)
    try:
        data, ancillary, _, _ = server.recvmsg(65536, 256)
    except TimeoutError:
        if done:
            break
        continue
    pid = struct.unpack("3i", ancillary[0][2])[0]
    print(json.dumps({"own": pid == child, "lines": data.decode().split("\n")}), flush=True)
sys.exit(ended[0])
