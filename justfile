# While working: the fast checks.
quick:
    cargo fmt --check
    cargo clippy --all-targets --locked -- -D warnings
    cargo test --locked --lib --test fixtures

# Before a commit: all that CI does.
ready:
    bash .ci/run

# How well upstream feeds are read: FOLDER holds the suites of feedparser and gofeed. Needs Python's feedparser.
feeds FOLDER:
    cargo bench --bench feeds --locked -- {{FOLDER}} | python3 benches/feeds.py {{FOLDER}} > docs/feeds.md
