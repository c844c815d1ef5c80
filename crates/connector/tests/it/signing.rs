//! Signatures of an RSA key against those that OpenSSL made; the recorded HMAC ones are with the fixtures.

use windvane_connector::{Credentials, Secret};

/// A key made for this test with OpenSSL, known to the whole world and to no venue.
const PKCS8: &str = include_str!("../payloads/rsa/private.txt");
/// `openssl dgst -sha256 -sign` over `1700000000000testKey0000000000015000category=linear&symbol=BTCUSDT`.
const REST: &[&str] = &[
    "Elxts8SMiDxmBS6w6C0U0h+5rb9K1EGwewd2fRRbnXM0ncHkxFpUzi9L4iYcCx6tq44X6lzi3nj8/Ye23oszk46fP0KcypB08vlU2RO2UwV61y",
    "hYN/MBZcehvWhjvliBwts47uNl41/eySwdbvWIfabQ1tAmo6ZYIc1JE1y7bGyefuVeOjyr0DwjeyX84ngtYGXu+Y6LwYFaL0wE302n21z0RlSt",
    "DfuWGSjHfZAOAB8cpWyX/u78HSE2BuDHTBT5koOv6LtFGVziQg2j1hSSYh2CPliRRedsLT4r2Zk7ftK5Rx/sSX/GB5W/v/NTEBHutB2BK9P8ky",
    "Pvew8SCfWz8w==",
];
/// The same over `GET/realtime1700000005000`.
const LOGIN: &[&str] = &[
    "ly+01Y6Y/mmcfnB3Bz5FzZJvMtQjH9xyrRq82y1Ol/ihZqIVmGoOu22+vkGcfR1Yvi9GHjCr3iUNUjneAVYF0Dn8gYweqShdeYalbZVy8XfZ1h",
    "Ug/RpuMw55nSIROdcEsxY2DS+j9OIpg6b6AZJUS6IDpAwwy4/DTSgopfBRGSKwTnmndx/Sel0JNmxjAU19U4wNXlCIJ46b0XMQK6A6HaYAO630",
    "ABL3Md4MxCCxPF8bodRqTS8YyYklxViIJodHYd9GEu9Jtg7ZjnJma0MEEx2YF35iar/pPQp347TBQbWQ5f+6435BoTXuPu4SLz5AKHdN3poauV",
    "DfSZKtiE7y4g==",
];

#[test]
fn an_rsa_key_signs_as_openssl_does() {
    let kind = "PRIVATE KEY";
    let pem = format!("-----BEGIN {kind}-----\n{PKCS8}-----END {kind}-----\n");
    let credentials = Credentials::new("testKey000000000001".to_owned(), Secret::new(pem)).unwrap();
    let rest = credentials.sign_rest("1700000000000", "5000", "category=linear&symbol=BTCUSDT");
    assert_eq!(rest.as_str(), REST.concat());
    assert_eq!(credentials.sign_login("1700000005000").as_str(), LOGIN.concat());
    assert_eq!(credentials.kind(), "RSA-SHA256");
    assert_eq!(format!("{credentials:?} {rest:?}"), "Credentials(***) ***");
}
