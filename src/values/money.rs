//! Money: integer minor units and an ISO 4217 code, never a float (docs/RULES.md, P1–P3).

/// An ISO 4217 code such as `EUR`: three upper-case ASCII letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// The currencies of ISO 4217 that people pay with.
const CODES: &[u8] = b"\
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CLF CLP \
    CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR \
    IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK \
    MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS \
    SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XOF \
    XPF YER ZAR ZMW ZWG \
    ";

/// Which of the 26 x 26 x 26 codes there are, a bit each: every row that is read with an amount asks.
static KNOWN: [u64; (26 * 26 * 26_usize).div_ceil(64)] = {
    let (mut known, mut at) = ([0; (26 * 26 * 26_usize).div_ceil(64)], 0);
    while at + 3 < CODES.len() {
        let bit = place([CODES[at], CODES[at + 1], CODES[at + 2]]);
        known[bit / 64] |= 1 << (bit % 64);
        at += 4;
    }
    known
};

/// The number of three upper-case letters among all such codes.
const fn place(code: [u8; 3]) -> usize {
    ((code[0] - b'A') as usize * 26 + (code[1] - b'A') as usize) * 26 + (code[2] - b'A') as usize
}

impl Currency {
    /// Reads an ISO 4217 code in either case; letters that are no currency are refused.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let code: [u8; 3] = text.as_bytes().try_into().ok()?;
        let code = code.map(|letter| letter.to_ascii_uppercase());
        if !code.iter().all(u8::is_ascii_uppercase) {
            return None;
        }
        let bit = place(code);
        (KNOWN[bit / 64] >> (bit % 64) & 1 == 1).then_some(Self(code))
    }

    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// Decimal places of the minor unit: 0 for JPY, 2 for EUR, 3 for KWD (P3).
    #[must_use]
    pub fn exponent(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF" | b"UGX" | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF"
            | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            b"CLF" | b"UYW" => 4,
            _ => 2,
        }
    }
}

impl std::fmt::Display for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount in minor units (cents for EUR) of one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    pub minor: i64,
    pub currency: Currency,
}

impl Money {
    #[must_use]
    pub fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Reads a decimal such as `1,234.50` or `$90` into minor units: currency signs, spaces and thousands commas
    /// are dropped, a dot parts the decimals. Refuses more decimals than the currency has unless they are zeros,
    /// negative amounts and anything that does not fit.
    #[must_use]
    pub fn parse_decimal(text: &str, currency: Currency) -> Option<Self> {
        let digits: String = text.chars().filter(|c| !c.is_whitespace() && *c != ',' && !matches!(c, '$' | '€' | '£' | '¥')).collect();
        let (whole, decimals) = digits.split_once('.').unwrap_or((&digits, ""));
        let numeric = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !numeric(whole) || !numeric(decimals) {
            return None;
        }
        let places = currency.exponent() as usize;
        let (kept, rest) = decimals.split_at(decimals.len().min(places));
        if rest.bytes().any(|b| b != b'0') {
            return None;
        }
        format!("{whole}{kept:0<places$}").parse().ok().map(|minor| Self { minor, currency })
    }
}

impl std::fmt::Display for Money {
    /// Digits with the currency's decimals and its code: `1051.32 EUR`, `-0.05 USD`, `1200 JPY`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (places, sign) = (self.currency.exponent(), if self.minor < 0 { "-" } else { "" });
        let (digits, unit) = (self.minor.unsigned_abs(), 10_u64.pow(places));
        match places {
            0 => write!(f, "{sign}{digits} {}", self.currency),
            places => write!(f, "{sign}{}.{:0width$} {}", digits / unit, digits % unit, self.currency, width = places as usize),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_with_the_decimals_of_their_currency() {
        for (minor, code, text) in [(105_132, "EUR", "1051.32 EUR"), (-5, "USD", "-0.05 USD"), (1_200, "JPY", "1200 JPY"), (1_001, "KWD", "1.001 KWD")] {
            assert_eq!(Money::new(minor, Currency::parse(code).unwrap()).to_string(), text);
        }
        assert_eq!(Money::new(i64::MIN, Currency::parse("EUR").unwrap()).to_string(), "-92233720368547758.08 EUR");
    }

    #[test]
    fn decimals_become_minor_units() {
        let usd = Currency::parse("usd").unwrap();
        let jpy = Currency::parse("JPY").unwrap();
        let kwd = Currency::parse("KWD").unwrap();
        for (text, currency, minor) in [
            ("$1,234.00", usd, Some(123_400)),
            ("90", usd, Some(9_000)),
            ("0.5", usd, Some(50)),
            ("12.345", usd, None),
            ("12.340", usd, Some(1_234)),
            ("¥1,200", jpy, Some(1_200)),
            ("1200.00", jpy, Some(1_200)),
            ("1.234", kwd, Some(1_234)),
            ("", usd, None),
            ("-5", usd, None),
            ("abc", usd, None),
            (".5", usd, None),
            ("99999999999999999999", usd, None),
        ] {
            assert_eq!(Money::parse_decimal(text, currency).map(|m| m.minor), minor, "{text}");
        }
        assert_eq!(Currency::parse("EURO"), None);
        assert_eq!(Currency::parse("XXY"), None);
        assert_eq!(Currency::parse("XXX"), None);
        assert_eq!(Currency::parse("€"), None);
    }
}
