//! A site of one page that can be changed, and stories to show on it.
#![allow(clippy::disallowed_methods)]

use std::sync::{Arc, Mutex};

use crate::network::{HTML, Server, answer};

/// Headlines, the newest first.
pub const STORIES: &[&str] = &[
    "Harbour opens its second pier",
    "Council votes on the ferry budget",
    "Night trains return in spring",
    "Three schools get new roofs",
    "Fishermen ask for a longer season",
    "Library keeps its Sunday hours",
    "Old mill becomes a museum",
    "Flood wall is finished early",
    "Choir sings at the town hall",
    "Coast guard rescues six sailors",
    "Bakery wins a prize for its rye bread",
    "Lighthouse gets another lamp",
];

/// A site whose page can be changed.
pub struct Site {
    pub server: Server,
    page: Arc<Mutex<String>>,
}

impl Site {
    pub fn new() -> Self {
        let page = Arc::new(Mutex::new(String::new()));
        let shown = Arc::clone(&page);
        let script = move |_: &str, stream: &mut std::net::TcpStream| {
            let page = shown.lock().expect("no test panics with it").clone();
            answer(stream, "200 OK", HTML, page.as_bytes());
        };
        Self { server: Server::start("127.0.0.1", Box::new(script)), page }
    }

    pub fn show(&self, page: String) {
        *self.page.lock().expect("no test panics with it") = page;
    }
}
