//! A name, brought to the tokens that are compared.

use crate::han;
use any_ascii::any_ascii;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Tokens of a name at most. The longest name of the published lists has 19; what follows is left out, so that
/// the work on one name stays bounded.
pub(crate) const TOKENS_MAX: usize = 24;

/// Characters of a Chinese name at most that is still read as surname and given name: four is 欧阳 with a given
/// name of two, or a double surname; longer ones are transcriptions or titles.
const HAN_NAME_CHARS_MAX: usize = 4;

/// A name as it is compared.
pub(crate) struct Reading {
    /// Lower-case ASCII words.
    pub(crate) tokens: Vec<String>,
    /// The name in simplified characters, if it has no others.
    pub(crate) han: Option<String>,
    /// Whether any letter was not Latin: then equal tokens mean an equal sound.
    pub(crate) romanized: bool,
}

impl Reading {
    /// The tokens of `name`; none if it has no letter and no digit.
    pub(crate) fn of(name: &str) -> Self {
        let text: String = name.nfkc().filter(|c| !joins(*c)).collect();
        let letters = || text.chars().filter(|c| c.is_alphanumeric());
        let romanized = letters().any(|c| !is_latin(c));
        if letters().next().is_some() && letters().all(han::is_han) {
            return Self::of_han(&text);
        }
        let words = text.split(|c: char| !(c.is_alphanumeric() || is_combining_mark(c)));
        let tokens = words.flat_map(word_tokens).take(TOKENS_MAX).collect();
        Self { tokens, han: None, romanized }
    }

    fn of_han(text: &str) -> Self {
        let text = han::simplified(text);
        let han: String = text.chars().filter(|c| han::is_han(*c)).collect();
        let whole = han.chars().count() <= HAN_NAME_CHARS_MAX && !text.contains(is_name_dot);
        let tokens = if whole {
            han::read_name(&han)
        } else {
            let parts = text.split(|c| !han::is_han(c)).filter(|part| !part.is_empty());
            parts.take(TOKENS_MAX).map(han::sounds).collect()
        };
        Self { tokens, han: Some(han), romanized: true }
    }

    /// The tokens written together, as they stand and with the last one or the first one moved: surname and
    /// given name are split and ordered differently by everybody.
    pub(crate) fn joined(&self) -> Vec<String> {
        let count = self.tokens.len();
        let rotated =
            |by: usize| self.tokens.iter().cycle().skip(by).take(count).map(String::as_str).collect();
        let mut forms = vec![rotated(0)];
        if count > 1 {
            forms.push(rotated(1));
            forms.push(rotated(count - 1));
        }
        forms
    }
}

/// Marks that stand within a word: apostrophes, the letters ayn and hamza as transliterations write them, the
/// question mark that a lost ayn leaves behind, zero-width joiners.
fn joins(c: char) -> bool {
    matches!(c, '\'' | '`' | '´' | '’' | '‘' | 'ʼ' | 'ʻ' | 'ʿ' | 'ʾ' | '?' | '\u{200C}' | '\u{200D}')
}

/// The dots between the parts of a foreign name in Chinese.
fn is_name_dot(c: char) -> bool {
    matches!(c, '·' | '・' | '•' | '‧' | '．' | '.')
}

fn is_latin(c: char) -> bool {
    c.is_ascii() || matches!(c, '\u{C0}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}') || is_combining_mark(c)
}

/// The tokens of one word: each run of Chinese characters is one, so is each run of anything else.
fn word_tokens(word: &str) -> Vec<String> {
    let chars: Vec<char> = word.chars().collect();
    let runs = chars.chunk_by(|a, b| han::is_han(*a) == han::is_han(*b));
    let token = |run: &[char]| {
        let text: String = run.iter().collect();
        if run.first().is_some_and(|c| han::is_han(*c)) {
            return han::sounds(&han::simplified(&text));
        }
        let ascii = any_ascii(&text);
        let plain =
            ascii.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        without_umlaut_spelling(plain)
    };
    runs.map(token).filter(|token| !token.is_empty()).collect()
}

/// Passports write the syllables lü and nü as LYU and NYU, keyboards as lv and nv; the index has lu and nu.
fn without_umlaut_spelling(token: String) -> String {
    match token.as_str() {
        "lv" | "lyu" => "lu".to_owned(),
        "nv" | "nyu" => "nu".to_owned(),
        _ => token,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tokens(name: &str) -> String {
        Reading::of(name).tokens.join(" ")
    }

    #[test]
    fn names_become_plain_tokens() {
        for (name, expected) in [
            ("BIN LADIN, Usama", "bin ladin usama"),
            ("AL-'ATA, Baha' Abu", "al ata baha abu"),
            ("Mus?ab ʿAbd", "musab abd"),
            ("ZAMBADA<NIEBLA<<MODESTA<<<<", "zambada niebla modesta"),
            ("Đinh Xuân Thảo", "dinh xuan thao"),
            ("Владимир Путин", "vladimir putin"),
            ("ＭＡ　Ｘｉａｏｈｏｎｇ", "ma xiaohong"),
            ("張 三", "zhang san"),
            ("卡尔·马克思", "kaer makesi"),
            ("LYU Bu", "lu bu"),
            ("陶潜 (Tao Qian)", "taoqian tao qian"),
            ("---", ""),
        ] {
            assert_eq!(tokens(name), expected, "{name}");
        }
    }

    #[test]
    fn chinese_names_keep_their_characters() {
        assert_eq!(Reading::of("劉 禪").han.as_deref(), Some("刘禅"));
        assert!(Reading::of("刘禅").romanized && !Reading::of("Liu Shàn").romanized);
        assert!(Reading::of("Liu 禅").han.is_none());
    }

    #[test]
    fn joined_forms_cover_the_order_of_surname_and_given_name() {
        let read = Reading::of("Jianhao Wu").joined();
        assert!(read.contains(&"wujianhao".to_owned()) && read.contains(&"jianhaowu".to_owned()));
        assert!(Reading::of("").joined() == [""]);
    }

    proptest! {
        #[test]
        fn any_text_gives_few_short_ascii_or_unread_tokens(name in "\\PC{0,256}") {
            let tokens = Reading::of(&name).tokens;
            prop_assert!(tokens.len() <= TOKENS_MAX);
            prop_assert!(tokens.iter().all(|t| !t.is_empty() && !t.contains(char::is_whitespace)));
        }
    }
}
