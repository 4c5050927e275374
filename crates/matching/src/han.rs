//! Chinese characters: simplified, and read in pinyin.

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;
use pinyin::ToPinyin;
use std::sync::LazyLock;

#[allow(clippy::expect_used, reason = "the dictionary is compiled into the crate; a test loads it")]
static TO_SIMPLIFIED: LazyLock<OpenCC> =
    LazyLock::new(|| OpenCC::from_config(BuiltinConfig::T2s).expect("embedded dictionary"));

/// Surnames of two characters, with their reading: the common ones of 百家姓, and those whose reading as a
/// surname differs from the reading of their characters.
const COMPOUND_SURNAMES: &[(&str, &str)] = &[
    ("欧阳", "ouyang"),
    ("司马", "sima"),
    ("诸葛", "zhuge"),
    ("上官", "shangguan"),
    ("夏侯", "xiahou"),
    ("尉迟", "yuchi"),
    ("皇甫", "huangfu"),
    ("公孙", "gongsun"),
    ("慕容", "murong"),
    ("令狐", "linghu"),
    ("宇文", "yuwen"),
    ("长孙", "zhangsun"),
    ("司徒", "situ"),
    ("司空", "sikong"),
    ("东方", "dongfang"),
    ("独孤", "dugu"),
    ("南宫", "nangong"),
    ("西门", "ximen"),
    ("闻人", "wenren"),
    ("轩辕", "xuanyuan"),
    ("拓跋", "tuoba"),
    ("呼延", "huyan"),
    ("端木", "duanmu"),
    ("澹台", "tantai"),
    ("申屠", "shentu"),
    ("太史", "taishi"),
    ("钟离", "zhongli"),
    ("鲜于", "xianyu"),
    ("万俟", "moqi"),
    ("赫连", "helian"),
    ("东郭", "dongguo"),
    ("百里", "baili"),
    ("淳于", "chunyu"),
    ("濮阳", "puyang"),
];

/// Characters whose reading as a surname differs from their usual one.
const SURNAME_READINGS: &[(char, &str)] = &[
    ('单', "shan"),
    ('仇', "qiu"),
    ('曾', "zeng"),
    ('解', "xie"),
    ('任', "ren"),
    ('华', "hua"),
    ('区', "ou"),
    ('查', "zha"),
    ('朴', "piao"),
    ('盖', "ge"),
    ('覃', "qin"),
    ('尹', "yin"),
    ('洗', "xian"),
    ('冼', "xian"),
    ('员', "yun"),
    ('秘', "bi"),
    ('重', "chong"),
    ('种', "chong"),
    ('繁', "po"),
    ('乐', "yue"),
    ('折', "she"),
    ('缪', "miao"),
    ('葛', "ge"),
    ('那', "na"),
    ('翟', "zhai"),
    ('谌', "chen"),
    ('召', "shao"),
    ('祭', "zhai"),
    ('逄', "pang"),
    ('佴', "nai"),
    ('牟', "mu"),
    ('訾', "zi"),
    ('句', "gou"),
    ('要', "yao"),
    ('哈', "ha"),
    ('都', "du"),
    ('盛', "sheng"),
    ('费', "fei"),
    ('薄', "bo"),
    ('卜', "bu"),
    ('褚', "chu"),
    ('晁', "chao"),
    ('车', "che"),
    ('柏', "bai"),
    ('宁', "ning"),
    ('石', "shi"),
    ('贾', "jia"),
    ('沈', "shen"),
    ('俞', "yu"),
    ('郇', "xun"),
    ('阚', "kan"),
    ('宿', "su"),
    ('燕', "yan"),
    ('应', "ying"),
    ('隗', "wei"),
    ('郗', "xi"),
    ('乜', "nie"),
    ('撒', "sa"),
    ('曲', "qu"),
    ('过', "guo"),
    ('黑', "he"),
];

/// Characters whose reading in given names differs from the one that the dictionary puts first.
const GIVEN_NAME_READINGS: &[(char, &str)] =
    &[('长', "chang"), ('行', "xing"), ('重', "chong"), ('乐', "le")];

/// Whether a character is a Chinese ideograph: the unified blocks A and URO, compatibility forms being folded
/// before, and the supplementary planes where rare name characters live.
pub(crate) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{20000}'..='\u{3FFFF}' | '〇')
}

/// In simplified characters.
pub(crate) fn simplified(text: &str) -> String {
    TO_SIMPLIFIED.convert(text)
}

/// A person's name in simplified characters, read as surname and given name.
pub(crate) fn read_name(name: &str) -> Vec<String> {
    let (surname, given) = split_surname(name);
    let given = given.chars().map(|c| listed(c, GIVEN_NAME_READINGS)).collect();
    [surname, given].into_iter().filter(|token| !token.is_empty()).collect()
}

fn split_surname(name: &str) -> (String, &str) {
    for (compound, reading) in COMPOUND_SURNAMES {
        if let Some(given) = name.strip_prefix(compound).filter(|given| !given.is_empty()) {
            return ((*reading).to_owned(), given);
        }
    }
    let mut chars = name.chars();
    let Some(first) = chars.next() else { return (String::new(), name) };
    (listed(first, SURNAME_READINGS), chars.as_str())
}

/// The reading in a table, else the usual one.
fn listed(c: char, table: &[(char, &str)]) -> String {
    let reading = table.iter().find(|(listed, _)| *listed == c);
    reading.map_or_else(|| sound(c), |(_, reading)| (*reading).to_owned())
}

/// Characters read one by one and joined, as in a transcribed foreign name.
pub(crate) fn sounds(text: &str) -> String {
    text.chars().map(sound).collect()
}

/// One syllable in plain letters, ü as u; a character without a reading stands for itself.
fn sound(c: char) -> String {
    c.to_pinyin().map_or_else(|| c.to_string(), |syllable| syllable.plain().replace(['ü', 'v'], "u"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surnames_have_their_own_readings() {
        for (name, tokens) in [
            ("单田芳", ["shan", "tianfang"]),
            ("仇和", ["qiu", "he"]),
            ("曾国藩", ["zeng", "guofan"]),
            ("解晓东", ["xie", "xiaodong"]),
            ("任长霞", ["ren", "changxia"]),
            ("华罗庚", ["hua", "luogeng"]),
            ("区振刚", ["ou", "zhengang"]),
            ("查良镛", ["zha", "liangyong"]),
            ("朴树", ["piao", "shu"]),
            ("尉迟恭", ["yuchi", "gong"]),
            ("吕布", ["lu", "bu"]),
        ] {
            assert_eq!(read_name(name), tokens, "{name}");
        }
        assert_eq!(read_name("欧阳"), ["ou", "yang"], "a compound surname alone is a name of two characters");
    }

    #[test]
    fn traditional_characters_become_simplified() {
        assert_eq!(simplified("劉禪"), "刘禅");
        assert_eq!(simplified("貝聿銘"), "贝聿铭");
    }
}
