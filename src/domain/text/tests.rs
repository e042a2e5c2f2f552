use super::*;

const ENGLAND: &str = "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}";
const SCOTLAND: &str = "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}";

/// Equivalent texts, and their common match form.
#[test]
fn equivalent_spellings_have_one_form() {
    for (form, spellings) in [
        (
            "moon",
            &[
                "moon",
                "  Moon ",
                "ＭＯＯＮ",
                "mo\u{ad}on",
                "\u{feff}moon",
                "moon\u{200b}\u{200b}",
                "\u{202e}moon\u{202c}",
            ][..],
        ),
        (
            "moon",
            &[
                "moon\u{200d}",
                "m\u{200c}oon",
                "moon\r\n",
                "\t\u{3000}moon\u{a0}\u{200e}",
                "mo\u{e0041}on",
                "moon\u{2060}",
            ],
        ),
        (
            "口令",
            &[
                "口令",
                "\u{3000}口令\u{3000}",
                "口\u{3164}令",
                "口\u{fe0f}令",
                "口\u{e0100}令",
                "\u{2067}口令\u{2069}",
                "口令\u{2800}",
            ],
        ),
        ("❤", &["❤", "❤️", "❤︎"]),
        ("1⃣", &["1️⃣", "1⃣"]),
        (
            "👨\u{200d}👩\u{200d}👧",
            &[
                "👨‍👩‍👧",
                "👨\u{200d}\u{200d}👩\u{200b}\u{200d}👧\u{200d}",
                "👨\u{fe0f}\u{200d}👩\u{200d}👧",
            ],
        ),
        ("❤\u{200d}🔥", &["❤️‍🔥", "❤\u{200d}🔥"]),
        ("👩🏽\u{200d}🚀", &["👩🏽‍🚀"]),
        (
            ENGLAND,
            &[
                ENGLAND,
                "\u{200b}🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}\u{e0067}",
            ],
        ),
        (
            "🏴",
            &[
                "🏴",
                "🏴\u{fe0f}",
                // Not regions: unterminated, too short, too long, in capitals.
                "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}",
                "🏴\u{e0067}\u{e0062}\u{e007f}",
                "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e0067}\u{e0067}\u{e007f}",
                "🏴\u{e0047}\u{e0042}\u{e0045}\u{e004e}\u{e0047}\u{e007f}",
                "🏴\u{200b}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            ],
        ),
        ("🏁", &["🏁\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}"]),
        ("strasse", &["Straße", "STRASSE", "STRAẞE", "straſſe"]),
        ("ipek", &["İpek", "ipek", "IPEK", "İPEK", "ıpek", "I\u{307}pek"]),
        (
            "γιωργοσ",
            &["ΓΙΩΡΓΟΣ", "Γιώργος", "γιώργοσ", "ΓΙΏΡΓΟΣ", "Γιω\u{301}ργος"],
        ),
        ("한국", &["한국", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}"]),
        ("é", &["é", "e\u{301}", "É", "e\u{200b}\u{301}", "e\u{34f}\u{301}"]),
        ("fin1", &["ﬁn①"]),
        (
            "می\u{200c}خواهم",
            &["می‌خواهم", "می\u{200c}\u{200c}خواهم\u{200c}", "می\u{200c}\u{200b}خواهم"],
        ),
        ("ක්\u{200d}ෂ", &["ක්‍ෂ", "ක්\u{200d}ෂ\u{200d}"]),
        (
            "",
            &[
                "",
                "  ",
                "\u{3164}",
                "\u{200b}\u{200d}",
                "\u{2800} \u{115f}",
                "\u{ffa0}",
                "\u{fe0f}",
                "\u{e0061}\u{180e}",
                "\u{61c}",
            ],
        ),
    ] {
        for spelling in spellings {
            assert_eq!(
                match_form(spelling),
                form,
                "{:?}",
                spelling.escape_unicode().to_string()
            );
        }
    }
}

#[test]
fn flags_of_regions_are_different_texts() {
    let forms = [ENGLAND, SCOTLAND, "🏴", "🏴\u{200d}☠"].map(match_form);
    for (place, form) in forms.iter().enumerate() {
        assert!(!forms[place + 1..].contains(form), "{form:?}");
    }
    assert_eq!(match_form(&format!("{ENGLAND}\u{200d}")), ENGLAND);
    assert_eq!(display_form(&format!(" {SCOTLAND}\u{e0067}")), SCOTLAND);
}

#[test]
fn visible_joiners_make_a_different_text() {
    for (joined, apart) in [("👨‍👩‍👧", "👨👩👧"), ("می‌خواهم", "میخواهم"), ("ක්‍ෂ", "ක්ෂ")]
    {
        assert_ne!(match_form(joined), match_form(apart));
    }
}

/// The form of a form is itself: stored forms are found by displayed texts.
#[test]
fn forms_are_idempotent() {
    let texts = [
        "İpek",
        "Γιώργος",
        "ᾳ̈ͅ",
        "ŉǰΐΰ",
        "ﷺ",
        "👨‍👩‍👧",
        "ℹ\u{200d}™",
        "ẞßſ",
        "ǅ",
        "Ω",
        "\u{1e9b}\u{323}",
        "한국",
        "①Ⅷ㎏",
        "می‌خواهم",
        ENGLAND,
        "🏴\u{e0067}🏴",
    ];
    for text in texts {
        let form = match_form(text);
        assert_eq!(match_form(&form), form, "{text}");
        assert_eq!(match_form(&display_form(text)), form, "{text}");
    }
}

#[test]
fn the_display_form_keeps_case_and_glyphs_and_removes_invisible_characters() {
    for (given, shown) in [
        (" Ann ", "Ann"),
        ("Straße", "Straße"),
        ("ＡＮＮ", "ＡＮＮ"),
        ("Ann ❤️", "Ann ❤️"),
        ("👨‍👩‍👧", "👨‍👩‍👧"),
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"),
        ("葛\u{e0100}", "葛\u{e0100}"),
        ("e\u{301}", "é"),
        ("Ann\u{202e}nna\u{202c}", "Annnna"),
        ("A\u{200b}nn\u{feff}", "Ann"),
        ("A\u{e0041}\u{e0042}nn", "Ann"),
        ("A\u{fe0f}\u{fe0f}\u{fe0f}nn", "A\u{fe0f}nn"),
        ("\u{fe0f}\u{3164}", ""),
    ] {
        assert_eq!(display_form(given), shown);
    }
}

#[test]
fn long_texts_are_not_normalised() {
    assert_eq!(match_form(&"x".repeat(4_096)).len(), 4_096);
    assert_eq!(match_form(&"x".repeat(4_097)), "");
    assert_eq!(display_form(&"x".repeat(4_097)).len(), 4_097);
}

#[test]
fn blank_texts_have_nothing_visible() {
    for text in ["", " \t", "\u{3164}", "\u{200b}\u{2800}", "\0"] {
        assert!(is_blank(text));
    }
    for text in ["a", "口", "👍", "é", "\u{3164}a"] {
        assert!(!is_blank(text));
    }
}
