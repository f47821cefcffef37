"""What a run costs as the store grows, in entries that are kept.

    python3 benches/whole/growth.py [--sources 20000] [--each 25,250] [--gleaner FILE] [--fill FILE]

Gleaner follows the pages of pages.py until all are known. Then each source is given older entries (`benches/growth.rs`, which
goes through the store) until it has as many as `--each` says, and before and after these runs are measured:

    idle     nothing is due
    304      all is due, nothing changed, and entity tags say so
    grown    all is due, and one page in a hundred has an entry more

Printed are processor time (user and system) for each source, peak of memory, time to the first request, and what the state folder
takes. Five million entries take some 25 GB of disk. Without --gleaner and --fill they are built.
"""

import argparse
import pathlib
import shutil
import subprocess
import tempfile
import time

import run


def build(*what):
    command = ["cargo", "build", "--release", "--locked", "--message-format", "json", *what]
    lines = subprocess.run(command, cwd=run.ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return next(line.split('"executable":"')[1].split('"')[0] for line in reversed(lines) if '"executable":"' in line)


def first_request(gleaner, server):
    """Milliseconds from start to the first request, and what the run cost."""
    server.ask("reset")
    begun = time.monotonic()
    used = gleaner.run()
    return (float(server.ask("first")) - begun) * 1000, used


def measured(gleaner, count, server):
    """Rows of a table: what the store has, and what runs cost."""
    # Pages are as they were again, and what was changed from outside is published once.
    gleaner.run()
    idle = run.measure(gleaner.command(), gleaner.folder)
    first, unchanged = first_request(gleaner, server)
    server.ask("grow")
    grown = gleaner.run()
    server.ask("reset")
    for name, (cpu, wall, peak) in [("idle", idle), ("304", unchanged), ("grown", grown)]:
        print(f"{name:8}{cpu / count * 1000:15.3f}{wall:9.2f}{peak:10.0f}", flush=True)
    print(f"first request after {first:.0f} ms; the state folder takes {size(gleaner.folder / 'state'):.1f} GiB, "
          f"the index of it {size(gleaner.folder / 'state' / 'db'):.1f}", flush=True)


def size(folder):
    """GiB, without the pages that are kept."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and "pages" not in path.parts) / 2**30


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--sources", type=int, default=20000)
    options.add_argument("--each", default="25,250")
    options.add_argument("--gleaner")
    options.add_argument("--fill")
    options = options.parse_args()
    program = pathlib.Path(options.gleaner or build("--bin", "gleaner")).resolve()
    fill = pathlib.Path(options.fill or build("--bench", "growth")).resolve()
    each = [int(number) for number in options.each.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        server = run.Server(folder)
        try:
            (folder / "runs").mkdir()
            gleaner = run.Gleaner(program, folder / "runs", server)
            gleaner.begin("etag", options.sources, f"keep_entries = {max(each)}")
            gleaner.run()
            for number in [None, *each]:
                if number is not None:
                    state, filled = gleaner.folder / "state", gleaner.folder / "filled"
                    subprocess.run([fill, "fill", state, filled, str(number)], check=True)
                    shutil.rmtree(state)
                    filled.rename(state)
                print(f"\n{number or 'about 11'} entries for each of {options.sources} sources\n"
                      f"{'run':8}{'CPU ms/source':>15}{'wall s':>9}{'peak MiB':>10}", flush=True)
                measured(gleaner, options.sources, server)
        finally:
            server.process.kill()
            server.process.wait()


if __name__ == "__main__":
    main()
