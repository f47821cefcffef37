//! Addresses → whether a request may go there. Pure.
//!
//! A page decides where its redirects lead, so a page could ask for the router's login or a cloud's metadata.
//! Only public addresses are asked, checked after the name is resolved and at each redirect, unless the source
//! says `allow_private = true`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Whether an address is on the public internet (IANA's special-purpose registries, RFC 6890 and successors).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_documentation()
        // Carrier-grade NAT (RFC 6598).
        || (a == 100 && (64..128).contains(&b))
        // IETF protocol assignments, and the 6to4 anycast relay.
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        // Benchmarking (RFC 2544).
        || (a == 198 && (b == 18 || b == 19))
        // Reserved (RFC 1112).
        || a >= 240)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = embedded_v4(address) {
        return is_public_v4(inner);
    }
    let [first, second, ..] = address.segments();
    let is_global_unicast = first & 0xe000 == 0x2000;
    is_global_unicast
        // Documentation (RFC 3849, RFC 9637) and benchmarking, Teredo and ORCHID.
        && !(first == 0x2001 && (second == 0x0db8 || second < 0x0200))
        && !(first == 0x3fff && second < 0x1000)
}

/// The IPv4 address inside a mapped, compatible, NAT64 or 6to4 address.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = address.segments();
    let low = Ipv4Addr::from((u32::from(s[6]) << 16) | u32::from(s[7]));
    match s {
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(low),
        [0, 0, 0, 0, 0, 0, high, _] if high != 0 => Some(low),
        // Local-use NAT64 (RFC 8215).
        [0x64, 0xff9b, 1, ..] => Some(Ipv4Addr::LOCALHOST),
        [0x2002, high, low, ..] => Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))),
        _ => None,
    }
}

/// Why an address may not be asked for as it is written, before any name is resolved; `None`: it may. `Url` has
/// already read `2130706433` and `0x7f.1` as the addresses they are.
pub fn refusal(url: &Url) -> Option<String> {
    let literal = match url.host() {
        None => return Some(format!("`{}` has no host", url.scheme())),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            return (name == "localhost" || name.ends_with(".localhost"))
                .then(|| format!("`{name}` is this machine itself"));
        }
        Some(Host::Ipv4(v4)) => IpAddr::V4(v4),
        Some(Host::Ipv6(v6)) => IpAddr::V6(v6),
    };
    (!is_public(literal)).then(|| format!("{literal} is not a public address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inside_is_refused_in_every_notation() {
        for url in [
            "http://127.0.0.1/",
            "http://localhost/",
            "http://localhost./",
            "http://a.localhost/",
            "http://[::1]/",
            "http://0.0.0.0/",
            "http://169.254.169.254/",
            "http://10.1.2.3/",
            "http://172.16.0.1/",
            "http://192.168.1.1/",
            "http://100.64.0.1/",
            "http://[fc00::1]/",
            "http://[fe80::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://017700000001/",
            "http://[2002:7f00:1::]/",
            "http://[::]/",
            "http://224.0.0.1/",
            "http://255.255.255.255/",
        ] {
            assert!(refusal(&Url::parse(url).unwrap()).is_some(), "{url}");
        }
    }

    #[test]
    fn outside_is_not_refused() {
        for url in
            ["http://1.1.1.1/", "https://site.example/", "http://[2606:4700::1111]/", "http://172.32.0.1/"]
        {
            assert_eq!(refusal(&Url::parse(url).unwrap()), None, "{url}");
        }
    }
}
