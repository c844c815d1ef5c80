//! Signatures of an RSA key against those that OpenSSL made; the recorded HMAC ones are with the fixtures.

use windvane_connector::{Credentials, Secret};

/// A key made for this test with OpenSSL, known to the whole world and to no venue.
const PKCS8: &[&str] = &[
    "MIIEvwIBADANBgkqhkiG9w0BAQEFAASCBKkwggSlAgEAAoIBAQDKqy9YdM1CKLQMyjtoys6ZYSNcpoceRDQVOxnJjbmohx7ft/dM5sMh6fDtEH",
    "n8n4UL64PE33mk44QlSftJMDUPTRneklrccmtklBiRPPKLUzpoUPrIuSOn5Tj8wV8V1euZLqigrVY7zRwNzOLCkdpsO1FrAqmM7KUC0sJO6Wdq",
    "22WSZBFc4YBmNwOlilJhB5ELcQ5pnHlVF2KK2DWFFgFGHDrruXVJnlLp4QZPl0fnzn+vzqqqmLpmSGlC55V1i0kc7XIqdyhST6Nk4lEly8nblI",
    "9zOCm+/6CRZTsDKIuoKKbHB8oxEO/EPFf6CUckHUOC/zSQbb1/ey658UFtzv7LAgMBAAECggEAAitFpqW0kkVLQAPK3pRx4TRbI4e1h7GYX4D/",
    "BdtnDEWxIxkEVyXB56zQSXxuqDFKd2+Xozv2px9RCVeHjlrEuc6Y1nssgivhuFumM6lT7M40OgX72SAaIJbhPqgQwEDgDgcKaPkFJKWAuMKwZP",
    "9/BFke+VoEiuyRce+wteJLm0CLwtQtC6tlrzIyi83Z2KJNamz8q1DGD1Qsme1OgJ+P3i0QUZ8iR6ErW6HSyagXJMwBFp2UyoqkWBPCKx2YJjot",
    "RVe8QWgHFUJLHB/fYS1md63M21TR4r0YEk2R/OU9m533s1gr4PtEkn8rHSYPnMHQhj30Sb5S2bUb03G4ybC/uQKBgQD7j1VJNnXcMTvDTDIPp2",
    "/vNbRV8zABtk3QYSzrquC5xMz6SPv1dzyjADhxB6c0KUtSrdbsffaJAKK6UGmbH8roZsn5SAwDMrdV50Ye8Bb/AwmKBDRouhcx4QSVKjZwbD9Q",
    "BdbYhvFw4577S8k5YvSxTnxMlF4WnFQhEy3tZQbJdwKBgQDOPvArQ2J17ez3D0EHflZthbtMiSsSMLIXawjuxyHm4UCeVSAUv60rpFF9mc/P+K",
    "MLWVHRi/STPguks10IV60kz3dYpB8yFdJrabA7dlDX4idna6D7ppp30I3MuxRgj1sZGrtpGsbSQLNB2RvJ3GBiTGz1rCAUFEtbaQbWsbhKTQKB",
    "gQCE1ElXUD9plkGVPO2OIH5VVAk1/SQTM1zhM/6RLfhdfxIw8krAcUZ+V0Z2QHFEdK2GKa67z0NXUhOax40L0PzGPEhXrXhSU/xEissW2PV7j/",
    "IAg3nc9q36s3NFBDYcpLvFmF+6k353emlfDcRh3eOQn/24Pft0evVdRZBRsq+jvwKBgQCgyLoM0CxrCT/J3u9wOxJ/sVixsuGL/cBotz2wgDcy",
    "uXnZtT0cT81dj20kAIvcctYQm+JH/NZ/D0iebmHhhhBp+P7ucIwNTKvMpwkHYhZmJl1Xp7VJWblkHIbfCx04pal8KbXem0xSTrQwamPae138Y9",
    "4xq60aWjPhIEB/kO69pQKBgQDJVx0C/S3KqVJ89s8mYeGYb0uLfvX0wDtQlVuyXS2YFuUCEN61t8F/S9UFYV/vZeLIvb3WdWdM/TDpO6EtOGzJ",
    "/HlulCDGr+Wh36LeYnx6RsjZ2V64TahMG8fT6AG+YIQZiwpgQ6zArpHyc2nCJHdMIyTGIWlQuZLNQaPHlw0KRw==",
];
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
    let pem = format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", PKCS8.join("\n"));
    let credentials = Credentials::new("testKey000000000001".to_owned(), Secret::new(pem)).unwrap();
    let rest = credentials.sign_rest("1700000000000", "5000", "category=linear&symbol=BTCUSDT");
    assert_eq!(rest.as_str(), REST.concat());
    assert_eq!(credentials.sign_login("1700000005000").as_str(), LOGIN.concat());
    assert_eq!(credentials.kind(), "RSA-SHA256");
    assert_eq!(format!("{credentials:?} {rest:?}"), "Credentials(***) ***");
}
