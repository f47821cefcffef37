# While working: the fast checks.
quick:
    cargo fmt --check
    cargo clippy --all-targets --locked -- -D warnings
    cargo test --locked --lib --test fixtures

# Before a commit: all that CI does.
ready:
    bash .ci/run
