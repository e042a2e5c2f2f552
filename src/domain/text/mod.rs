//! The rule for text that people type or paste: words, invitation codes, names, keys of campaigns and searches.
//!
//! Two texts are equal if their [`match_form`] is equal. The [`display_form`] is shown to people. Every endpoint uses
//! these two functions, so a text that is accepted by one endpoint is found by all others.
//!
//! Invisible characters are those with the Unicode property Default_Ignorable_Code_Point, those of the category Format
//! that are not prepended to a number as a visible sign, and a few that have an empty glyph by design. A joiner is kept
//! where it changes what is shown: between two emoji, and where RFC 5892 (appendix A) permits it in scripts that need
//! it. Tags are kept where they are part of an emoji: in the flag of a region (UTS #51, emoji tag sequence).
//!
//! Stored match forms are computed here and not by Postgres. A change of this rule increments [`RULE_VERSION`]; `newbee
//! migrate` then recomputes the stored forms.

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::props::{
    CanonicalCombiningClass, DefaultIgnorableCodePoint, ExtendedPictographic, GeneralCategory, JoiningType,
    PrependedConcatenationMark,
};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Version of the rule by which the match forms in the database were computed.
pub const RULE_VERSION: i32 = 2;

/// Maximum length of a text that is normalised, in bytes. It exceeds the limits of names, codes, words and keys.
const MAX_BYTES: usize = 4_096;

const ZERO_WIDTH_NON_JOINER: char = '\u{200c}';
const ZERO_WIDTH_JOINER: char = '\u{200d}';
const BLACK_FLAG: char = '\u{1f3f4}';
const CANCEL_TAG: char = '\u{e007f}';
/// Number of tags that spell a region: two letters of a country and one to four letters or digits of its subdivision.
const REGION_TAGS: std::ops::RangeInclusive<usize> = 3..=6;

/// Returns the form in which texts are compared: compatibility characters resolved (NFKC), invisible characters and
/// outer white space removed, case folded. Empty if nothing visible is left, and for a text of more than 4,096 bytes.
///
/// Case is ignored beyond Unicode folding: a Turkish dotted or dotless I is an I, and Greek accents, which capitals do
/// not have, are ignored.
pub fn match_form(text: &str) -> String {
    if text.len() > MAX_BYTES {
        return String::new();
    }
    let decomposing = DecomposingNormalizerBorrowed::new_nfkd();
    let composing = ComposingNormalizerBorrowed::new_nfkc();
    let visible = without_invisible(text.chars(), Keep::Joiners);
    let folded = CaseMapper::new()
        .fold_string(&decomposing.normalize(&visible))
        .into_owned();
    // Folding can denormalise a text.
    let plain: String = without_marks_of_case(decomposing.normalize(&folded).chars());
    let composed = composing.normalize(&plain);
    // Resolving a compatibility character may leave a joiner without the neighbours that need it.
    without_invisible(composed.chars(), Keep::Joiners).trim().to_owned()
}

/// Returns the form that is stored for display: as given, but composed (NFC), without outer white space, and without
/// characters that are invisible in their position. Variation selectors are kept where they select a glyph.
pub fn display_form(text: &str) -> String {
    if text.len() > MAX_BYTES {
        // Beyond every limit, and rejected later for its length.
        return text.to_owned();
    }
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(text);
    without_invisible(composed.chars(), Keep::JoinersAndSelectors)
        .trim()
        .to_owned()
}

/// Returns true if nothing of a text is visible.
pub fn is_blank(text: &str) -> bool {
    !text
        .chars()
        .any(|character| !character.is_whitespace() && !character.is_control() && !is_invisible(character))
}

/// Removes the byte order mark that some editors write at the beginning of a file.
pub fn without_byte_order_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Invisible characters that are kept where they have an effect.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Joiners,
    JoinersAndSelectors,
}

fn is_invisible(character: char) -> bool {
    let is_format = || {
        CodePointMapData::<GeneralCategory>::new().get(character) == GeneralCategory::Format
            && !CodePointSetData::new::<PrependedConcatenationMark>().contains(character)
    };
    // Blank by design, although letters or symbols by category: an empty braille cell, an empty note head, the Khitan
    // filler.
    !character.is_ascii()
        && (matches!(character, '\u{2800}' | '\u{1d159}' | '\u{16fe4}')
            || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
            || is_format())
}

fn is_joiner(character: char) -> bool {
    matches!(character, ZERO_WIDTH_JOINER | ZERO_WIDTH_NON_JOINER)
}

fn is_variation_selector(character: char) -> bool {
    matches!(character, '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

fn is_tag(character: char) -> bool {
    matches!(character, '\u{e0020}'..='\u{e007f}')
}

/// Returns the tags at the beginning of a text that turn the preceding black flag into the flag of a region, including
/// the terminating tag; empty if they do not.
fn region_tags(text: impl Iterator<Item = char>) -> Vec<char> {
    // Lowercase letters and digits.
    let spells = |tag: &char| matches!(tag, '\u{e0030}'..='\u{e0039}' | '\u{e0061}'..='\u{e007a}');
    let mut tags = Vec::new();
    for tag in text.take(REGION_TAGS.end() + 1) {
        tags.push(tag);
        if tag == CANCEL_TAG && REGION_TAGS.contains(&(tags.len() - 1)) {
            return tags;
        }
        if !spells(&tag) {
            break;
        }
    }
    Vec::new()
}

fn without_invisible(text: impl Iterator<Item = char> + Clone, keep: Keep) -> String {
    let mut kept: Vec<char> = Vec::new();
    let mut rest = text;
    while let Some(character) = rest.next() {
        let stays = if !is_invisible(character) {
            true
        } else if is_joiner(character) {
            let next = rest.clone().filter(|next| !is_invisible(*next));
            joins(character, &kept, next)
        } else {
            keep == Keep::JoinersAndSelectors && selects(character, &kept)
        };
        if stays {
            kept.push(character);
        }
        if character == BLACK_FLAG {
            let tags = region_tags(rest.clone());
            rest.by_ref().take(tags.len()).for_each(drop);
            kept.extend(tags);
        }
    }
    kept.into_iter().collect()
}

/// Returns true if a joiner changes the display, given the characters kept before it and the visible characters after
/// it.
fn joins(joiner: char, before: &[char], mut after: impl Iterator<Item = char> + Clone) -> bool {
    let joining_type = |character: &char| CodePointMapData::<JoiningType>::new().get(*character);
    let is_transparent = |character: &char| joining_type(character) == JoiningType::Transparent;
    let (Some(&last), Some(next)) = (before.last(), after.clone().next()) else {
        return false;
    };
    // In conjuncts of Indic scripts.
    if CodePointMapData::<CanonicalCombiningClass>::new().get(last) == CanonicalCombiningClass::Virama {
        return next.is_alphabetic();
    }
    if joiner == ZERO_WIDTH_JOINER {
        let is_pictograph = |character: char| CodePointSetData::new::<ExtendedPictographic>().contains(character);
        let is_modifier = |character: &char| {
            is_variation_selector(*character) || is_tag(*character) || matches!(character, '\u{1f3fb}'..='\u{1f3ff}')
        };
        let base = before.iter().rev().find(|character| !is_modifier(character));
        return base.is_some_and(|base| is_pictograph(*base)) && is_pictograph(next);
    }
    // Between letters that would be joined: Persian, Urdu and others.
    let left = before.iter().rev().find(|character| !is_transparent(character));
    let right = after.find(|character| !is_transparent(character));
    let joins_on = |side: Option<JoiningType>, one_sided: JoiningType| {
        side.is_some_and(|side| side == JoiningType::DualJoining || side == one_sided)
    };
    joins_on(left.map(joining_type), JoiningType::LeftJoining)
        && joins_on(right.as_ref().map(joining_type), JoiningType::RightJoining)
}

/// Returns true if a variation selector selects the glyph of the character kept before it.
fn selects(character: char, before: &[char]) -> bool {
    let is_base = |last: &char| !last.is_whitespace() && !is_variation_selector(*last) && !is_joiner(*last);
    is_variation_selector(character) && before.last().is_some_and(is_base)
}

/// Removes the marks of a decomposed and folded text that exist in only one of the two cases.
fn without_marks_of_case(text: impl Iterator<Item = char>) -> String {
    let mut base = ' ';
    text.filter_map(|character| {
        let character = if character == 'ı' { 'i' } else { character };
        let combining = CodePointMapData::<CanonicalCombiningClass>::new().get(character);
        if combining == CanonicalCombiningClass::NotReordered {
            base = character;
        }
        let is_dropped = match character {
            '\u{307}' => base == 'i',
            '\u{300}' | '\u{301}' | '\u{313}' | '\u{314}' | '\u{342}' => matches!(base, '\u{370}'..='\u{3ff}'),
            _ => false,
        };
        (!is_dropped).then_some(character)
    })
    .collect()
}

#[cfg(test)]
mod tests;
