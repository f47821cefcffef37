//! Addresses → whether a request may go there. Pure.
//!
//! A page decides where its redirects lead, so a page could ask for the router's login or a cloud's metadata.
//! Only public addresses are asked, checked after the name is resolved and at each redirect, unless the source
//! says `allow_private = true`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use url::{Host, Url};

/// Which addresses of the inside a source may ask.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Inside {
    /// None.
    #[default]
    Refused,
    /// Those of these networks.
    Networks(Vec<IpNet>),
    /// All.
    Allowed,
}

impl Inside {
    /// Whether an address may be asked.
    pub fn allows(&self, address: IpAddr) -> bool {
        match self {
            Self::Allowed => true,
            Self::Refused => is_public(address),
            Self::Networks(networks) => {
                let mapped = address.to_canonical();
                is_public(address) || networks.iter().any(|net| net.contains(&mapped))
            }
        }
    }
}

/// What every refusal ends with.
pub const HOW_TO_ALLOW: &str =
    "requests to inside are refused unless `allow_private = true` stands in its source or in `[defaults]`";

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
pub fn refusal(url: &Url, inside: &Inside) -> Option<String> {
    if let Some(port) = url.port().filter(|port| BAD_PORTS.contains(port)) {
        return Some(format!("port {port} is not one of the web's"));
    }
    let literal = match url.host() {
        None => return Some(format!("`{}` has no host", url.scheme())),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            let is_here = name == "localhost" || name.ends_with(".localhost");
            return (is_here && !inside.allows(Ipv4Addr::LOCALHOST.into()))
                .then(|| format!("`{name}` is this machine itself, and {HOW_TO_ALLOW}"));
        }
        Some(Host::Ipv4(v4)) => IpAddr::V4(v4),
        Some(Host::Ipv6(v6)) => IpAddr::V6(v6),
    };
    (!inside.allows(literal)).then(|| format!("{literal} is not a public address, and {HOW_TO_ALLOW}"))
}

/// Ports of other services, that a request must not be led to speak to (WHATWG Fetch, "bad port").
const BAD_PORTS: &[u16] = &[
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103,
    104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514,
    515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723,
    2049, 3659, 4045, 4190, 5060, 5061, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
    11211,
];

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
            assert!(refusal(&Url::parse(url).unwrap(), &Inside::Refused).is_some(), "{url}");
        }
    }

    #[test]
    fn a_network_that_is_allowed_opens_no_other() {
        let inside = Inside::Networks(vec!["192.168.1.0/24".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        for (url, is_allowed) in [
            ("http://192.168.1.7/", true),
            ("http://[::ffff:192.168.1.7]/", true),
            ("http://192.168.2.7/", false),
            ("http://[fd00::1]/", true),
            ("http://[fe80::1]/", false),
            ("http://localhost/", false),
            ("http://1.1.1.1/", true),
        ] {
            assert_eq!(refusal(&Url::parse(url).unwrap(), &inside).is_none(), is_allowed, "{url}");
        }
    }

    #[test]
    fn other_services_are_not_spoken_to() {
        for port in [0, 22, 25, 6379] {
            let url = Url::parse(&format!("http://site.example:{port}/")).unwrap();
            assert!(refusal(&url, &Inside::Allowed).is_some(), "{port}");
        }
    }

    proptest::proptest! {
        #[test]
        fn an_address_inside_another_is_no_way_in(bits: u32) {
            let inner = Ipv4Addr::from(bits);
            let [a, b, c, d] = inner.octets();
            let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            for outer in [
                Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
            ] {
                proptest::prop_assert_eq!(is_public(outer.into()), is_public(inner.into()), "{}", outer);
            }
        }
    }

    #[test]
    fn outside_is_not_refused() {
        for url in
            ["http://1.1.1.1/", "https://site.example/", "http://[2606:4700::1111]/", "http://172.32.0.1/"]
        {
            assert_eq!(refusal(&Url::parse(url).unwrap(), &Inside::Refused), None, "{url}");
        }
    }
}
