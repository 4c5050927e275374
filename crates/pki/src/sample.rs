//! The sample federation of `certs-dev/`, kept in the program so that it runs from any folder.

macro_rules! certs_dev {
    ($path:literal) => {
        include_str!(concat!("../../../certs-dev/", $path))
    };
}

/// `federation.toml`.
pub(crate) const FEDERATION: &str = certs_dev!("federation.toml");

/// The agreements that it names, by identifier.
pub(crate) const AGREEMENTS: &[(&str, &str)] = &[
    ("northeast", certs_dev!("agreements/northeast.toml")),
    ("capital-ring", certs_dev!("agreements/capital-ring.toml")),
    ("northwest", certs_dev!("agreements/northwest.toml")),
    ("pan-southwest", certs_dev!("agreements/pan-southwest.toml")),
    ("su-zhe-wan-hu", certs_dev!("agreements/su-zhe-wan-hu.toml")),
    ("central-five", certs_dev!("agreements/central-five.toml")),
    ("pan-pearl-river", certs_dev!("agreements/pan-pearl-river.toml")),
    ("hunan-guangdong", certs_dev!("agreements/hunan-guangdong.toml")),
    ("food-drug-provinces", certs_dev!("agreements/food-drug-provinces.toml")),
    ("national-food-drug", certs_dev!("agreements/national-food-drug.toml")),
    ("china-laos", certs_dev!("agreements/china-laos.toml")),
    ("national-pursuit", certs_dev!("agreements/national-pursuit.toml")),
    ("foreign-channel", certs_dev!("agreements/foreign-channel.toml")),
];
