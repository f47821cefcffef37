"""What the whole program costs, beside rsspls, in turn on one machine.

    python3 benches/whole/run.py [--sizes 1,100,1000] [--passes 3] [--gleaner FILE] [--rsspls FILE]

Without --gleaner it is built for release, without --rsspls it is taken from the registry (`cargo install rsspls`, into
target/peers). Both read the same pages from the same server (pages.py), each with a store of its own, gleaner without robots.txt and
rests, which rsspls knows nothing of. Each pass goes through these runs, the two programs one after the other in each:

    cold        nothing is known
    304         nothing changed, and entity tags say so
    grown       one page in a hundred has an entry more
    plain cold  nothing is known; no page has validators
    same bytes  nothing changed, and only the bytes say so

Printed are processor time (user and system) for each source, time, peak of memory and feeds that are missing, as medians over the passes,
and the ratio of processor times, as the median of the ratios of each pair. Then what only gleaner does: from start to the first
request, and a joined feed over all sources.
"""

import argparse
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
RUNS = ["cold", "304", "grown", "plain cold", "same bytes"]


class Server:
    """The pages, from a process of its own."""

    def __init__(self, folder):
        self.file = folder / "port"
        self.process = subprocess.Popen([sys.executable, HERE / "pages.py", self.file])
        while not (self.file.exists() and self.file.read_text()):
            time.sleep(0.05)
        self.port = int(self.file.read_text())

    def url(self, kind, number):
        """Each source has a host of its own, as most have."""
        return f"http://127.9.{number // 250}.{number % 250 + 1}:{self.port}/{kind}/{number}/"

    def ask(self, path):
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall(f"GET /-/{path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
            return connection.recv(65536).split(b"\r\n\r\n")[1].decode()


def fresh(place):
    """A new folder. None is removed between runs: where many files were just removed, ext4 is slow to make others."""
    return pathlib.Path(tempfile.mkdtemp(dir=place))


def quote(text):
    return '"' + text.replace('"', '\\"') + '"'


class Gleaner:
    name = "gleaner"

    def __init__(self, program, folder, server):
        self.program, self.place, self.server = program, folder, server

    def begin(self, kind, count, more=""):
        self.folder = fresh(self.place)
        self.configure(kind, count, more)

    def configure(self, kind, count, more=""):
        lines = ["[defaults]", 'spacing = "0s"', "robots = false", "allow_private = true", more]
        for number in range(count):
            lines += [f"[source.s{number:05}]", f"url = {quote(self.server.url(kind, number))}", 'entry = "article.et_pb_post"',
                      'headline = "h2.entry-title a"', 'teaser = ".post-content-inner p"', 'date = { from = "teaser" }']
        (self.folder / "gleaner.toml").write_text("\n".join(lines) + "\n")

    def command(self, *more):
        return [self.program, "run", *more, "--config", self.folder / "gleaner.toml", "--state", self.folder / "state",
                "--output", self.folder / "feeds"]

    def run(self):
        return measure(self.command("--force"), self.folder)

    def feeds(self):
        return sum(1 for path in (self.folder / "feeds").glob("s*.atom") if path.stat().st_size > 500)


class Rsspls:
    name = "rsspls"

    def __init__(self, program, folder, server):
        self.program, self.place, self.server = program, folder, server

    def begin(self, kind, count):
        self.folder = fresh(self.place)
        (self.folder / "out").mkdir()
        lines = ["[rsspls]"]
        for number in range(count):
            lines += ["[[feed]]", f"title = {quote(f's{number:05}')}", f"filename = {quote(f's{number:05}.rss')}", "[feed.config]",
                      f"url = {quote(self.server.url(kind, number))}", 'item = "article.et_pb_post"', 'heading = "h2.entry-title a"',
                      'link = "h2.entry-title a"', 'summary = ".post-content-inner p"']
        (self.folder / "feeds.toml").write_text("\n".join(lines) + "\n")

    def run(self):
        return measure([self.program, "-c", self.folder / "feeds.toml", "-o", self.folder / "out"], self.folder)

    def feeds(self):
        return sum(1 for path in (self.folder / "out").glob("*.rss") if path.stat().st_size > 500)


def measure(command, folder):
    """Processor seconds, seconds, peak in MiB."""
    environment = os.environ | {"XDG_CACHE_HOME": str(folder / "cache"), "XDG_CONFIG_HOME": str(folder / "config"), "RUST_LOG": "error"}
    begun = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=open(folder / "errors", "w"))
    _, _, used = os.wait4(process.pid, 0)
    return used.ru_utime + used.ru_stime, time.monotonic() - begun, used.ru_maxrss / 1024


def one_pass(programs, count, server):
    """{run: {program: (cpu, wall, peak, lost)}}"""
    found = {run: {} for run in RUNS}

    def all_run(run):
        for program in programs:
            cpu, wall, peak = program.run()
            found[run][program.name] = (cpu, wall, peak, count - program.feeds())

    for program in programs:
        program.begin("etag", count)
    server.ask("reset")
    all_run("cold")
    all_run("304")
    server.ask("grow")
    all_run("grown")
    server.ask("reset")
    for program in programs:
        program.begin("plain", count)
    all_run("plain cold")
    all_run("same bytes")
    return found


def alone(gleaner, count, server):
    """Seconds to the first request of a run in which all is due, and of publishing a joined feed."""
    gleaner.begin("etag", count)
    gleaner.run()
    server.ask("reset")
    begun = time.monotonic()
    gleaner.run()
    first = float(server.ask("first")) - begun
    folder = gleaner.folder
    idle = min(measure(gleaner.command(), folder)[1] for _ in range(3))
    gleaner.configure("etag", count, '[feed.all]\ntitle = "All"\nsources = ["s*"]')
    _, wall, peak = measure(gleaner.command(), folder)
    return first, wall - idle, idle, peak


def median(values):
    return statistics.median(values)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--sizes", default="1,100,1000")
    options.add_argument("--passes", type=int, default=3)
    options.add_argument("--gleaner", type=pathlib.Path)
    options.add_argument("--rsspls", type=pathlib.Path)
    options.add_argument("--alone", action="store_true", help="gleaner without its peer")
    options = options.parse_args()
    gleaner, rsspls = options.gleaner, options.rsspls
    if gleaner is None:
        subprocess.run(["cargo", "build", "--release", "--locked"], cwd=ROOT, check=True)
        gleaner = ROOT / "target/release/gleaner"
    if rsspls is None and not options.alone:
        subprocess.run(["cargo", "install", "rsspls", "--locked", "--root", ROOT / "target/peers"], check=True)
        rsspls = ROOT / "target/peers/bin/rsspls"
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        server = Server(folder)
        runs = folder / "runs"
        try:
            programs = [Gleaner(gleaner.resolve(), runs, server)]
            if not options.alone:
                programs.append(Rsspls(rsspls.resolve(), runs, server))
            for count in map(int, options.sizes.split(",")):
                shutil.rmtree(runs, ignore_errors=True)
                runs.mkdir()
                # The one that goes first changes from pass to pass.
                passes = [one_pass(programs[::1 if turn % 2 else -1], count, server) for turn in range(options.passes)]
                print(f"\n{count} sources\n{'run':12}{'program':10}{'CPU ms/source':>15}{'wall s':>9}{'peak MiB':>10}{'lost':>7}{'ratio':>8}")
                for run in RUNS:
                    for program in programs:
                        cpu, wall, peak, lost = (median(column) for column in zip(*(one[run][program.name] for one in passes)))
                        ratio = ""
                        if program.name == "gleaner" and len(programs) > 1:
                            ratio = f"{median([one[run]['gleaner'][0] / max(one[run]['rsspls'][0], 0.001) for one in passes]):.2f}"
                        print(f"{run:12}{program.name:10}{cpu / count * 1000:15.3f}{wall:9.2f}{peak:10.0f}{lost:7.0f}{ratio:>8}", flush=True)
                first, joined, idle, peak = alone(programs[0], count, server)
                print(f"first request after {first * 1000:.0f} ms; nothing due {idle * 1000:.0f} ms; a joined feed of all takes "
                      f"{joined * 1000:.0f} ms more, peak {peak:.0f} MiB", flush=True)
        finally:
            server.process.kill()
            server.process.wait()


if __name__ == "__main__":
    main()
