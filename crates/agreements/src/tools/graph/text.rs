//! Names and titles as the three languages want them written. Others wrote them, so that none may break out of its
//! place: quotes, markup and control characters are all that could.

/// One line: white space and control characters become single spaces.
pub(super) fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Within a quoted string of DOT. Backslashes begin escapes there, such as `\N`.
pub(super) fn dot(text: &str) -> String {
    one_line(text).replace('\\', "\\\\").replace('"', "\\\"")
}

/// Within a quoted label of Mermaid, which knows entities by number; a backtick would begin Markdown.
pub(super) fn mermaid(text: &str) -> String {
    one_line(text).chars().fold(String::new(), |written, c| match c {
        '#' | '"' | '<' | '>' | '&' | '`' | '\\' => written + &format!("#{};", u32::from(c)),
        c => {
            let mut written = written;
            written.push(c);
            written
        }
    })
}

/// As content or attribute of XML 1.0, which has no place for U+FFFE and U+FFFF (2.2).
pub(super) fn xml(text: &str) -> String {
    let allowed = one_line(text).replace(['\u{FFFE}', '\u{FFFF}'], "\u{FFFD}");
    allowed.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Cut to `limit` columns with an ellipsis; Chinese takes two for each character.
pub(super) fn cut(text: &str, limit: usize) -> String {
    let line = one_line(text);
    if width(&line) <= limit {
        return line;
    }
    let mut left = limit.saturating_sub(1);
    let fits = |c: &char| {
        let fits = columns(*c) <= left;
        left = left.saturating_sub(columns(*c));
        fits
    };
    line.chars().take_while(fits).chain(['…']).collect()
}

/// Columns that a line takes.
pub(super) fn width(line: &str) -> usize {
    line.chars().map(columns).sum()
}

/// From U+1100 on stand the wide scripts of East Asia; the few narrow ones among them get too much room.
fn columns(c: char) -> usize {
    if c < '\u{1100}' || ('\u{2000}'..'\u{2E80}').contains(&c) { 1 } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\"]; b --> \\N <script>&#`\n\u{7}x";

    #[test]
    fn nothing_breaks_out_of_its_place() {
        assert_eq!(dot(HOSTILE), "a\\\"]; b --> \\\\N <script>&#` x");
        assert_eq!(mermaid(HOSTILE), "a#34;]; b --#62; #92;N #60;script#62;#38;#35;#96; x");
        assert_eq!(xml(HOSTILE), "a&quot;]; b --&gt; \\N &lt;script&gt;&amp;#` x");
        assert_eq!(xml("\u{FFFF}"), "\u{FFFD}");
    }

    #[test]
    fn cut_by_columns() {
        assert_eq!(cut("西北五省区", 10), "西北五省区");
        assert_eq!(cut("西北五省区", 9), "西北五省…");
        assert_eq!(cut("西北五省区", 8), "西北五…");
        assert_eq!(cut("north-west", 5), "nort…");
    }
}
