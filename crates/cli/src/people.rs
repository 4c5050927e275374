//! Generated people, for the demo and the benchmark: none of them exists.
//!
//! Names are drawn from frequent surnames and given names. Identity numbers have the form and check character of
//! GB 11643-1999, but begin with 99, which GB/T 2260 gives to no region.

use concord_domain::Days;
use concord_domain::wanted::{
    Description, Identifier, IdentifierKind, NameKind, Notice, Offence, PersonName, Sex,
};

/// No region has this code.
const REGION: &str = "990000";

const SURNAMES: [&str; 32] = [
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何",
    "郭", "马", "罗", "梁", "宋", "郑", "谢", "韩", "唐", "冯", "于", "董", "萧", "程", "欧阳",
];
const GIVEN_FIRST: [&str; 32] = [
    "建", "国", "志", "明", "文", "海", "晓", "春", "玉", "秀", "金", "永", "家", "德", "庆", "立", "振",
    "俊", "子", "思", "雨", "宏", "少", "光", "正", "世", "景", "长", "新", "天", "云", "月",
];
const GIVEN_SECOND: [&str; 32] = [
    "华", "军", "强", "伟", "平", "刚", "辉", "斌", "涛", "超", "霞", "燕", "玲", "芳", "娟", "梅", "兰",
    "英", "凤", "洁", "龙", "鹏", "宇", "浩", "杰", "林", "峰", "波", "宁", "安", "山", "川",
];

/// One generated person.
#[derive(Clone)]
pub struct Person {
    number: u32,
    name: String,
    birth: String,
    sex: Sex,
    resident_id: String,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Person({})", self.number)
    }
}

impl Person {
    /// Every identity number below this is different; larger ones repeat.
    pub const COUNT_MAX: u32 = 12_000 * 499;

    /// The `n`-th person; always the same one.
    pub fn generated(n: u32) -> Self {
        let mut draw = Draw(u64::from(n));
        let name = [draw.of(&SURNAMES), draw.of(&GIVEN_FIRST), draw.of(&GIVEN_SECOND)].concat();
        let sex = if draw.below(2) == 0 { Sex::Female } else { Sex::Male };
        // Born from 1960 on, one of 12,000 days; the next person is born on the next day.
        let (year, month, day) = Days(-3652 + i64::from(n % 12_000)).to_civil();
        // Odd sequence numbers are for men, even ones for women.
        let sequence = n / 12_000 % 499 * 2 + u32::from(sex == Sex::Male);
        let body = format!("{REGION}{year:04}{month:02}{day:02}{sequence:03}");
        let resident_id = format!("{body}{}", check_character(&body));
        Self { number: n, name, birth: format!("{year:04}-{month:02}-{day:02}"), sex, resident_id }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The identity number.
    pub fn resident_id(&self) -> &str {
        &self.resident_id
    }

    /// The day of birth, as `1971-03-05`.
    pub fn birth(&self) -> &str {
        &self.birth
    }

    /// The number of the notice under which the person is sought.
    pub fn notice_number(&self) -> String {
        format!("T-{:07}", self.number)
    }

    /// The notice under which the person is sought.
    ///
    /// # Errors
    /// Never for generated content, whose every text is within its limit.
    pub fn notice(&self) -> anyhow::Result<Notice> {
        let text = |text: &str| text.to_owned();
        let notice = Notice {
            number: self.notice_number().parse()?,
            names: vec![PersonName::new(NameKind::Primary, &self.name)?],
            sex: Some(self.sex),
            births: vec![self.birth.parse()?],
            identifiers: vec![Identifier::new(IdentifierKind::ResidentId, &self.resident_id, Some("CN"))?],
            description: Description {
                nationality: text("中国"),
                features: text("生成的样本，并无其人"),
                ..Description::default()
            },
            offence: Offence { summary: text("样本"), ..Offence::default() },
        };
        Ok(notice.validated()?)
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): a few well-mixed draws from a number, the same on every machine.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        let position = self.below(u64::try_from(words.len()).unwrap_or(1));
        usize::try_from(position).ok().and_then(|n| words.get(n)).copied().unwrap_or_default()
    }
}

/// GB 11643-1999: weights 2^(i-1) mod 11 from the right, the check character being i = 1.
fn check_character(body: &str) -> char {
    let step = |(sum, weight): (u32, u32), digit: char| {
        let weight = weight * 2 % 11;
        (sum + digit.to_digit(10).unwrap_or(0) * weight, weight)
    };
    let (sum, _) = body.chars().rev().fold((0, 1), step);
    char::from_digit((12 - sum % 11) % 11, 10).unwrap_or('X')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn numbers_are_well_formed_different_and_nobodys() {
        let mut seen = BTreeSet::new();
        for n in (0..40_000).chain(Person::COUNT_MAX - 10..Person::COUNT_MAX) {
            let person = Person::generated(n);
            concord_matching::check_resident_id(person.resident_id()).unwrap();
            assert!(person.resident_id().starts_with("990000"));
            assert!(seen.insert(person.resident_id().to_owned()), "{n}");
        }
    }

    #[test]
    fn notices_are_valid_and_always_the_same() {
        let person = Person::generated(7);
        assert_eq!(person.notice().unwrap(), Person::generated(7).notice().unwrap());
        assert_eq!(person.notice_number(), "T-0000007");
        assert_eq!(format!("{person:?}"), "Person(7)");
    }
}
